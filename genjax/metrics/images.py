"""How alike two images are: PSNR, SSIM, MS-SSIM, one number an image, differentiable."""

import jax
import jax.numpy as jnp

from genjax.losses.images import luminance

__all__ = ["luminance", "ms_ssim", "psnr", "ssim"]

_SCALE_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)  # Wang et al. (2003), section 3.2


def psnr(x: jax.Array, y: jax.Array, *, data_range: float = 1.0) -> jax.Array:
    """10 log10(L^2 / mean (x - y)^2), decibels; the mean is over pixels and channels of an image.

    Papers average these numbers over images, and not the squared errors. Equal images have infinity,
    with a gradient of 0.

    Args:
        x, y: [B, H, W, C] in a range of width `data_range`.
        data_range: L, 1 or, for bytes, 255.

    Returns:
        [B].

    Raises:
        ValueError: if the shapes differ or are not of rank 4.
    """
    _check(x, y)
    error = jnp.square(x - y).mean(axis=(1, 2, 3))
    equal = error == 0
    decibels = 10 * jnp.log10(data_range**2 / jnp.where(equal, 1.0, error))
    return jnp.where(equal, jnp.inf, decibels)


def ssim(
    x: jax.Array,
    y: jax.Array,
    *,
    data_range: float = 1.0,
    window_size: int = 11,
    sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
) -> jax.Array:
    """Mean over windows of (2 mx my + C1)(2 sxy + C2) / ((mx^2 + my^2 + C1)(sx^2 + sy^2 + C2)).

    Moments are weighted by a Gaussian window (biased: weights sum to 1), over the places where all of
    it lies inside the image; C1 = (k1 L)^2, C2 = (k2 L)^2; colours are averaged.

    Args:
        x, y: [B, H, W, C] in a range of width `data_range`.
        data_range: L, 1 or, for bytes, 255.
        window_size: side of the window, odd.
        sigma: standard deviation of the window, in pixels.
        k1, k2: the paper's constants.

    Returns:
        [B], at most 1.

    Raises:
        ValueError: if the shapes differ, or the window is even or larger than the images.

    Reference: Wang, Bovik, Sheikh and Simoncelli, 2004, "Image quality assessment: from error
    visibility to structural similarity", equations 13 to 17.
    """
    alike, contrast = _maps(x, y, data_range, window_size, sigma, k1, k2)
    return (alike * contrast).mean(axis=(1, 2, 3))


def ms_ssim(
    x: jax.Array, y: jax.Array, *, data_range: float = 1.0, k1: float = 0.01, k2: float = 0.03
) -> jax.Array:
    """Product over 5 scales of (mean contrast and structure)^w; the coarsest one has luminance too.

    Each scale is the mean of 2x2 pixels of the one before (an odd last row or column is repeated).
    Colours are averaged at the end. A scale whose mean is negative counts as 0, with a gradient of 0,
    where the paper's power has no real value.

    Args:
        x, y: [B, H, W, C] in a range of width `data_range`, both sides above 160.
        data_range: L, 1 or, for bytes, 255.
        k1, k2: as in `ssim`, whose window it has.

    Returns:
        [B], at most 1.

    Raises:
        ValueError: if the shapes differ or a side is 160 or less.

    Reference: Wang, Simoncelli and Bovik, 2003, "Multiscale structural similarity for image quality
    assessment", equation 7.
    """
    _check(x, y)
    if min(x.shape[1:3]) <= 160:
        raise ValueError(
            f"ms_ssim needs sides above 160, as its window of 11 must fit after 4 halvings, got "
            f"{x.shape[1]}x{x.shape[2]}"
        )
    product = 1.0
    for scale, weight in enumerate(_SCALE_WEIGHTS):
        if scale:
            x, y = _halved(x), _halved(y)
        alike, contrast = _maps(x, y, data_range, 11, 1.5, k1, k2)
        coarsest = scale == len(_SCALE_WEIGHTS) - 1
        mean = (alike * contrast if coarsest else contrast).mean(axis=(1, 2))
        positive = mean > 0
        product *= jnp.where(positive, jnp.where(positive, mean, 1.0) ** weight, 0.0)
    return product.mean(axis=1)


def _maps(x, y, data_range, window_size, sigma, k1, k2):
    """The terms of luminance, and of contrast and structure, at every place of the window."""
    _check(x, y)
    if window_size % 2 == 0 or not 1 <= window_size <= min(x.shape[1:3]):
        raise ValueError(
            f"a window is odd and fits the images, got {window_size} for "
            f"{x.shape[1]}x{x.shape[2]} pixels: pass another window_size"
        )
    # Variances are of differences from the image's mean: E[x^2] - E[x]^2 would lose digits.
    centre = jax.lax.stop_gradient(0.5 * (x + y).mean(axis=(1, 2, 3), keepdims=True))
    x, y = x - centre, y - centre
    stacked = jnp.stack([x, y, x * x, y * y, x * y])
    mean_x, mean_y, square_x, square_y, product = _blur(stacked, window_size, sigma)
    variances = square_x - mean_x**2 + square_y - mean_y**2
    covariance = product - mean_x * mean_y
    mean_x, mean_y = mean_x + centre, mean_y + centre
    c1, c2 = (k1 * data_range) ** 2, (k2 * data_range) ** 2
    alike = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return alike, (2 * covariance + c2) / (variances + c2)


def _blur(images, size, sigma):
    """[K, B, H, W, C] under a Gaussian window, where all of it is inside.

    Two products with banded matrices: exact on every device, and fast inside compiled loops, forth and
    back.
    """
    down, along = (_window_matrix(length, size, sigma) for length in images.shape[2:4])
    highest = jax.lax.Precision.HIGHEST
    images = jnp.einsum("ih,kbhwc->kbiwc", down, images, precision=highest)
    return jnp.einsum("jw,kbiwc->kbijc", along, images, precision=highest)


def _window_matrix(length, size, sigma):
    """[length - size + 1, length]: row i has the window's weights from column i on."""
    column, row = jnp.arange(length), jnp.arange(length - size + 1)
    place = column[None, :] - row[:, None]
    weights = jnp.exp(-0.5 * jnp.square((place - size // 2) / sigma))
    weights = jnp.where((place >= 0) & (place < size), weights, 0.0)
    return weights / weights.sum(axis=1, keepdims=True)


def _halved(images):
    """Means of 2x2 pixels of [B, H, W, C]."""
    odd = [(0, 0), (0, images.shape[1] % 2), (0, images.shape[2] % 2), (0, 0)]
    images = jnp.pad(images, odd, mode="edge")
    num, height, width, channels = images.shape
    return images.reshape(num, height // 2, 2, width // 2, 2, channels).mean(axis=(2, 4))


def _check(x, y):
    if x.shape != y.shape or x.ndim != 4:
        raise ValueError(f"images are two of [B, H, W, C], got shapes {x.shape} and {y.shape}")
