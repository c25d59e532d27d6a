"""What a two-dimensional latent space looks like when it is decoded on a grid."""

from statistics import NormalDist

import numpy as np

from genjax.plots.grid import image_grid


def unit_square_latents(n: int) -> np.ndarray:
    """Φ⁻¹((i + ½)/n) on both axes: a grid that is regular in the prior's probability.

    Rows come as an image is read: the first latent grows to the right, the second grows upwards, so
    that row 0, on top, has the largest second latent.

    Args:
        n: points on each axis.

    Returns:
        float32, [n * n, 2].

    Raises:
        ValueError: if n is not positive.

    Kingma and Welling, 2013, arXiv:1312.6114, Figure 4. The paper's grid is "linearly spaced
    coordinates on the unit square"; cell centres keep clear of its border, where Φ⁻¹ is infinite.
    """
    if n < 1:
        raise ValueError(f"n must be positive, got {n}")
    axis = np.array([NormalDist().inv_cdf((i + 0.5) / n) for i in range(n)], np.float32)
    second, first = np.meshgrid(axis[::-1], axis, indexing="ij")
    return np.stack([first.ravel(), second.ravel()], axis=-1)


def manifold_figure(images: np.ndarray, n: int) -> np.ndarray:
    """The decoded grid of `unit_square_latents(n)` as one picture without gaps.

    Args:
        images: [n * n, H, W] or [n * n, H, W, C], float in [0, 1], in the order of the latents.
        n: points on each axis.

    Returns:
        uint8, [n * H, n * W] or [n * H, n * W, 3].

    Raises:
        ValueError: if there are not n * n images, or as `image_grid`.
    """
    if len(images) != n * n:
        raise ValueError(f"a grid of {n} by {n} needs {n * n} images, got {len(images)}")
    return image_grid(images, columns=n, padding=0)
