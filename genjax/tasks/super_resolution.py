"""Super-resolution as the papers measure it: whole pictures, luminance, a border cut off."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import Model
from genjax.losses import crop_to_multiple, enlarge, low_resolution
from genjax.metrics import luminance, psnr, ssim

_psnr, _ssim = jax.jit(psnr), jax.jit(ssim)


def scale_of(model: Model, variables: Any, channels: int) -> int:
    """How many times larger `model.upscale` makes an image: told by shapes, nothing is computed."""
    image = jnp.zeros((1, 8, 8, channels))
    shape = jax.eval_shape(model.upscale, jax.random.key(0), variables, image).shape
    return shape[1] // 8


def with_channels(picture: np.ndarray, channels: int) -> np.ndarray:
    """A picture [H, W, 1 or 3] in [0, 1] with as many channels as a model takes: grey is repeated, and
    of colours luminance is left.

    Raises:
        ValueError: if it has other channels.
    """
    if picture.shape[-1] == channels:
        return picture
    if picture.shape[-1] == 1:
        return np.repeat(picture, channels, axis=-1)
    return np.asarray(luminance(jnp.asarray(picture)))


def low_and_high(picture: np.ndarray, scale: int) -> tuple[np.ndarray, np.ndarray]:
    """A picture made small by anti-aliased bicubic resampling, rounded to bytes, and what it was.

    Args:
        picture: [H, W, C] in [0, 1].
        scale: how many times smaller; rows and columns that it leaves over are cut off first.

    Returns:
        Low [H // scale, W // scale, C] and high [H - H % scale, W - W % scale, C], in [0, 1].

    Raises:
        ValueError: if a side is shorter than `scale`.
    """
    if min(picture.shape[:2]) < scale:
        raise ValueError(
            f"a picture of {picture.shape[0]}x{picture.shape[1]} is below scale {scale}"
        )
    high = crop_to_multiple(jnp.asarray(picture)[None], scale)
    return as_bytes(low_resolution(high, scale))[0], np.asarray(high[0])


def baselines(low: np.ndarray, scale: int) -> dict[str, np.ndarray]:
    """A small picture [h, w, C] enlarged without a model, by name, in [0, 1]."""
    nearest = low.repeat(scale, axis=0).repeat(scale, axis=1)
    return {"bicubic": as_bytes(enlarge(jnp.asarray(low)[None], scale))[0], "nearest": nearest}


def as_bytes(images: jax.Array) -> np.ndarray:
    """The nearest of the 256 values in [0, 1] that a file would hold."""
    return np.asarray(jnp.round(255 * jnp.clip(images, 0.0, 1.0)) / 255)


def measured(found: np.ndarray, truth: np.ndarray, border: int) -> dict[str, float]:
    """`psnr` (decibels) and `ssim` of luminance, `border` pixels cut off on each side.

    A picture whose channels are all one in the truth is grey: its values are compared as they are,
    for luminance would have 219/255 of their range.

    Args:
        found, truth: [H, W, 1 or 3] in [0, 1].
        border: pixels; papers have as many as the scale.

    Raises:
        ValueError: if the shapes differ, or SSIM's window of 11 does not fit what is left.
    """
    if found.shape != truth.shape:
        raise ValueError(f"pictures differ in shape: {found.shape} and {truth.shape}")
    if min(truth.shape[:2]) < 11 + 2 * border:
        raise ValueError(
            f"a picture of {truth.shape[0]}x{truth.shape[1]} is too small: SSIM needs 11 pixels within "
            f"a border of {border}"
        )
    inner = slice(border, -border or None)
    pair = [jnp.asarray(each[None, inner, inner]) for each in (found, truth)]
    grey = (truth == truth[..., :1]).all()
    pair = [each.mean(axis=-1, keepdims=True) if grey else luminance(each) for each in pair]
    return {"psnr": float(_psnr(*pair)[0]), "ssim": float(_ssim(*pair)[0])}
