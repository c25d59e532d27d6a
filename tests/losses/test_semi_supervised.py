"""K logits as a classifier of K + 1 classes: the identity, against SciPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import softmax

from genjax.losses import realness

LOGITS = np.random.default_rng(0).normal(0, 3, size=(8, 5)).astype(np.float32)


def test_realness_is_the_complement_of_the_class_of_fakes():
    """1 - softmax([l, 0])_{K+1} = sigmoid(S)."""
    fake = softmax(np.concatenate([LOGITS, np.zeros((8, 1))], axis=1).astype(np.float64), axis=1)
    found = jax.nn.sigmoid(realness(jnp.asarray(LOGITS)))
    np.testing.assert_allclose(found, 1 - fake[:, -1], rtol=1e-5)


def test_extremes_are_finite_and_shapes_are_checked():
    far = jnp.asarray([[1e4, -1e4], [-1e2, -1e2]])
    assert np.isfinite(jax.grad(lambda x: realness(x).sum())(far)).all()
    with pytest.raises(ValueError, match=r"\[B, K\]"):
        realness(jnp.asarray([1, 0]))
