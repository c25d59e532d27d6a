"""Patches of scikit-image's photographs of textures: images that ship with it, for any image spec."""

import numpy as np
from skimage import data as pictures

from genjax.core import Spec
from genjax.data import ArraySource, Dataset


def textures(spec: Spec, seed: int = 0) -> tuple[Dataset, np.ndarray]:
    """Patches of grass to learn from, and patches of a brick wall, a simpler texture.

    The picture of grass, 512x512 as all of them, is cut in bands: the upper five eighths to train, an
    eighth to validate, the lower quarter to test. Patches do not overlap.

    Args:
        spec: of images; patches have its shape, and as many levels (grey in each channel).
        seed: of the noise that makes levels continuous, and of which patches of brick are taken.

    Returns:
        The patches of grass, and as many of brick as there are in its test split, [N, *shape].

    Raises:
        ValueError: if the spec is not of images of at most 64 pixels a side.
    """
    if spec.entry != "image" or max(spec.shape[:2]) > 64:
        raise ValueError(
            f"textures are cut to images of at most 64 pixels a side, got shape {spec.shape}: name a "
            "data set instead"
        )
    generator = np.random.default_rng(seed)
    cut = lambda picture: _patches(picture, spec, generator)
    grass, brick = pictures.grass(), cut(pictures.brick())
    bands = grass[:320], grass[320:384], grass[384:]
    train, valid, test = (ArraySource({"image": cut(band)}) for band in bands)
    brick = brick[generator.permutation(len(brick))[: len(test)]]

    def as_they_are(key, batch):
        del key
        return batch

    dataset = Dataset(
        "textures", spec._replace(num_classes=None), train, valid, test, as_they_are, as_they_are
    )
    return dataset, brick


def _patches(picture: np.ndarray, spec: Spec, generator: np.random.Generator) -> np.ndarray:
    height, width, channels = spec.shape
    rows, columns = picture.shape[0] // height, picture.shape[1] // width
    cut = picture[: rows * height, : columns * width].reshape(rows, height, columns, width)
    cut = cut.swapaxes(1, 2).reshape(-1, height, width, 1).astype(np.float32)
    cut = cut.repeat(channels, axis=-1)
    if spec.num_levels is None:
        return ((cut + generator.random(cut.shape)) / 256).astype(np.float32)
    return np.round(cut / 255 * (spec.num_levels - 1)).astype(np.float32) / (spec.num_levels - 1)
