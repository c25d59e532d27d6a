"""Fused resampling convolutions against the two steps that they stand for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import double, halve, resampled_conv
from genjax.nets.convolution import conv


def test_double_and_halve_by_numpy():
    x = np.random.default_rng(0).normal(size=(2, 3, 5, 2)).astype(np.float32)
    twice = np.asarray(double(jnp.asarray(x)))
    np.testing.assert_array_equal(twice, np.kron(x, np.ones((1, 2, 2, 1), np.float32)))
    np.testing.assert_allclose(halve(jnp.asarray(twice)), x, rtol=1e-6)
    expected = (x[:, :1, :4:2] + x[:, :1, 1:4:2] + x[:, 1:2, :4:2] + x[:, 1:2, 1:4:2]) / 4
    np.testing.assert_allclose(halve(jnp.asarray(x)), expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("window", [1, 3])
@pytest.mark.parametrize("size", [(4, 6), (5, 7)])
def test_fused_is_the_two_steps(window, size):
    """Values and gradients, at the borders too, of even and odd sides."""
    rng = np.random.default_rng(1)
    x = jnp.asarray(rng.normal(size=(2, *size, 3)), jnp.float32)
    kernel = jnp.asarray(rng.normal(size=(window, window, 3, 4)), jnp.float32)
    steps = {
        "up": lambda x, kernel: conv(double(x), kernel),
        "down": lambda x, kernel: halve(conv(x, kernel)),
        None: conv,
    }

    @jax.jit
    def compare(x, kernel):
        found = {}
        for name, plain in steps.items():
            fused = lambda x, kernel, name=name: resampled_conv(x, kernel, name)
            total = lambda f: lambda *given: jnp.sin(f(*given)).sum()
            each = [(f(x, kernel), jax.grad(total(f), (0, 1))(x, kernel)) for f in (fused, plain)]
            found[name or "none"] = each
        return found

    for fused, plain in compare(x, kernel).values():
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-4), fused, plain)


def test_other_windows_are_refused():
    with pytest.raises(ValueError, match=r"1x1 or 3x3 kernel, got 'up' around \(5, 5\)"):
        resampled_conv(jnp.zeros((1, 4, 4, 1)), jnp.zeros((5, 5, 1, 1)), "up")
    with pytest.raises(ValueError, match="got 'left'"):
        resampled_conv(jnp.zeros((1, 4, 4, 1)), jnp.zeros((3, 3, 1, 1)), "left")
