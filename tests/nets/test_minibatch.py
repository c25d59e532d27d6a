"""Minibatch discrimination against a calculation by hand and a double loop."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import MinibatchDiscrimination, minibatch_similarity


def test_three_numbers_by_hand():
    """0, 0, 1: exp(0) + exp(-1) = 1.3679 for the first two, 2 exp(-1) = 0.7358 for the third."""
    o = minibatch_similarity(jnp.asarray([0.0, 0.0, 1.0]).reshape(3, 1, 1))
    np.testing.assert_allclose(o[:, 0], [1.3679, 1.3679, 0.7358], atol=5e-5)


def test_the_layer_equals_a_double_loop():
    x = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    layer = MinibatchDiscrimination(num_kernels=3, kernel_dim=2)
    variables = jax.jit(layer.init)(jax.random.key(0), x)
    found = layer.apply(variables, x)
    rows = (x @ np.asarray(variables["params"]["Dense_0"]["kernel"])).reshape(5, 3, 2)
    expected = [
        [
            sum(np.exp(-np.abs(rows[i, b] - rows[j, b]).sum()) for j in range(5) if j != i) - 1
            for b in range(3)
        ]
        for i in range(5)
    ]
    np.testing.assert_array_equal(found[:, :4], x)
    np.testing.assert_allclose(found[:, 4:], expected, rtol=1e-5)


def test_extremes_are_finite_and_shapes_are_checked():
    """Alike: N - 1 each; far apart: 0. The distance of an example to itself has no gradient."""
    alike, far = jnp.zeros((4, 2, 3)), 1e4 * jnp.arange(4.0)[:, None, None] * jnp.ones((4, 2, 3))
    np.testing.assert_array_equal(minibatch_similarity(alike), 3.0)
    np.testing.assert_array_equal(minibatch_similarity(far), 0.0)
    for m in (alike, far):
        gradient = jax.jit(jax.grad(lambda m: minibatch_similarity(m).sum()))(m)
        np.testing.assert_array_equal(gradient, 0.0)
    with pytest.raises(ValueError, match=r"\[N, B, C\]"):
        minibatch_similarity(jnp.zeros((4, 6)))
