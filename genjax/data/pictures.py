"""Photographs that ship inside scikit-image and scikit-learn: whole, and cut into patches.

Splits are by picture: no patch of a test picture is ever trained on.
"""

import numpy as np

from genjax.core.spec import Spec
from genjax.data import images
from genjax.data.dataset import ArraySource, Splits
from genjax.data.splits import SPLITS

PICTURES = {
    "train": "astronaut brick camera grass gravel motorcycle rocket".split(),
    "valid": ["cat"],
    "test": "china coffee flower".split(),
}
_PATCH = 48


def whole_pictures(split: str) -> dict[str, np.ndarray]:
    """The whole pictures of a split by name, uint8 [H, W, 3]; three of grey have it in all channels.

    Args:
        split: `train`, `valid` or `test`.

    Raises:
        ValueError: for another split, or if scikit-image or scikit-learn is missing.
    """
    if split not in PICTURES:
        raise ValueError(f"split must be one of {', '.join(SPLITS)}, got {split!r}")
    try:
        from skimage import data
        from sklearn.datasets import load_sample_image
    except ImportError as error:
        raise ValueError(
            "data set 'pictures' needs scikit-image and scikit-learn: "
            "pip install scikit-image scikit-learn"
        ) from error

    def read(name):
        if name in ("china", "flower"):
            return load_sample_image(f"{name}.jpg")
        # The two pictures of the stereo pair are nearly one.
        picture = data.stereo_motorcycle()[0] if name == "motorcycle" else getattr(data, name)()
        return np.repeat(picture[..., None], 3, axis=2) if picture.ndim == 2 else picture

    return {name: np.ascontiguousarray(read(name)) for name in PICTURES[split]}


def picture_patches(image_size: int | None = None, channels: int | None = None) -> Splits:
    """Square patches of the pictures; in training each overlaps its neighbours by half.

    Args:
        image_size: side of a patch; None is 48.
        channels: 1 or 3; None is 3.

    Raises:
        ValueError: if a patch is larger than a picture, or as `whole_pictures`.
    """
    side = _PATCH if image_size is None else image_size
    sources = {}
    for split in SPLITS:
        stride = max(1, side // 2) if split == "train" else side
        cut = [_patches(name, each, side, stride) for name, each in whole_pictures(split).items()]
        sources[split] = ArraySource({"image": images.fit_all(np.concatenate(cut), None, channels)})
    return Splits(Spec((side, side, channels or 3), 256), 255.0, **sources)


def _patches(name, picture, side, stride):
    """[N, side, side, C], row by row."""
    height, width, channels = picture.shape
    if side > min(height, width):
        raise ValueError(
            f"patches of {side}x{side} do not fit the picture {name} of {height}x{width}: pass a "
            "smaller image_size"
        )
    views = np.lib.stride_tricks.sliding_window_view(picture, (side, side), axis=(0, 1))
    return np.moveaxis(views[::stride, ::stride], 2, -1).reshape(-1, side, side, channels)
