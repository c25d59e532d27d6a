"""Filters that need no training: shapes, the choice of strength, and measures."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.metrics import peak_signal_noise_ratio

from genjax.tasks import denoising as tasks


def pairs(shape, noise=0.2):
    """Smooth images in [0, 1], and noisy copies."""
    rng = np.random.default_rng(0)
    clean = ndimage.gaussian_filter(rng.random(shape), (0, 2, 2, 0))
    clean = (clean - clean.min()) / (clean.max() - clean.min())
    return clean.astype(np.float32), (clean + noise * rng.normal(size=shape)).astype(np.float32)


@pytest.mark.parametrize("name", tasks.FILTERS)
@pytest.mark.parametrize("shape", [(3, 8, 8, 1), (2, 33, 40, 3)])
def test_filters_keep_shapes_and_help(name, shape):
    """Each at its best strength has less noise than before; strengths at either end do worse."""
    clean, noisy = pairs(shape)
    chosen = tasks.best_strength(name, clean, noisy)
    found = tasks.filtered(noisy, name, chosen)
    assert found.shape == shape and found.dtype == np.float32
    assert 0 <= found.min() and found.max() <= 1
    best = tasks.measured(found, clean)["psnr"]
    assert best > tasks.measured(noisy, clean)["psnr"] + 1
    strengths = tasks.FILTERS[name].strengths
    for end in (strengths[0], strengths[-1]):
        assert tasks.measured(tasks.filtered(noisy, name, end), clean)["psnr"] <= best


def test_the_median_of_radius_one_and_a_half_is_of_nine():
    _, noisy = pairs((1, 8, 9, 1))
    expected = ndimage.median_filter(noisy[0, ..., 0], size=3, mode="nearest").clip(0, 1)
    np.testing.assert_array_equal(tasks.filtered(noisy, "median", 1.5)[0, ..., 0], expected)


def test_measures_are_means_over_images():
    """The mean of decibels, not the decibels of the mean; 100 where there is no noise."""
    clean, noisy = pairs((2, 12, 12, 1))
    noisy[1] = clean[1] + 3 * (noisy[1] - clean[1])
    clipped = noisy.clip(0, 1)
    expected = [peak_signal_noise_ratio(clean[i], clipped[i], data_range=1.0) for i in range(2)]
    np.testing.assert_allclose(tasks.measured(noisy, clean)["psnr"], np.mean(expected), rtol=1e-5)
    same = tasks.measured(clean, clean)
    assert same["psnr"] == 100
    np.testing.assert_allclose(same["ssim"], 1.0, rtol=1e-6)


def test_windows_fit_small_images():
    sizes = {(8, 8, 1): 7, (28, 28, 1): 11, (6, 5, 1): 5, (11, 30, 3): 11}
    assert {shape: tasks.ssim_window(shape) for shape in sizes} == sizes


def test_shapes_are_checked():
    with pytest.raises(ValueError, match="got shapes"):
        tasks.measured(np.zeros((2, 8, 8, 1)), np.zeros((2, 8, 9, 1)))
