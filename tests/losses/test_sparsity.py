"""Penalties of sparse codes by hand, at the ends, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import rel_entr

from genjax.losses import sparsity_kl, top_k


def test_kl_is_that_of_two_coins_for_each_unit():
    """SciPy's rel_entr of both faces, in float64."""
    activations = np.random.default_rng(0).random((7, 4)).astype(np.float32)
    mean = activations.astype(np.float64).mean(axis=0)
    expected = (rel_entr(0.2, mean) + rel_entr(0.8, 1 - mean)).sum()
    np.testing.assert_allclose(
        jax.jit(lambda a: sparsity_kl(a, 0.2))(activations), expected, rtol=1e-5
    )
    np.testing.assert_allclose(sparsity_kl(jnp.full((5, 3), 0.2), 0.2), 0.0, atol=1e-6)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_kl_of_units_that_are_always_off_or_on_is_finite(value):
    activations = jnp.full((3, 2), value)
    found, gradient = jax.value_and_grad(lambda a: sparsity_kl(a, 0.05))(activations)
    assert np.isfinite(found) and found > 0.5 and np.isfinite(gradient).all()


def test_kl_refuses():
    with pytest.raises(ValueError, match=r"\[B, D\], got shape \(3,\)"):
        sparsity_kl(jnp.zeros(3), 0.1)
    with pytest.raises(ValueError, match=r"rate must be above 0 and below 1, got 1.0"):
        sparsity_kl(jnp.zeros((3, 2)), 1.0)


def test_top_k_keeps_the_largest_and_their_gradient():
    activations = jnp.array([[3.0, -1.0, 2.0, 0.5], [-4.0, -1.0, -2.0, -3.0]])
    np.testing.assert_array_equal(top_k(activations, 2), [[3, 0, 2, 0], [0, -1, -2, 0]])
    gradient = jax.grad(lambda a: top_k(a, 2).sum())(activations)
    np.testing.assert_array_equal(gradient, [[1, 0, 1, 0], [0, 1, 1, 0]])
    np.testing.assert_array_equal(top_k(activations, 4), activations)
    np.testing.assert_array_equal(top_k(jnp.ones((1, 3)), 2), [[1, 1, 0]])  # of equal ones, two


@pytest.mark.parametrize("shape, k", [((3,), 1), ((3, 2), 0), ((3, 2), 3)])
def test_top_k_refuses(shape, k):
    with pytest.raises(ValueError, match="k from 1 to D"):
        top_k(jnp.zeros(shape), k)
