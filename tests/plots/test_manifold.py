"""The grid of Kingma and Welling's Figure 4: its values and its orientation."""

import numpy as np
import pytest
from scipy import stats

from genjax.plots import manifold_figure, unit_square_latents


def test_corners_are_quantiles_and_point_the_stated_way():
    """Φ⁻¹ from SciPy, another implementation than the one used."""
    latents = unit_square_latents(20).reshape(20, 20, 2)
    low, high = stats.norm.ppf([0.5 / 20, 19.5 / 20])
    np.testing.assert_allclose(latents[0, 0], [low, high], atol=1e-6)  # top left
    np.testing.assert_allclose(latents[0, -1], [high, high], atol=1e-6)
    np.testing.assert_allclose(latents[-1, 0], [low, low], atol=1e-6)
    np.testing.assert_allclose(latents[5, 7], stats.norm.ppf([7.5 / 20, 14.5 / 20]), atol=1e-6)


def test_latents_at_extreme_sizes():
    np.testing.assert_array_equal(unit_square_latents(1), [[0, 0]])
    assert np.isfinite(unit_square_latents(500)).all()
    with pytest.raises(ValueError, match="must be positive"):
        unit_square_latents(0)


def test_figure_shows_the_grid_without_gaps():
    """Images that show Φ(z₁) grow brighter to the right; Φ(z₂), brighter towards the top."""
    first, second = stats.norm.cdf(unit_square_latents(4)).T
    images = np.ones((16, 3, 2, 1), np.float32)
    right = manifold_figure(images * first[:, None, None, None], 4)
    up = manifold_figure(images * second[:, None, None, None], 4)
    assert right.shape == up.shape == (12, 8)
    np.testing.assert_array_equal(right[0, ::2], np.round(255 * (np.arange(4) + 0.5) / 4))
    np.testing.assert_array_equal(up[::3, 0], np.round(255 * (3.5 - np.arange(4)) / 4))


def test_figure_refuses_another_number_of_images():
    with pytest.raises(ValueError, match="needs 16 images, got 15"):
        manifold_figure(np.zeros((15, 2, 2, 1)), 4)
