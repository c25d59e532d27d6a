"""The squared norm of a Jacobian: three ways to have it agree."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.losses import jacobian_norm, sigmoid_layer_jacobian


def parts():
    rng = np.random.default_rng(0)
    kernel, bias = rng.normal(size=(6, 4)), rng.normal(size=4)
    return jnp.asarray(kernel, jnp.float32), jnp.asarray(bias, jnp.float32)


def brute_force(encode, x):
    """Forward mode, one example at a time, against the backward mode of the library."""
    return [(np.asarray(jax.jacfwd(encode)(one[None])) ** 2).sum() for one in x]


def test_one_sigmoid_layer_has_a_closed_form():
    kernel, bias = parts()
    encode = lambda x: jax.nn.sigmoid(x @ kernel + bias[None])
    x = jax.random.normal(jax.random.key(0), (5, 6))
    expected = brute_force(encode, x)
    np.testing.assert_allclose(sigmoid_layer_jacobian(encode(x), kernel), expected, rtol=1e-5)
    np.testing.assert_allclose(jax.jit(lambda x: jacobian_norm(encode, x))(x), expected, rtol=1e-5)


def test_any_code_of_images():
    kernel, bias = parts()
    encode = lambda x: jnp.tanh(jnp.sin(x.reshape(len(x), 6)) @ kernel + bias[None]) ** 2
    x = jax.random.normal(jax.random.key(1), (3, 2, 3, 1))
    np.testing.assert_allclose(jacobian_norm(encode, x), brute_force(encode, x), rtol=1e-5)


def test_units_at_their_ends_do_not_move():
    """A saturated sigmoid has no slope, and the penalty a finite gradient there."""
    kernel = parts()[0]
    z = jnp.array([[0.0, 1.0, 0.0, 1.0]])
    assert sigmoid_layer_jacobian(z, kernel) == 0.0
    norm = lambda scale: jacobian_norm(lambda x: jax.nn.sigmoid(scale * x), jnp.ones((1, 2))).sum()
    value, gradient = jax.value_and_grad(norm)(200.0)
    assert value == 0.0 and np.isfinite(gradient)


def test_refusals():
    with pytest.raises(ValueError, match=r"kernel \[N, D\]"):
        sigmoid_layer_jacobian(jnp.zeros((2, 3)), jnp.zeros((5, 4)))
    with pytest.raises(ValueError, match=r"a code is \[B, D\], got shape \(2, 3, 1\)"):
        jacobian_norm(lambda x: x[..., None], jnp.zeros((2, 3)))
