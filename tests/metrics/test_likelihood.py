"""Quadrature against the marginal of a linear Gaussian model, which is known exactly."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from genjax.core import Spec
from genjax.metrics import bits_per_dim, quadrature_log_likelihood

DEVIATION = 0.5


def linear_model(latent_dim, num_examples=7, num_dims=5):
    """x = W z + b + noise: closure, data and exact log p(x) = log N(b, W Wᵀ + σ² I) (pPCA)."""
    rng = np.random.default_rng(latent_dim)
    weights = rng.normal(size=(num_dims, latent_dim)) * np.array([1.5, 0.4])[:latent_dim]
    bias = rng.normal(size=num_dims)
    x = 2 * rng.normal(size=(num_examples, num_dims))
    covariance = weights @ weights.T + DEVIATION**2 * np.eye(num_dims)
    exact = stats.multivariate_normal(bias, covariance).logpdf(x)

    def log_prob(z, x):
        mean = z @ weights.T.astype(np.float32) + bias.astype(np.float32)[None]
        squares = jnp.square((x[None] - mean[:, None]) / DEVIATION).sum(axis=-1)
        return -0.5 * squares - num_dims * np.log(DEVIATION * np.sqrt(2 * np.pi))

    return log_prob, jnp.array(x, jnp.float32), exact


@pytest.mark.parametrize(("latent_dim", "chunk"), [(1, 201), (1, 50), (2, 1000)])
def test_quadrature_against_the_exact_marginal(latent_dim, chunk):
    log_prob, x, exact = linear_model(latent_dim)
    result = quadrature_log_likelihood(log_prob, x, latent_dim, chunk=chunk)
    np.testing.assert_allclose(result, exact, rtol=1e-5, atol=1e-4)


def test_quadrature_integrates_the_prior_to_one():
    zeros = lambda z, x: jnp.zeros((len(z), len(x)))
    result = quadrature_log_likelihood(zeros, jnp.zeros((3, 2)), 2)
    np.testing.assert_allclose(result, 0, atol=1e-5)


def test_quadrature_takes_another_prior():
    """z ~ N(1, 1/4) and x = z + N(0, 1/4): x ~ N(1, 1/2)."""
    x = jnp.array([[-1.0], [0.3], [2.0]])
    log_prior = lambda z: jax.scipy.stats.norm.logpdf(z[:, 0], 1.0, 0.5)
    log_prob = lambda z, x: jax.scipy.stats.norm.logpdf(x[None, :, 0] - z, 0.0, 0.5)
    result = quadrature_log_likelihood(log_prob, x, 1, log_prior=log_prior)
    np.testing.assert_allclose(result, stats.norm(1, 0.5**0.5).logpdf(x[:, 0]), atol=1e-4)


def test_quadrature_is_finite_at_extremes():
    x = jnp.array([[1e3], [-1e3]])

    @jax.jit
    def total(scale):
        log_prob = lambda z, x: -scale * jnp.square(x[None, :, 0] - z)
        return quadrature_log_likelihood(log_prob, x, 1).sum()

    value, gradient = jax.value_and_grad(total)(10.0)
    assert np.isfinite(value) and np.isfinite(gradient)


@pytest.mark.parametrize(
    ("latent_dim", "options", "message"),
    [
        (3, {}, "1 or 2 dimensions, got 3"),
        (1, {"num_points": 1}, "two points"),
        (1, {"limit": 0.0}, "positive limit"),
        (1, {"chunk": 0}, "positive chunk"),
    ],
)
def test_quadrature_refuses(latent_dim, options, message):
    zeros = lambda z, x: jnp.zeros((len(z), len(x)))
    with pytest.raises(ValueError, match=message):
        quadrature_log_likelihood(zeros, jnp.zeros((3, 2)), latent_dim, **options)


def test_quadrature_refuses_a_closure_of_another_shape():
    with pytest.raises(ValueError, match=r"\[n, B\] = \(200, 3\), got \(3, 200\)"):
        quadrature_log_likelihood(lambda z, x: jnp.zeros((len(x), len(z))), jnp.zeros((3, 2)), 1)
    zeros = lambda z, x: jnp.zeros((len(z), len(x)))
    with pytest.raises(ValueError, match=r"log_prior must return \[n\] = \(200,\), got \(\)"):
        quadrature_log_likelihood(zeros, jnp.zeros((3, 2)), 1, log_prior=jnp.sum)


def test_bits_per_dim_of_fair_bytes_is_eight():
    log_likelihood = jnp.full((2,), -3072 * np.log(256.0))
    np.testing.assert_allclose(bits_per_dim(log_likelihood, 3072), 8, rtol=1e-6)
    np.testing.assert_allclose(bits_per_dim(log_likelihood, Spec((32, 32, 3), 256)), 8, rtol=1e-6)
    assert np.isfinite(bits_per_dim(jnp.array(-1e30), 1))
    assert jax.grad(bits_per_dim)(-10.0, 5) == pytest.approx(-1 / (5 * np.log(2)))


@pytest.mark.parametrize("dims", [0, Spec((0,))])
def test_bits_per_dim_refuses_no_dimensions(dims):
    with pytest.raises(ValueError, match="at least one dimension, got 0"):
        bits_per_dim(jnp.zeros(2), dims)
