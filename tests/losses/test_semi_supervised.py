"""K logits as a classifier of K + 1 classes, and entropies of classes: against SciPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.special import softmax

from genjax.losses import dynamic_label, entropy, marginal_entropy, realness

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


def test_the_class_of_a_fake_is_that_of_data_which_is_nearest():
    """The last logit, of fakes, is the largest of the first row, and counts for nothing."""
    logits = jnp.asarray([[0.0, 2.0, 1.0, 9.0], [3.0, -1.0, 2.0, 0.0]])
    np.testing.assert_array_equal(dynamic_label(logits), [1, 0])
    with pytest.raises(ValueError, match="at least 2"):
        dynamic_label(jnp.zeros((3, 1)))


def test_entropies_are_scipys():
    """Of each row's probabilities, and of their mean, which is not the mean of the entropies."""
    p = softmax(LOGITS.astype(np.float64), axis=1)
    each, of_mean = stats.entropy(p, axis=1), stats.entropy(p.mean(0))
    np.testing.assert_allclose(entropy(jnp.asarray(LOGITS)), each, rtol=1e-4)
    np.testing.assert_allclose(marginal_entropy(jnp.asarray(LOGITS)), of_mean, rtol=1e-4)
    assert of_mean > each.mean() + 0.1
    np.testing.assert_allclose(entropy(jnp.zeros((2, 4))), np.log(4), rtol=1e-6)
    np.testing.assert_allclose(marginal_entropy(100 * jnp.eye(4)), np.log(4), rtol=1e-6)


@pytest.mark.parametrize("function", [entropy, marginal_entropy])
def test_entropies_of_extreme_logits_have_finite_gradients(function):
    far = jnp.asarray([[1e4, -1e4, 0.0], [-1e4, -1e4, 1e4]])
    assert np.isfinite(jax.grad(lambda x: function(x).sum())(far)).all()
    with pytest.raises(ValueError, match=r"\[B, K\]"):
        function(jnp.zeros(3))
