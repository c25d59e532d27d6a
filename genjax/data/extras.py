"""What a `file:` may hold beside its examples: pairs, other domains, captions, attributes, points."""

from collections.abc import Mapping

import numpy as np

from genjax.data import captions, checks

PICTURES = ("target", "unpaired")
EXTRAS = (*PICTURES, "text", "attributes", "keypoints")


def find_extras(path: str, arrays: Mapping[str, np.ndarray], keys: dict[str, str]):
    """`{entry: {split: key}}` of the extras in a file, given the keys of its examples by split.

    Raises:
        ValueError: where an extra is there for some of the splits only.
    """
    single = "x_train" not in keys.values()
    found = {}
    for entry in EXTRAS:
        name = (lambda split: entry) if single else (lambda split: f"{entry}_{split}")
        wanted = {split: name(split) for split in keys}
        have = {split: key for split, key in wanted.items() if key in arrays}
        if set(have.values()) & set(keys.values()):  # it is the example itself
            continue
        missing = [key for split, key in wanted.items() if split not in have]
        if have and missing:
            raise ValueError(
                f"{path} has {entry} for some splits only: add {', '.join(missing)} or remove all "
                f"{entry}_*"
            )
        if have:
            found[entry] = have
    return found


def canonical_extra(
    entry: str, arrays: dict[str, np.ndarray], examples: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The arrays of one extra, by the name that errors call them, in the form that batches hold.

    Args:
        entry: one of `EXTRAS`.
        arrays: `target` as the examples are; `unpaired` too, of any number; `text` [N, T] integers
            0..127, or captions [N] as bytes or unicode; `attributes` [N, A] of 0 and 1; `keypoints`
            [N, K, 2] in [0, 1].
        examples: the canonical examples that they go with, by the same names.

    Returns:
        The arrays: pictures as `checks.canonical_examples` has them, text int32 [N, T], the others
        float32.

    Raises:
        ValueError: for a wrong shape, number, type or range.
    """
    arrays = {name: np.asarray(array) for name, array in arrays.items()}
    for name, array in arrays.items():
        num = len(examples[name])
        if entry != "unpaired" and (array.ndim == 0 or len(array) != num):
            raise ValueError(
                f"{name} needs one row for each of {num} examples, got shape {array.shape}"
            )
    if entry in PICTURES:
        return _canonical_pictures(arrays, next(iter(examples.values())).ndim)
    if entry == "text":
        return _canonical_texts(arrays)
    check = _check_attributes if entry == "attributes" else _check_keypoints
    arrays = {name: check(name, array) for name, array in arrays.items()}
    _check_alike(arrays)
    return arrays


def cycled(num: int, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of a split that pairs two domains by no rule: (rows of the first, of the second).

    The split is as long as the longer domain, and the shorter one starts again at its end. The second
    is shuffled, once, so that a row says nothing of its partner, even where the two are parallel.

    Args:
        num: examples of the first domain.
        others: rows of the second.
    """
    # Another stream than the splits': parallel domains must not be cut and shuffled alike.
    others = others[np.random.RandomState(1).permutation(len(others))]
    length = np.arange(max(num, len(others)))
    return length % num, others[length % len(others)]


def _canonical_pictures(arrays, rank):
    arrays = checks.canonical_examples(arrays)
    for name, array in arrays.items():
        if array.ndim != rank:
            kinds = {2: "vectors", 4: "images", 5: "voxels"}
            raise ValueError(
                f"{name} holds {kinds[array.ndim]} and x holds {kinds[rank]}: they need one kind"
            )
    return arrays


def _canonical_texts(arrays):
    kinds = {array.dtype.kind for array in arrays.values()}
    if kinds <= {"S", "U"} and all(array.ndim == 1 for array in arrays.values()):
        lines = {name: [_line(name, each) for each in array] for name, array in arrays.items()}
        length = max(1, *(len(line) for each in lines.values() for line in each))
        return {
            name: np.stack([captions.caption_to_text(line, length) for line in each])
            for name, each in lines.items()
        }
    for name, array in arrays.items():
        if array.dtype.kind not in "iu" or array.ndim != 2:
            raise ValueError(
                f"{name} has {array.dtype} of shape {array.shape}: expected captions [N] as strings, "
                "or ASCII codes [N, T] as integers"
            )
        low, high = array.min(initial=0), array.max(initial=0)
        if low < 0 or high >= captions.NUM_SYMBOLS:
            raise ValueError(f"{name} has codes {low}..{high}: ASCII codes lie in 0..127")
    _check_alike(arrays)
    return {name: array.astype(np.int32) for name, array in arrays.items()}


def _line(name, caption):
    try:
        text = caption.decode("utf-8") if isinstance(caption, bytes) else str(caption)
        return captions.plain_ascii(text.rstrip())  # MATLAB pads with blanks
    except ValueError as error:  # a UnicodeDecodeError is one
        raise ValueError(f"{name}: {error}") from error


def _check_attributes(name, array):
    if array.ndim != 2 or array.dtype.kind not in "buif":
        raise ValueError(
            f"{name} has {array.dtype} of shape {array.shape}: expected numbers 0 and 1, [N, A]"
        )
    if not ((array == 0) | (array == 1)).all():
        raise ValueError(
            f"{name} holds other values than 0 and 1, such as {array[(array != 0) & (array != 1)][0]}: "
            "map them to 0 and 1"
        )
    return array.astype(np.float32)


def _check_keypoints(name, array):
    if array.ndim != 3 or array.shape[2] != 2 or array.dtype.kind not in "buif":
        raise ValueError(
            f"{name} has {array.dtype} of shape {array.shape}: expected (x, y) of points, [N, K, 2]"
        )
    if not ((array >= 0) & (array <= 1)).all():  # NaN fails too
        raise ValueError(
            f"{name} has values {array.min():g}..{array.max():g}: divide (x, y) by the image's width "
            "and height, so that they lie in [0, 1]"
        )
    return array.astype(np.float32)


def _check_alike(arrays):
    shapes = {name: array.shape[1:] for name, array in arrays.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"splits need rows of one shape, got {shapes}: make them alike")
