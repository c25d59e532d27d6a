"""Equalised layers: weights of variance 1, outputs of variance gain squared."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import EqualizedConv, EqualizedDense

KEY = jax.random.key(0)


@pytest.mark.parametrize("gain", [1.0, 2**0.5, 2**0.5 / 4])
def test_variances(gain):
    """Of the weights 1, of outputs for independent inputs of variance 1 the gain's square."""
    x = jax.random.normal(KEY, (200, 300))
    image = jax.random.normal(KEY, (4, 12, 12, 40))
    for layer, given in ((EqualizedDense(100, gain), x), (EqualizedConv(100, gain), image)):
        found, variables = jax.jit(layer.init_with_output)(jax.random.key(1), given)
        inner = found if found.ndim == 2 else found[:, 1:-1, 1:-1]  # borders see zeros
        np.testing.assert_allclose(inner.var(), gain**2, rtol=0.1)
        np.testing.assert_allclose(variables["params"]["kernel"].var(), 1.0, rtol=0.05)


def test_value_by_numpy():
    layer, x = EqualizedDense(3, 0.5), jnp.arange(8.0).reshape(2, 4)
    found, variables = layer.init_with_output(KEY, x)
    kernel = np.asarray(variables["params"]["kernel"])
    np.testing.assert_allclose(found, np.asarray(x) @ kernel * 0.5 / 2, rtol=1e-5, atol=1e-6)
    usual = EqualizedDense(3).apply(variables, x)  # He's gain
    np.testing.assert_allclose(usual, np.sqrt(2) / 0.5 * found, rtol=1e-5, atol=1e-6)
