"""`load`: from a name to a data set with its transforms."""

import functools

from genjax.data import images, transforms
from genjax.data.dataset import Dataset, Splits
from genjax.data.digit_negatives import digit_negatives
from genjax.data.digits import digits
from genjax.data.face_sets import face_set
from genjax.data.files import file_set, read_arrays
from genjax.data.folder_pairs import folder_or_pairs
from genjax.data.line import line_set
from genjax.data.melodies import melody_set
from genjax.data.pictures import picture_patches
from genjax.data.progressions import progression_set
from genjax.data.rings import MIXTURES, ring_set
from genjax.data.scans import scan_set
from genjax.data.scenes import scene_set
from genjax.data.sequences import chorale_set
from genjax.data.showers import shower_set
from genjax.data.sprite_sets import colour_world_set, outline_set, sprite_set
from genjax.data.stacked_digits import stacked_digits
from genjax.data.swiss_roll import swiss_roll_set
from genjax.data.tfds import tfds_set
from genjax.data.translation import toy_translation_set
from genjax.data.voxels import voxel_set

BINARIZATIONS = ("none", "threshold", "static", "dynamic")
_DRAWN = {
    "sprites": sprite_set,
    "outlines": outline_set,
    "colour_worlds": colour_world_set,
    "voxels": voxel_set,
    "faces": face_set,
    "scans": scan_set,
    "scenes": scene_set,
    "toy_translation": toy_translation_set,
}
_VECTORS = {
    **{name: functools.partial(ring_set, name) for name in MIXTURES},
    "swiss_roll": swiss_roll_set,
    "line": lambda seed: line_set(),
    "showers": shower_set,
}
_SEQUENCES = {"melodies": melody_set, "progressions": progression_set}
OURS = (
    "digits",
    "digit_negatives",
    "stacked_digits",
    "pictures",
    *_VECTORS,
    *_DRAWN,
    *_SEQUENCES,
)


def load(
    name: str,
    *,
    data_dir: str | None = None,
    test_fraction: float = 0.1,
    valid_fraction: float = 0.1,
    image_size: int | None = None,
    channels: int | None = None,
    binarization: str | None = None,
    dequantize: bool = False,
    scale: tuple[float, float] = (0.0, 1.0),
    flip: bool = False,
    seed: int = 0,
) -> Dataset:
    """The data set `name`.

    Args:
        name: of a set of ours (`OURS`: `digits`, `pictures`, and sets that are drawn from known factors
            in the compiled step), `file:PATH`, `folder:PATH`, `chorales:PATH`, or a TFDS set such as
            `mnist`, `emnist/letters`.
        data_dir: where TFDS sets lie or are put; None is TFDS's own default.
        test_fraction, valid_fraction: share of the examples, and then of the rest, that is held out
            where the set has no such split; above 0 and below 1.
        image_size: images are cropped to the centred square and resized to this side on load; of
            `pictures` it is the side of a patch, 48 if not given, and of drawn sets the side that they
            are drawn at, 16 if not given.
        channels: 1 or 3; None keeps the set's own.
        binarization: `none`, `threshold`, `static` (one draw for each example, by `seed`),
            `dynamic` (anew in each step; evaluation sees the static draw), or None, the set's own:
            `threshold` for `digits`, `none` for others and where `dequantize` is set.
        dequantize: whether uniform noise makes the levels continuous; evaluation sees a fixed draw.
        scale: (low, high) that the smallest and largest value go to. Continuous vectors have no
            range of their own and stay as they are. `target` and `unpaired` go with the image.
        flip: whether training images are mirrored at random, `target` with its image and `unpaired`
            on its own; refused where captions or keypoints know left from right.
        seed: of the fixed draws.

    Returns:
        The data set, with raw sources and its transforms.

    Raises:
        ValueError: in one line, for whatever is wrong with the name, the files or the options.
    """
    splits = _splits(name, data_dir, test_fraction, valid_fraction, image_size, channels, seed)
    if binarization is None:
        binarization = "none" if dequantize else splits.binarization
    _check_options(splits, binarization, dequantize, flip)
    num_levels = splits.spec.num_levels
    if binarization != "none":
        num_levels = 2
    elif dequantize:
        num_levels = None
    train, evaluation = (
        _values(splits, binarization, dequantize, scale, seed, fixed=fixed)
        for fixed in (False, True)
    )
    if flip:
        train = transforms.chain(train, *_flips(splits.spec))
    if splits.train_render is not None:
        train = transforms.chain(splits.train_render, train)
        evaluation = transforms.chain(splits.eval_render, evaluation)
    return Dataset(
        name=name,
        spec=splits.spec._replace(num_levels=num_levels),
        train=splits.train,
        valid=splits.valid,
        test=splits.test,
        train_transform=train,
        eval_transform=evaluation,
        binarization=binarization,
    )


def _splits(name, data_dir, test_fraction, valid_fraction, image_size, channels, seed) -> Splits:
    kind, colon, path = name.partition(":")
    images.check_options(image_size, channels)
    options = {
        "image_size": image_size,
        "channels": channels,
        "test_fraction": test_fraction,
        "valid_fraction": valid_fraction,
    }
    if name == "digits":
        return digits(image_size, channels)
    if name == "digit_negatives":
        return digit_negatives(image_size, channels)
    if name == "pictures":
        return picture_patches(image_size, channels)
    if name == "stacked_digits":
        return stacked_digits(image_size, channels)
    if name in _DRAWN:
        return _DRAWN[name](image_size, channels, seed)
    if name in _VECTORS:
        if image_size is not None or channels is not None:
            raise ValueError(
                f"{name} holds vectors, which have no image_size or channels: leave them out"
            )
        return _VECTORS[name](seed)
    if name in _SEQUENCES or (colon and kind == "chorales"):
        if image_size is not None or channels is not None:
            raise ValueError(
                f"{name} holds sequences, which have no image_size or channels: leave them out"
            )
        if name in _SEQUENCES:
            return _SEQUENCES[name](seed)
        return chorale_set(path, read_arrays(path))
    if colon and kind == "file":
        return file_set(path, **options)
    if colon and kind == "folder":
        return folder_or_pairs(path, **options)
    return tfds_set(name, data_dir=data_dir, **options)


def _values(splits, binarization, dequantize, scale, seed, *, fixed):
    """The transform of the values; where `fixed`, none of its draws comes from the step's key."""
    low, high = scale

    def of(entry, maximum, num_levels, seed):
        if maximum is None:
            return transforms.to_float(entry)
        if binarization == "threshold":
            return transforms.threshold(entry, maximum, low, high)
        if binarization == "static" or (binarization == "dynamic" and fixed):
            return transforms.static_binarization(entry, maximum, low, high, seed)
        if binarization == "dynamic":
            return transforms.dynamic_binarization(entry, maximum, low, high)
        if dequantize and num_levels is not None:
            draw = seed if fixed else None
            return transforms.dequantize(entry, maximum, num_levels, low, high, draw)
        return transforms.scale(entry, maximum, low, high)

    main = of(splits.spec.entry, splits.maximum, splits.spec.num_levels, seed)
    if not splits.pictures:
        return main
    others = [
        of(name, *means, seed + n) for n, (name, means) in enumerate(splits.pictures.items(), 1)
    ]
    return transforms.chain(main, *others)


def _flips(spec):
    """A target or a layout is mirrored with its image; an unpaired image by a coin of its own."""
    together = [spec.entry, *(name for name in ("target", "layout") if name in spec.extras)]
    alone = ["unpaired"] if "unpaired" in spec.extras else []
    return [transforms.random_flip(*together), *map(transforms.random_flip, alone)]


def _check_options(splits, binarization, dequantize, flip):
    if binarization not in BINARIZATIONS:
        raise ValueError(
            f"unknown binarization {binarization!r}: choose from {', '.join(BINARIZATIONS)}"
        )
    if binarization != "none" and splits.maximum is None:
        raise ValueError(
            f"binarization {binarization!r} needs values of a known range, and this set's vectors are "
            "continuous: pass binarization 'none'"
        )
    if binarization != "none" and splits.pictures:
        raise ValueError(
            f"binarization {binarization!r} would turn pairs into bits, and this set has "
            f"{', '.join(splits.pictures)} beside its images: pass binarization 'none'"
        )
    if dequantize and binarization != "none":
        raise ValueError(
            f"dequantize and binarization {binarization!r} exclude each other: leave one out"
        )
    if dequantize and splits.spec.num_levels is None:
        raise ValueError(
            "dequantize needs a set of levels, and this one is continuous: leave it out"
        )
    if flip and splits.spec.entry != "image":
        raise ValueError(
            f"flip needs images, and this set holds a {splits.spec.entry}: leave it out"
        )
    sided = [name for name in ("text", "keypoints") if name in splits.spec.extras]
    if flip and sided:
        raise ValueError(
            f"flip mirrors images, and the {' and '.join(sided)} of this set would still tell left "
            "from right as before: leave flip out"
        )
