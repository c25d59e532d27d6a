"""What the super-resolution systems share: the pipeline, the colours, the borders, the refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoencoders import espcn, srcnn, srresnet
from genjax.core import Spec
from genjax.losses import enlarge, low_resolution, luminance

KEY = jax.random.key(0)
COLOUR = Spec((12, 12, 3), 256)


def images(shape, seed=0):
    return jnp.asarray(np.random.default_rng(seed).random(shape), jnp.float32)


def small(make, **options):
    """The system with few channels."""
    return make(COLOUR, scale=2, hidden=(4, 4), **options)


@pytest.mark.parametrize("make", [srcnn, espcn])
def test_a_residual_starts_as_bicubic(make):
    model = small(make, residual=True)
    x = images((2, 5, 7, 3))
    state = jax.jit(model.init)(KEY, {"image": images((2, 12, 12, 3))})
    found = jax.jit(model.upscale)(KEY, state.variables, x)
    expected = jax.jit(lambda x: jnp.clip(enlarge(x, 2), 0, 1))(x)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("make", [srcnn, espcn])
def test_colours_are_bicubic_and_luminance_the_networks(make):
    """Cb and Cr by BT.601's own formulas, where no colour is clipped."""
    model = small(make, residual=True)
    x = 0.4 + 0.2 * images((2, 6, 6, 3))
    variables = jax.jit(model.init)(KEY, {"image": images((2, 12, 12, 3))}).variables
    changed = jax.tree.map(lambda leaf: leaf + 0.01, variables)
    found, bicubic = jax.jit(model.upscale)(KEY, changed, x), enlarge(x, 2)
    weights = np.array([[-37.797, 112.0], [-74.203, -93.786], [112.0, -18.214]], np.float32) / 255
    np.testing.assert_allclose(found @ weights, bicubic @ weights, atol=1e-5)
    of_grey = make(Spec((12, 12, 1), 256), scale=2, hidden=(4, 4), residual=True).upscale
    np.testing.assert_allclose(luminance(found), of_grey(KEY, changed, luminance(x)), atol=1e-5)
    assert np.abs(luminance(found) - luminance(bicubic)).max() > 1e-3


def test_srcnn_trains_as_if_without_padding():
    """The loss by a valid correlation in NumPy, of the pixels that 9-1-5 reaches without an edge."""
    spec = Spec((16, 18, 1), 256)
    model = srcnn(spec, hidden=(3, 2))
    x = images((2, 16, 18, 1))
    state = jax.jit(model.init)(KEY, {"image": x})
    _, metrics = jax.jit(model.update)(KEY, state, {"image": x[None]})
    y = np.asarray(enlarge(low_resolution(x, 2), 2), np.float64)
    params = state.variables["upscaler"]["params"]
    for index in range(3):
        kernel, bias = (np.asarray(params[f"Conv_{index}"][n]) for n in ("kernel", "bias"))
        windows = np.lib.stride_tricks.sliding_window_view(y, kernel.shape[:2], axis=(1, 2))
        y = np.einsum("bhwcij,ijcd->bhwd", windows, kernel) + bias
        y = np.maximum(y, 0) if index < 2 else y
    expected = np.square(y - np.asarray(x)[:, 6:-6, 6:-6]).sum(axis=(1, 2, 3)).mean()
    np.testing.assert_allclose(metrics["upscaler/loss"], expected, rtol=1e-4)


def test_evaluate_is_psnr_of_luminance():
    """By hand for the bicubic start; an image that cannot be made worse has 100 dB and no gain."""
    model = small(espcn, residual=True)
    x = images((2, 12, 12, 3)).at[1].set(0.5)
    state = jax.jit(model.init)(KEY, {"image": x})
    found = jax.jit(model.evaluate)(KEY, state.variables, {"image": x})
    up = jnp.clip(enlarge(low_resolution(x, 2), 2), 0, 1)
    error = np.square(np.asarray(luminance(up) - luminance(x), np.float64)).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(found["psnr"][0], -10 * np.log10(error[0]), rtol=1e-5)
    np.testing.assert_allclose(found["negative_squared_error"][0], -144 * error[0], rtol=1e-5)
    assert found["psnr"][1] == 100
    np.testing.assert_allclose(found["psnr_gain"], 0, atol=1e-4)


@pytest.mark.parametrize(
    "make, spec, options, message",
    [
        (srcnn, Spec((12,)), {}, r"srcnn needs images, got examples of shape \(12,\)"),
        (espcn, Spec((8, 8, 4)), {}, "takes grey or RGB images, got 4 channels"),
        (srcnn, Spec((8, 3, 1)), {"scale": 4}, "from 2 to 3, the shorter side .*, got 4"),
        (espcn, Spec((8, 8, 1)), {"scale": 1}, "whole number from 2 to 8"),
        (srresnet, Spec((8, 8, 1)), {"scale": 3}, "scale must be a power of 2"),
        (srresnet, Spec((8, 8, 1)), {"num_blocks": 0}, "at least 1 block"),
        (srcnn, Spec((8, 8, 1)), {"sizes": (9, 2, 5)}, r"sizes are odd, .* got \(9, 2, 5\)"),
        (espcn, Spec((8, 8, 1)), {"hidden": ()}, "at least 1 channel"),
    ],
)
def test_what_cannot_be_is_refused(make, spec, options, message):
    with pytest.raises(ValueError, match=message):
        make(spec, **options)


def test_the_papers_sizes_come_with_the_papers_patches():
    """96x96: 16 blocks of 64 channels; below, less."""
    for side, blocks, channels in ((96, 16, 64), (48, 4, 32)):
        model = srresnet(Spec((side, side, 3), 256))
        state = jax.eval_shape(model.init, KEY, {"image": jnp.zeros((1, side, side, 3))})
        params = state.variables["upscaler"]["params"]
        assert params["Conv_0"]["kernel"].shape == (9, 9, 3, channels)
        assert sum(name.startswith("BatchNorm") for name in params) == 2 * blocks + 1
