"""Gaussian formulas against SciPy and numeric integration, with unequal variances on purpose."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import integrate, stats

from genjax.losses import (
    gaussian_kl,
    gaussian_kl_between,
    gaussian_log_prob,
    standard_normal_log_prob,
)

MEAN = np.array([[0.3, -1.2, 2.0], [0.0, 0.5, -0.1]])
LOG_VARIANCE = np.array([[-1.0, 0.7, 0.2], [0.0, -2.0, 1.5]])
OTHER_MEAN = np.array([[-0.4, 0.1, 1.0], [0.2, 0.0, 1.1]])
OTHER_LOG_VARIANCE = np.array([[0.9, -0.5, 0.2], [-1.0, 1.0, 0.3]])


def integrated_kl(mean, log_variance, other_mean, other_log_variance):
    p = stats.norm(mean, np.exp(log_variance / 2))
    q = stats.norm(other_mean, np.exp(other_log_variance / 2))
    value, _ = integrate.quad(
        lambda x: p.pdf(x) * (p.logpdf(x) - q.logpdf(x)), -25, 25, points=[mean]
    )
    return value


def test_kl_between_against_integration():
    arguments = (MEAN, LOG_VARIANCE, OTHER_MEAN, OTHER_LOG_VARIANCE)
    expected = np.vectorize(integrated_kl)(*arguments).sum(axis=1)
    forward = gaussian_kl_between(*map(jnp.array, arguments))
    np.testing.assert_allclose(forward, expected, rtol=1e-5)
    # The case is asymmetric: the wrong direction would be seen.
    backward = gaussian_kl_between(*map(jnp.array, arguments[2:] + arguments[:2]))
    assert np.abs(backward - expected).min() > 0.1


def test_kl_against_integration():
    expected = np.vectorize(integrated_kl)(MEAN, LOG_VARIANCE, 0.0, 0.0).sum(axis=1)
    np.testing.assert_allclose(
        gaussian_kl(jnp.array(MEAN), jnp.array(LOG_VARIANCE)), expected, rtol=1e-5
    )


def test_kl_of_one_closed_form():
    """N(1, 4): ½ (1 + 4 − 1 − log 4) by hand; a log σ read as log σ² would give another value."""
    value = gaussian_kl(jnp.ones((1, 1)), jnp.full((1, 1), np.log(4.0)))
    assert value[0] == pytest.approx(0.5 * (4 - np.log(4)))


def test_kl_is_zero_at_the_prior_and_keeps_digits_near_it():
    zeros = jnp.zeros((2, 3))
    np.testing.assert_array_equal(gaussian_kl(zeros, zeros), 0)
    np.testing.assert_array_equal(gaussian_kl_between(*map(jnp.array, (MEAN, LOG_VARIANCE) * 2)), 0)
    near = jnp.full((1, 1), 0.01)  # series: v²/4 + v³/12; exp(v) − 1 − v would keep three digits
    assert gaussian_kl(jnp.zeros((1, 1)), near)[0] == pytest.approx(2.5083542e-05, rel=1e-4)


def test_log_probs_against_scipy():
    x = jnp.array(OTHER_MEAN)
    expected = stats.norm.logpdf(x, MEAN, np.exp(LOG_VARIANCE / 2)).sum(axis=1)
    result = gaussian_log_prob(x, jnp.array(MEAN), jnp.array(LOG_VARIANCE))
    np.testing.assert_allclose(result, expected, rtol=1e-5)
    np.testing.assert_allclose(
        standard_normal_log_prob(x), stats.norm.logpdf(x).sum(axis=1), rtol=1e-5
    )


def test_sums_over_every_axis_but_the_first():
    x = jax.random.normal(jax.random.key(0), (4, 2, 3, 1))
    flat = x.reshape(4, 6)
    np.testing.assert_allclose(gaussian_kl(x, x), gaussian_kl(flat, flat), rtol=1e-6)
    np.testing.assert_allclose(
        standard_normal_log_prob(x), standard_normal_log_prob(flat), rtol=1e-6
    )


FUNCTIONS = {
    "gaussian_kl": (gaussian_kl, 2),
    "gaussian_kl_between": (gaussian_kl_between, 4),
    "gaussian_log_prob": (gaussian_log_prob, 3),
    "standard_normal_log_prob": (standard_normal_log_prob, 1),
}
table = pytest.mark.parametrize(("function", "arity"), FUNCTIONS.values(), ids=FUNCTIONS)


@table
def test_finite_at_extremes(function, arity):
    means = (jnp.array([[1e4, -1e4]]), jnp.array([[-1e4, -1e4]]))
    log_variances = (jnp.array([[-50.0, 50.0]]), jnp.array([[50.0, -20.0]]))
    arguments = {
        1: means[:1],
        2: (means[0], log_variances[0]),
        3: (means[0], means[1], log_variances[0]),
        4: (means[0], log_variances[0], means[1], log_variances[1]),
    }[arity]
    total = lambda arguments: function(*arguments).sum()
    value, gradients = jax.value_and_grad(total)(arguments)
    assert np.isfinite(value) and np.isfinite(np.array(gradients)).all()


@table
def test_wrong_shapes_are_refused(function, arity):
    with pytest.raises(ValueError, match="batch axis"):
        function(*[jnp.zeros(())] * arity)
    if arity > 1:
        for odd in range(arity):
            arguments = [jnp.zeros((2, 3))] * arity
            arguments[odd] = jnp.zeros((2, 1))
            with pytest.raises(ValueError, match=r"\(2, 1\)"):
                function(*arguments)
