"""PSNR and SSIM against scikit-image, MS-SSIM against SciPy, and known answers."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import ndimage
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from sklearn.datasets import load_sample_image

from genjax.metrics import luminance, ms_ssim, psnr, ssim

ours = {
    "psnr": jax.jit(psnr, static_argnames="data_range"),
    "ssim": jax.jit(ssim, static_argnames=("data_range", "window_size")),
    "ms_ssim": jax.jit(ms_ssim, static_argnames="data_range"),
}


def noisy_pairs(shape, seed=0):
    """Smooth images in [0, 1] and noisy copies, float64; the second pair is nearly alike."""
    rng = np.random.default_rng(seed)
    x = ndimage.gaussian_filter(rng.random(shape), (0, 2, 2, 0))
    x = (x - x.min()) / (x.max() - x.min())
    y = x + np.array([0.2, 0.01]).reshape(2, 1, 1, 1) * rng.normal(size=shape)
    return x, y.clip(0, 1)


def test_psnr_and_ssim_equal_scikit_image():
    x, y = noisy_pairs((2, 31, 24, 3))
    for scale in (1.0, 255.0):
        given = [jnp.asarray(scale * each, jnp.float32) for each in (x, y)]
        found = {
            name: np.asarray(ours[name](*given, data_range=scale)) for name in ("psnr", "ssim")
        }
        for i in range(2):
            np.testing.assert_allclose(
                found["psnr"][i],
                peak_signal_noise_ratio(scale * x[i], scale * y[i], data_range=scale),
                rtol=1e-5,
            )
            theirs = structural_similarity(
                scale * x[i],
                scale * y[i],
                data_range=scale,
                channel_axis=-1,
                gaussian_weights=True,
                sigma=1.5,
                use_sample_covariance=False,
            )
            np.testing.assert_allclose(found["ssim"][i], theirs, atol=1e-5)


def test_known_answers():
    """Constants 100 and 120, a shift by 10, and three ways to spoil the luminance of china.jpg."""
    flat = jnp.full((1, 16, 16, 1), 100.0)
    of_constants = ours["ssim"](flat, flat + 20, data_range=255.0)
    np.testing.assert_allclose(of_constants, 0.98361090, atol=1e-6)
    np.testing.assert_allclose(ours["psnr"](flat, flat + 10, data_range=255.0), 28.1308, atol=1e-4)
    china = luminance(jnp.asarray(load_sample_image("china.jpg"), jnp.float32), data_range=255.0)
    china = np.asarray(china, np.float64)[..., 0]
    noise = 10 * np.random.RandomState(0).randn(*china.shape)
    spoilt = {
        "contrast": china.mean() + 0.8 * (china - china.mean()),
        "brightness": china + 10,
        "noise": (china + noise).clip(0, 255),
    }
    expected = {
        "contrast": (25.077, 0.9709),
        "brightness": (28.131, 0.9932),
        "noise": (28.156, 0.6740),
    }
    pairs = jnp.asarray(np.stack(list(spoilt.values())), jnp.float32)[..., None]
    clean = jnp.broadcast_to(jnp.asarray(china, jnp.float32)[None, :, :, None], pairs.shape)
    decibels = ours["psnr"](clean, pairs, data_range=255.0)
    similar = ours["ssim"](clean, pairs, data_range=255.0)
    for i, name in enumerate(spoilt):
        np.testing.assert_allclose(decibels[i], expected[name][0], atol=1e-3, err_msg=name)
        np.testing.assert_allclose(similar[i], expected[name][1], atol=1e-4, err_msg=name)


def ms_ssim_by_scipy(x, y):
    """Of two [H, W] in [0, 1]: whole maps by SciPy's convolutions, in float64."""
    axis = np.arange(-5, 6)
    window = np.exp(-(axis[:, None] ** 2 + axis[None] ** 2) / (2 * 1.5**2))
    window /= window.sum()
    blur = lambda image: ndimage.correlate(image, window)[5:-5, 5:-5]
    product, c1, c2 = 1.0, 0.01**2, 0.03**2
    for scale, weight in enumerate((0.0448, 0.2856, 0.3001, 0.2363, 0.1333)):
        if scale:  # means of 2x2 windows at every second pixel, reflecting at the end
            x, y = (
                ndimage.uniform_filter(i, 2, origin=-1, mode="reflect")[::2, ::2] for i in (x, y)
            )
        mx, my = blur(x), blur(y)
        sxx, syy, sxy = blur(x * x) - mx**2, blur(y * y) - my**2, blur(x * y) - mx * my
        contrast = (2 * sxy + c2) / (sxx + syy + c2)
        alike = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
        product *= (contrast if scale < 4 else contrast * alike).mean() ** weight
    return product


def test_ms_ssim_equals_an_independent_computation():
    x, y = noisy_pairs((2, 163, 190, 1))  # odd sides on the way down
    found = ours["ms_ssim"](jnp.asarray(x, jnp.float32), jnp.asarray(y, jnp.float32))
    expected = [ms_ssim_by_scipy(x[i, ..., 0], y[i, ..., 0]) for i in range(2)]
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_extremes_are_finite_with_finite_gradients():
    """Equal images, black and white, and an image against its negative, whose structure is opposite."""
    x = jnp.asarray(noisy_pairs((2, 161, 161, 1))[0][:1], jnp.float32)
    black, white = jnp.zeros_like(x), jnp.ones_like(x)
    pairs = {
        "equal": (x, x),
        "black": (black, black),
        "opposite": (black, white),
        "negative": (x, 1 - x),
    }
    found = {}
    for name, measure in (("psnr", psnr), ("ssim", ssim), ("ms_ssim", ms_ssim)):
        both = jax.jit(jax.value_and_grad(lambda y, x, measure=measure: measure(x, y).sum()))
        for pair, (a, b) in pairs.items():
            found[name, pair], gradient = both(b, a)
            assert np.isfinite(gradient).all(), (name, pair)
    for pair in ("equal", "black"):
        assert found["psnr", pair] == np.inf
        np.testing.assert_allclose(found["ssim", pair], 1.0, rtol=1e-6)
        np.testing.assert_allclose(found["ms_ssim", pair], 1.0, rtol=1e-6)
    np.testing.assert_allclose(found["psnr", "opposite"], 0.0, atol=1e-6)
    np.testing.assert_allclose(found["ssim", "opposite"], 1e-4 / (1 + 1e-4), rtol=2e-3)
    assert found["ssim", "negative"] < 0 and found["ms_ssim", "negative"] == 0


def test_gradient_of_ssim_is_that_of_differences():
    """Along a random direction, by central differences in float64 of scikit-image's SSIM."""
    x, y = noisy_pairs((2, 16, 16, 1))
    direction = np.random.default_rng(1).normal(size=y.shape[1:])
    gradient = jax.jit(jax.grad(lambda y: ssim(jnp.asarray(x, jnp.float32), y).sum()))(
        jnp.asarray(y, jnp.float32)
    )
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    of = lambda i, y: structural_similarity(x[i], y, data_range=1.0, channel_axis=-1, **options)
    for i in range(2):
        rise = (of(i, y[i] + 1e-5 * direction) - of(i, y[i] - 1e-5 * direction)) / 2e-5
        np.testing.assert_allclose((gradient[i] * direction).sum(), rise, rtol=1e-3)


@pytest.mark.parametrize("measure", [psnr, ssim, ms_ssim])
def test_shapes_are_checked(measure):
    image = jnp.zeros((1, 200, 200, 1))
    with pytest.raises(ValueError, match=r"two of \[B, H, W, C\], got shapes"):
        measure(image, image[:, :, :, 0])
    with pytest.raises(ValueError, match=r"two of \[B, H, W, C\], got shapes"):
        measure(image, jnp.zeros((1, 200, 200, 3)))


def test_windows_must_fit():
    image = jnp.zeros((1, 8, 8, 1))
    with pytest.raises(ValueError, match="got 11 for 8x8 pixels: pass another window_size"):
        ssim(image, image)
    with pytest.raises(ValueError, match="window is odd"):
        ssim(image, image, window_size=4)
    with pytest.raises(ValueError, match=r"needs sides above 160, .* got 8x8"):
        ms_ssim(image, image)
    assert ssim(image, image, window_size=7).shape == (1,)
