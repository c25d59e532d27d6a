"""What arrays from outside must look like, and the one form that they are brought into."""

import numpy as np

_CHANNELS = (1, 2, 3, 4)


def canonical_examples(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The arrays of a set's splits as vectors [N, D], images [N, H, W, C] or grids, uint8 or float32.

    Integers (and booleans) become uint8. Floats that are all 0 or 1 become uint8 too, as do the
    whole numbers 0..255 of an image or a grid; others must lie in [0, 1], and other vectors stay as
    they are.

    Args:
        arrays: by the name that errors call them; [N, D], [N, H, W], [N, H, W, C] or [N, D, H, W, 1],
            with one shape and kind of example.

    Raises:
        ValueError: for a wrong rank, shape or dtype, no examples, NaN or infinite values, or
            values out of range.
    """
    arrays = {name: _with_channel(name, np.asarray(array)) for name, array in arrays.items()}
    shapes = {name: array.shape[1:] for name, array in arrays.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"splits need examples of one shape, got {shapes}: make them alike")
    for name, array in arrays.items():
        _check_numbers(name, array)
    if all(array.dtype.kind in "bui" for array in arrays.values()):
        return {name: _to_bytes(name, array) for name, array in arrays.items()}
    return _canonical_floats(arrays)


def levels(arrays: list[np.ndarray]) -> tuple[float | None, int | None]:
    """What the values of canonical arrays mean: (the value that stands for 1, number of levels).

    (1, 2) for zeros and ones, (255, 2) for 0 and 255 alone, (255, 256) for other bytes; for floats
    (1, None) for images and grids and (None, None) for vectors.
    """
    if arrays[0].dtype != np.uint8:
        return (1.0 if arrays[0].ndim > 2 else None), None
    if all((array <= 1).all() for array in arrays):
        return 1.0, 2
    if all(((array == 0) | (array == 255)).all() for array in arrays):
        return 255.0, 2
    return 255.0, 256


def check_labels(name: str, labels: np.ndarray, num_examples: int) -> np.ndarray:
    """Labels as int32 [N].

    Args:
        name: what errors call them.
        labels: [N], [N, 1] or [1, N] whole numbers, 0 and up.
        num_examples: N, at least 1.

    Raises:
        ValueError: for another shape, or labels that are no classes.
    """
    labels = np.asarray(labels)
    if labels.ndim == 2 and 1 in labels.shape:
        labels = labels.reshape(-1)
    if labels.shape != (num_examples,):
        raise ValueError(
            f"{name} needs one label for each of {num_examples} examples, got shape {labels.shape}"
        )
    if labels.dtype.kind not in "buif" or not _whole(labels):
        raise ValueError(
            f"{name} needs whole numbers 0, 1, 2, ... as classes, got {labels.dtype} {labels[:3]}..."
        )
    if labels.min() < 0 or labels.max() >= 2**31:
        raise ValueError(
            f"{name}: labels out of range: {labels.min()}..{labels.max()}: "
            "number the classes 0, 1, 2, ..."
        )
    return labels.astype(np.int32)


def check_classes(labels: dict[str, np.ndarray], num_classes: int | None = None) -> int:
    """Number of classes, once the labels of all the splits are known to lie in 0..num_classes-1.

    Args:
        labels: int32 [N] of each split, by the name that errors call it.
        num_classes: as the set declares it; None goes by the largest label of the first split.

    Raises:
        ValueError: for labels below 0 or not below the number of classes.
    """
    first = next(iter(labels.values()))
    if num_classes is None:
        num_classes = int(first.max()) + 1
        if num_classes > max(2, len(first)):  # not classes: years, identifiers, real targets
            raise ValueError(
                f"labels out of range: {num_classes - 1} for {len(first)} examples: "
                "number the classes 0, 1, 2, ..."
            )
    for name, each in labels.items():
        if len(each) and (each.min() < 0 or each.max() >= num_classes):
            raise ValueError(
                f"{name}: labels out of range: {int(each.min())}..{int(each.max())} where "
                f"0..{num_classes - 1} was expected: number the classes 0, 1, 2, ..."
            )
    return num_classes


def _with_channel(name, array):
    if array.ndim not in (2, 3, 4) and not (array.ndim == 5 and array.shape[-1] == 1):
        raise ValueError(
            f"{name} has shape {array.shape}: expected vectors [N, D], images [N, H, W] or "
            "[N, H, W, C], or voxels [N, D, H, W, 1]"
        )
    if array.ndim == 4 and array.shape[3] not in _CHANNELS:
        raise ValueError(
            f"{name} has shape {array.shape}: expected images [N, H, W, C] with 1 to 4 channels "
            "last; transpose it"
        )
    if array.size == 0:
        raise ValueError(f"{name} is empty (shape {array.shape}): pass at least one example")
    return array[..., None] if array.ndim == 3 else array


def _check_numbers(name, array):
    if array.dtype.kind not in "buif":
        raise ValueError(
            f"{name} has dtype {array.dtype}: expected integers 0..255, booleans or floats"
        )
    if array.dtype.kind == "f":
        bad = ~np.isfinite(array)
        if bad.any():
            first = tuple(int(index) for index in np.argwhere(bad)[0])
            raise ValueError(
                f"{name} holds {int(bad.sum())} NaN or infinite values, the first at {first}: "
                "remove or mend those examples"
            )


def _to_bytes(name, array):
    low, high = array.min(), array.max()
    if low < 0 or high > 255:
        raise ValueError(
            f"{name} has {array.dtype} values {low}..{high}: integers must lie in 0..255; "
            "pass floats for anything else"
        )
    return array.astype(np.uint8)


def _canonical_floats(arrays):
    if all(((array == 0) | (array == 1)).all() for array in arrays.values()):
        return {name: array.astype(np.uint8) for name, array in arrays.items()}
    if next(iter(arrays.values())).ndim > 2:
        low = min(array.min() for array in arrays.values())
        high = max(array.max() for array in arrays.values())
        if 0 <= low and 1 < high <= 255 and all(_whole(array) for array in arrays.values()):
            return {name: array.astype(np.uint8) for name, array in arrays.items()}
        if low < 0 or high > 1:
            raise ValueError(
                f"images {', '.join(arrays)} have float values {low:g}..{high:g}: expected [0, 1] "
                "or whole numbers 0..255; rescale them"
            )
    with np.errstate(over="ignore"):
        arrays = {name: array.astype(np.float32) for name, array in arrays.items()}
    for name, array in arrays.items():
        _check_numbers(name, array)  # a float64 beyond float32 is infinite by now
    return arrays


def _whole(array):
    return (array == np.floor(array)).all()
