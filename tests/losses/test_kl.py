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
    gaussian_product,
    gaussian_sample,
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


def test_product_equals_the_normalised_product_on_a_grid():
    """Mean and variance of N(z; mu_1, s_1^2) N(z; mu_2, s_2^2) / its integral, by sums on a grid."""
    arguments = (MEAN, LOG_VARIANCE, OTHER_MEAN, OTHER_LOG_VARIANCE)
    mean, log_variance = gaussian_product(*map(jnp.array, arguments))
    z = np.linspace(-30, 30, 200_001)[:, None, None]
    density = stats.norm.pdf(z, MEAN, np.exp(LOG_VARIANCE / 2))
    density = density * stats.norm.pdf(z, OTHER_MEAN, np.exp(OTHER_LOG_VARIANCE / 2))
    density /= density.sum(0)
    expected = (density * z).sum(0)
    np.testing.assert_allclose(mean, expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(
        np.exp(log_variance), (density * (z - expected) ** 2).sum(0), rtol=1e-5
    )


def test_product_with_what_knows_nothing_or_all():
    """Finite, with finite gradients, at log-variances of 80 and more between the factors."""
    mean, flat = jnp.array([[1.5, -2.0]]), jnp.full((1, 2), 80.0)
    vague = gaussian_product(mean, -flat, -mean, flat)
    np.testing.assert_allclose(vague[0], mean, rtol=1e-6)
    np.testing.assert_allclose(vague[1], -flat, rtol=1e-6)
    even = gaussian_product(mean, flat, -mean, flat)
    np.testing.assert_allclose(even[0], 0.0, atol=1e-6)
    np.testing.assert_allclose(even[1], flat - np.log(2), rtol=1e-6)
    total = lambda *a: sum(part.sum() for part in gaussian_product(*a))
    gradients = jax.jit(jax.grad(total, (0, 1, 2, 3)))(mean, -flat, -mean, flat)
    assert all(np.isfinite(g).all() for g in gradients)


def test_samples_have_the_mean_and_variance_and_pass_gradients():
    """20,000 draws within 5 standard errors; d z / d mu = 1 and d z / d log s^2 = (z - mu) / 2."""
    key, mean, log_variance = jax.random.key(0), jnp.array(MEAN), jnp.array(LOG_VARIANCE)
    keys = jax.random.split(key, 20_000)
    z = np.asarray(jax.vmap(lambda k: gaussian_sample(k, mean, log_variance))(keys), np.float64)
    deviation = np.exp(LOG_VARIANCE / 2)
    assert (np.abs(z.mean(0) - MEAN) < 5 * deviation / np.sqrt(len(z))).all()
    assert (np.abs(z.var(0) / deviation**2 - 1) < 5 * np.sqrt(2 / len(z))).all()
    one = gaussian_sample(key, mean, log_variance)
    slopes = jax.grad(lambda *a: gaussian_sample(key, *a).sum(), (0, 1))(mean, log_variance)
    np.testing.assert_allclose(slopes[0], 1.0)
    np.testing.assert_allclose(slopes[1], (one - mean) / 2, rtol=1e-4, atol=1e-6)
    still = gaussian_sample(key, mean, jnp.full(mean.shape, -200.0))
    np.testing.assert_array_equal(still, mean)


FUNCTIONS = {
    "gaussian_kl": (gaussian_kl, 2),
    "gaussian_kl_between": (gaussian_kl_between, 4),
    "gaussian_log_prob": (gaussian_log_prob, 3),
    "standard_normal_log_prob": (standard_normal_log_prob, 1),
    "gaussian_sample": (lambda *a: gaussian_sample(jax.random.key(0), *a), 2),
    "gaussian_product": (lambda *a: sum(gaussian_product(*a)), 4),
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
