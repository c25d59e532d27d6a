"""The protocol of super-resolution: what is cut, rounded and compared."""

from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from genjax.tasks import super_resolution as tasks


def picture(shape, seed=0):
    return np.random.default_rng(seed).random(shape).astype(np.float32)


def test_low_resolution_is_what_pillow_would_save():
    """A byte off at most, where the two round a half otherwise; odd rows and columns are cut."""
    levels = np.random.default_rng(0).integers(0, 256, (21, 26, 1)).astype(np.uint8)
    low, high = tasks.low_and_high(np.float32(levels / 255), 4)
    np.testing.assert_allclose(255 * high, levels[:20, :24], atol=1e-4)
    saved = Image.fromarray(levels[:20, :24, 0]).resize((6, 5), Image.Resampling.BICUBIC)
    assert np.abs(255 * low[..., 0] - np.asarray(saved)).max() <= 1.001
    np.testing.assert_allclose(255 * low, np.round(255 * low), atol=1e-4)
    found = tasks.baselines(low, 4)
    assert found["bicubic"].shape == found["nearest"].shape == (20, 24, 1)
    np.testing.assert_array_equal(found["nearest"][4:8, 8:12], low[1, 2] * np.ones((4, 4, 1)))
    with pytest.raises(ValueError, match="3x9 is below scale 4"):
        tasks.low_and_high(picture((3, 9, 1)), 4)


def test_measures_are_of_luminance_within_the_border():
    """Against scikit-image; what happens in the border does not count."""
    truth = picture((24, 30, 3))
    found = np.clip(truth + 0.1 * picture(truth.shape, 1), 0, 1)
    found[:4] = 1 - found[:4]
    weights = np.array([65.481, 128.553, 24.966])
    a, b = (((16 + each.astype(np.float64) @ weights) / 255)[4:-4, 4:-4] for each in (found, truth))
    measured = tasks.measured(found, truth, 4)
    psnr = peak_signal_noise_ratio(b, a, data_range=1.0)
    ssim = structural_similarity(
        a, b, data_range=1.0, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    np.testing.assert_allclose(measured["psnr"], psnr, rtol=1e-5)
    np.testing.assert_allclose(measured["ssim"], ssim, atol=1e-5)


def test_grey_pictures_are_compared_as_they_are():
    """Whether they have one channel or three that are alike: not at 219/255 of their range."""
    truth, found = picture((20, 20, 1)), picture((20, 20, 1), 1)
    of_one = tasks.measured(found, truth, 2)
    error = np.square(found - truth)[2:-2, 2:-2].mean(dtype=np.float64)
    np.testing.assert_allclose(of_one["psnr"], -10 * np.log10(error), rtol=1e-5)
    of_three = tasks.measured(found.repeat(3, axis=2), truth.repeat(3, axis=2), 2)
    np.testing.assert_allclose(of_three["psnr"], of_one["psnr"], rtol=1e-6)


def test_channels_and_scale():
    colour = picture((5, 6, 3))
    assert tasks.with_channels(colour, 3) is colour
    assert tasks.with_channels(colour, 1).shape == (5, 6, 1)
    np.testing.assert_array_equal(
        tasks.with_channels(colour[..., :1], 3), colour[..., :1].repeat(3, axis=2)
    )
    thrice = SimpleNamespace(upscale=lambda key, variables, x: jnp.repeat(x, 3, 1).repeat(3, 2))
    assert tasks.scale_of(thrice, None, 1) == 3


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="pictures differ in shape"):
        tasks.measured(picture((20, 20, 1)), picture((20, 20, 3)), 2)
    with pytest.raises(ValueError, match="18x20 is too small: SSIM needs 11 pixels within"):
        tasks.measured(picture((18, 20, 1)), picture((18, 20, 1)), 4)
