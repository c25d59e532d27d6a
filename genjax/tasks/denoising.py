"""Denoising: filters that need no training, each at the strength that suits it best, and a model."""

import warnings
from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy import ndimage
from skimage import filters, restoration

from genjax.metrics import psnr, ssim

_MOST = 100.0  # dB: noise may spare an image, and infinity has no mean
_WINDOW = 11  # SSIM's
_psnr, _ssim = jax.jit(psnr), jax.jit(ssim, static_argnames="window_size")


class Filter(NamedTuple):
    """A filter of images.

    Attributes:
        apply: `(image [H, W, C], strength) -> [H, W, C]`.
        strengths: to choose from.
        meaning: of the strength.
    """

    apply: Callable[[np.ndarray, float], np.ndarray]
    strengths: Sequence[float]
    meaning: str


def _gaussian(image, sigma):
    return filters.gaussian(image, sigma, channel_axis=-1)


def _median(image, radius):
    reach = int(radius)
    grid = np.arange(-reach, reach + 1)
    footprint = grid[:, None] ** 2 + grid[None] ** 2 <= radius**2
    return ndimage.median_filter(image, footprint=footprint[..., None], mode="nearest")


def _non_local_means(image, strength):
    # Small images have neither many patches nor room for large ones.
    small = min(image.shape[:2]) < 32
    size, distance = (3, 4) if small else (5, 6)
    return restoration.denoise_nl_means(image, size, distance, h=strength, channel_axis=-1)


def _wavelet(image, sigma):
    with warnings.catch_warnings():  # a level of an 8x8 image is all border, which PyWavelets tells
        warnings.simplefilter("ignore", UserWarning)
        return restoration.denoise_wavelet(
            image, sigma, mode="soft", method="BayesShrink", rescale_sigma=False, channel_axis=-1
        )


FILTERS = {
    "gaussian": Filter(
        _gaussian, (0.3, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0, 1.5, 2.0), "sigma, in pixels"
    ),
    "median": Filter(
        _median, (1.0, 1.5, 2.0, 2.5), "radius of a disk, in pixels; 1.5 is a square of 3x3"
    ),
    "non_local_means": Filter(
        _non_local_means,
        (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0),
        "h, the scale of distances between patches",
    ),
    "wavelet": Filter(
        _wavelet,
        (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 1.0),
        "sigma of the noise that BayesShrink is told",
    ),
}


def filtered(noisy: np.ndarray, name: str, strength: float) -> np.ndarray:
    """Each of [N, H, W, C] through the filter `name`, clipped to [0, 1], float32."""
    apply = FILTERS[name].apply
    # Some filters drop an axis of one channel.
    found = np.stack([apply(image, strength).reshape(image.shape) for image in noisy])
    return found.clip(0, 1).astype(np.float32)


def best_strength(name: str, clean: np.ndarray, noisy: np.ndarray) -> float:
    """The strength with which the filter `name` has the highest mean PSNR.

    Args:
        name: of `FILTERS`.
        clean, noisy: [N, H, W, C] of the validation split.
    """
    strengths = FILTERS[name].strengths
    scores = [measured(filtered(noisy, name, each), clean)["psnr"] for each in strengths]
    return strengths[int(np.argmax(scores))]


def ssim_window(shape: tuple[int, ...]) -> int:
    """Side of SSIM's window: 11, or the largest odd number that fits an image of `shape`."""
    side = min(_WINDOW, *shape[:2])
    return side if side % 2 else side - 1


def measured(found: np.ndarray, clean: np.ndarray) -> dict[str, float]:
    """Means over images of `psnr` (decibels, 100 at most) and `ssim`, peak 1.

    Args:
        found, clean: [N, H, W, C]; `found` is clipped to [0, 1].

    Raises:
        ValueError: if the shapes differ.
    """
    found = jnp.clip(jnp.asarray(found, jnp.float32), 0.0, 1.0)
    clean = jnp.asarray(clean, jnp.float32)
    window = ssim_window(clean.shape[1:])
    return {
        "psnr": float(np.minimum(_psnr(found, clean), _MOST).mean()),
        "ssim": float(_ssim(found, clean, window_size=window).mean()),
    }
