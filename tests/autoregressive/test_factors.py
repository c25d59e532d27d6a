"""Factors apart against SciPy, and which elements may be known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from genjax.autoregressive.factors import (
    check_known,
    factor_likelihood,
    factor_log_probs,
    shares_channels,
)
from genjax.core import Spec

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(
    "levels, name", [(2, "bernoulli"), (3, "categorical"), (256, "categorical"), (None, "gaussian")]
)
def test_the_usual_likelihood_of_an_element(levels, name):
    assert factor_likelihood(Spec((2, 2, 1), levels), None).name == name


def test_another_likelihood_and_its_components():
    spec = Spec((2, 2, 3), 256)
    name = "discretized_logistic_mixture"
    mixture = factor_likelihood(spec, name, 5)
    assert mixture.parameter_shape(spec.shape) == (2, 2, 50)
    assert shares_channels(mixture, spec.shape)
    assert not shares_channels(factor_likelihood(spec, None), spec.shape)
    with pytest.raises(ValueError, match=r"does not fit|not a likelihood"):
        factor_likelihood(spec, "bernoulli")
    with pytest.raises(ValueError, match="'categorical' does not take num_components"):
        factor_likelihood(spec, "categorical", 5)


@pytest.mark.parametrize("shape", [(3, 2, 2), (5,)])
def test_factors_are_those_of_scipy(shape):
    x = RNG.integers(0, 2, (4, *shape)).astype(np.float32)
    logits = RNG.normal(size=(4, *shape, 1)).astype(np.float32)
    bits = factor_likelihood(Spec(shape, 2), None)
    found = factor_log_probs(bits, jnp.asarray(logits), jnp.asarray(x))
    assert found.shape == x.shape
    p = 1 / (1 + np.exp(-logits[..., 0].astype(np.float64)))
    np.testing.assert_allclose(found, stats.bernoulli.logpmf(x, p), rtol=1e-5)
    np.testing.assert_allclose(
        found.reshape(4, -1).sum(-1), bits.log_prob(jnp.asarray(logits), jnp.asarray(x)), rtol=1e-5
    )
    gaussian = factor_likelihood(Spec(shape), None)
    parameters = RNG.normal(size=(4, *shape, 2)).astype(np.float32)
    found = factor_log_probs(gaussian, jnp.asarray(parameters), jnp.asarray(x))
    mean, deviation = parameters[..., 0], np.exp(parameters[..., 1] / 2)
    np.testing.assert_allclose(found, stats.norm.logpdf(x, mean, deviation), rtol=1e-4)


def test_channels_that_share_a_factor_have_one_between_them():
    spec = Spec((3, 2, 3), 4)
    mixture = factor_likelihood(spec, "discretized_logistic_mixture", 2)
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
    bits = factor_likelihood(Spec((2,), 2), None)
    found = factor_log_probs(bits, jnp.array([[[1e4], [-1e4]]]), jnp.array([[1.0, 1.0]]))
    np.testing.assert_allclose(found, [[0.0, -1e4]])
    with pytest.raises(Exception, match=r"shape|reshape"):
        factor_log_probs(bits, jnp.zeros((1, 3, 1)), jnp.zeros((1, 2)))


ORDER = np.array([[2, 0], [1, 3]])


@pytest.mark.parametrize("places", [[], [0], [0, 1], [0, 1, 2], [0, 1, 2, 3]])
def test_what_comes_first_may_be_known(places):
    known = np.isin(ORDER, places)
    found = check_known(known.astype(int), ORDER, (2, 2))
    assert found.dtype == bool
    np.testing.assert_array_equal(found, known)


@pytest.mark.parametrize("places", [[1], [3], [0, 2], [0, 1, 3]])
def test_what_comes_later_may_be_known_in_no_one_order_only(places):
    known = np.isin(ORDER, places)
    np.testing.assert_array_equal(check_known(known, None, (2, 2)), known)
    with pytest.raises(ValueError, match="do not come first in the order") as caught:
        check_known(known, ORDER, (2, 2))
    assert "\n" not in str(caught.value)


def test_elements_that_are_drawn_together_are_known_together():
    order = np.array([0, 0, 1, 1])
    check_known(np.array([1, 1, 0, 0]), order, (4,))
    for known in ([1, 0, 0, 0], [1, 1, 1, 0]):
        with pytest.raises(ValueError, match="do not come first"):
            check_known(np.array(known), order, (4,))
    with pytest.raises(ValueError, match=r"known has shape \(4,\), an example \(2, 2\)"):
        check_known(np.zeros(4), None, (2, 2))
