"""Log-probabilities of elements apart, against SciPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from genjax.core import Spec
from genjax.losses import factor_log_probs, for_spec

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("shape", [(3, 2, 2), (5,)])
def test_factors_are_those_of_scipy(shape):
    x = RNG.integers(0, 2, (4, *shape)).astype(np.float32)
    logits = RNG.normal(size=(4, *shape, 1)).astype(np.float32)
    bits = for_spec(Spec(shape, 2))
    found = factor_log_probs(bits, jnp.asarray(logits), jnp.asarray(x))
    assert found.shape == x.shape
    p = 1 / (1 + np.exp(-logits[..., 0].astype(np.float64)))
    np.testing.assert_allclose(found, stats.bernoulli.logpmf(x, p), rtol=1e-5)
    np.testing.assert_allclose(
        found.reshape(4, -1).sum(-1), bits.log_prob(jnp.asarray(logits), jnp.asarray(x)), rtol=1e-5
    )
    gaussian = for_spec(Spec(shape))
    parameters = RNG.normal(size=(4, *shape, 2)).astype(np.float32)
    found = factor_log_probs(gaussian, jnp.asarray(parameters), jnp.asarray(x))
    mean, deviation = parameters[..., 0], np.exp(parameters[..., 1] / 2)
    np.testing.assert_allclose(found, stats.norm.logpdf(x, mean, deviation), rtol=1e-4)


def test_channels_that_share_a_factor_have_one_between_them():
    spec = Spec((3, 2, 3), 4)
    mixture = for_spec(spec, "discretized_logistic_mixture", num_components=2)
    parameters = jnp.asarray(
        RNG.normal(size=(4, *mixture.parameter_shape(spec.shape))), jnp.float32
    )
    x = jnp.asarray(RNG.integers(0, 4, (4, *spec.shape)) / 3, jnp.float32)

    @jax.jit
    def both(parameters, x):
        return factor_log_probs(mixture, parameters, x), mixture.log_prob(parameters, x)

    found, total = both(parameters, x)
    assert found.shape == (4, 3, 2)
    np.testing.assert_allclose(found.sum((1, 2)), total, rtol=1e-5)
    # Another place moves no other factor.
    moved, _ = both(parameters, x.at[:, 1, 1].set(1 - x[:, 1, 1]))
    same = np.asarray(moved == found).all(0)
    assert same.sum() == 5 and not same[1, 1]


def test_extreme_logits_keep_their_factors_finite():
    bits = for_spec(Spec((2,), 2))
    found = factor_log_probs(bits, jnp.array([[[1e4], [-1e4]]]), jnp.array([[1.0, 1.0]]))
    np.testing.assert_allclose(found, [[0.0, -1e4]])
    with pytest.raises(Exception, match=r"shape|reshape"):
        factor_log_probs(bits, jnp.zeros((1, 3, 1)), jnp.zeros((1, 2)))
