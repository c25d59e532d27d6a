"""The deviation channel by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import minibatch_stddev


def test_by_hand_with_strided_groups():
    """Groups {0, 2} and {1, 3}: deviations 1 and 2; neighbours {0, 1} and {2, 3} would give 5 and 2."""
    x = jnp.array([0.0, 10.0, 2.0, 6.0]).reshape(4, 1, 1, 1)
    found = minibatch_stddev(x, 2)
    assert found.shape == (4, 1, 1, 2)
    np.testing.assert_allclose(found[:, 0, 0, 1], [1.0, 2.0, 1.0, 2.0], rtol=1e-5)
    np.testing.assert_array_equal(found[..., :1], x)


def test_mean_over_places_and_channels():
    x = np.random.default_rng(0).normal(size=(8, 3, 2, 5)).astype(np.float32)
    found = np.asarray(minibatch_stddev(jnp.asarray(x)))
    for first in (0, 1):
        expected = x[first::2].std(0).mean()
        np.testing.assert_allclose(found[first::2, ..., 5], expected, rtol=1e-4)


@pytest.mark.parametrize("num, size", [(1, 1), (6, 3), (7, 1), (8, 4)])
def test_any_number_of_examples(num, size):
    """The largest divisor up to 4 makes the groups; an example alone deviates by 0."""
    x = jnp.arange(float(num)).reshape(num, 1, 1, 1)
    expected = minibatch_stddev(x, size)
    np.testing.assert_array_equal(minibatch_stddev(x, 4), expected)
    if size == 1:
        np.testing.assert_allclose(expected[..., 1], 0.0, atol=2e-4)


def test_gradient_of_equal_examples_is_finite():
    gradient = jax.grad(lambda x: minibatch_stddev(x).sum())(jnp.ones((4, 2, 2, 1)))
    assert np.isfinite(gradient).all()
