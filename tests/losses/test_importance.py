"""The streamed estimate equals the direct one on the same draws, and is one average."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from genjax.losses import (
    gaussian_log_prob,
    importance_log_likelihood,
    importance_weighted_bound,
    standard_normal_log_prob,
)

LOCATION = jnp.array([-100.0, 0.0, 3.0])
SCALE = 1.5


def log_normal_weight(key):
    return LOCATION + SCALE * jax.random.normal(key, LOCATION.shape)


@pytest.fixture(scope="module")
def log_weights():
    """The draws of the root key 0, all at once, [1003, 3]."""
    keys = jax.vmap(lambda i: jax.random.fold_in(jax.random.key(0), i))(jnp.arange(1003))
    return np.asarray(jax.jit(jax.vmap(log_normal_weight))(keys), np.float64)


@pytest.mark.parametrize(
    ("num_samples", "chunk"), [(1, 7), (1003, 1), (1003, 7), (1003, 100), (1000, 1000)]
)
def test_equals_the_direct_estimate_whatever_the_chunk(log_weights, num_samples, chunk):
    """SciPy's logsumexp in float64 on the same draws."""
    result = importance_log_likelihood(
        jax.random.key(0), log_normal_weight, num_samples, chunk=chunk
    )
    expected = special.logsumexp(log_weights[:num_samples], axis=0) - np.log(num_samples)
    np.testing.assert_allclose(result, expected, rtol=1e-6, atol=1e-5)


def test_is_not_the_average_of_chunks():
    """Log-normal weights: log E w = location + scale²/2; L₁₀₀ lies about (e^{scale²} − 1)/200 lower."""
    key = jax.random.key(1)
    exact = LOCATION + SCALE**2 / 2
    one_average = importance_log_likelihood(key, log_normal_weight, 50_000, chunk=500)
    keys = jax.random.split(key, 500)
    averaged = jax.lax.map(
        lambda k: importance_log_likelihood(k, log_normal_weight, 100, chunk=100), keys
    ).mean(axis=0)
    np.testing.assert_allclose(one_average, exact, atol=0.03)
    assert (averaged < exact - 0.02).all()


def test_exact_posterior_gives_the_exact_likelihood():
    """z ~ N(0, 1), x = z + N(0, 1): with q = p(z | x) = N(x/2, ½) every weight is N(x; 0, 2)."""
    x = jnp.array([[-1.0], [0.4], [2.5]])
    mean, log_variance = x / 2, jnp.full(x.shape, jnp.log(0.5))

    def log_weight(key):
        z = mean + jnp.sqrt(0.5) * jax.random.normal(key, mean.shape)
        joint = standard_normal_log_prob(z) + gaussian_log_prob(x, z, jnp.zeros_like(x))
        return joint - gaussian_log_prob(z, mean, log_variance)

    expected = stats.norm.logpdf(x[:, 0], 0, np.sqrt(2))
    for num_samples in (1, 30):
        result = importance_log_likelihood(jax.random.key(2), log_weight, num_samples, chunk=7)
        np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_finite_at_extremes():
    """Weights 1e4 nats apart, and gradients that are the normalised weights."""

    @jax.jit
    def estimate(scale):
        weight = lambda key: scale * jax.random.normal(key, (2,))
        return importance_log_likelihood(jax.random.key(3), weight, 50, chunk=8).sum()

    value, gradient = jax.value_and_grad(estimate)(1e4)
    assert np.isfinite(value) and np.isfinite(gradient)
    numeric = float(estimate(1.01) - estimate(0.99)) / 0.02
    assert jax.grad(estimate)(1.0) == pytest.approx(numeric, rel=1e-2)


def test_impossible_draws_weigh_nothing():
    """A first chunk of zero weights only must not become nan; all zero is log 0."""

    def half(key):
        return jnp.where(jax.random.uniform(key, (4,)) < 0.9, -jnp.inf, 0.0)

    result = importance_log_likelihood(jax.random.key(4), half, 2000, chunk=2)
    np.testing.assert_allclose(result, np.log(0.1), atol=0.3)
    nothing = importance_log_likelihood(
        jax.random.key(4), lambda key: jnp.full((4,), -jnp.inf), 20, chunk=3
    )
    assert np.isneginf(nothing).all()


def test_memory_does_not_grow_with_the_number_of_samples():
    def temporary_bytes(num_samples):
        weight = lambda key: jax.random.normal(key, (64, 100)).sum(axis=1)
        estimate = lambda key: importance_log_likelihood(key, weight, num_samples, chunk=20)
        compiled = jax.jit(estimate).lower(jax.random.key(0)).compile()
        return compiled.memory_analysis().temp_size_in_bytes

    assert temporary_bytes(20_000) < 1.1 * temporary_bytes(200) + 10_000


@pytest.mark.parametrize(("num_samples", "chunk"), [(0, 10), (10, 0)])
def test_sizes_must_be_positive(num_samples, chunk):
    with pytest.raises(ValueError, match="must be positive"):
        importance_log_likelihood(jax.random.key(0), log_normal_weight, num_samples, chunk=chunk)


@pytest.mark.parametrize("shape", [(), (3, 1)])
def test_wrong_shapes_are_refused(shape):
    with pytest.raises(ValueError, match=r"shape \[B\]"):
        importance_log_likelihood(jax.random.key(0), lambda key: jnp.zeros(shape), 10)


def test_bound_of_weights_at_once_equals_scipys_logsumexp(log_weights):
    result = importance_weighted_bound(jnp.asarray(log_weights, jnp.float32))
    expected = special.logsumexp(log_weights, axis=0) - np.log(len(log_weights))
    np.testing.assert_allclose(result, expected, rtol=1e-5)
    one = importance_weighted_bound(jnp.asarray(log_weights[:1], jnp.float32))
    np.testing.assert_allclose(one, log_weights[0], rtol=1e-6)


def test_bounds_gradient_is_the_normalised_weights():
    """Equation 13: not squared, not 1/k each; finite for weights 1e4 nats apart."""
    weights = jnp.array([[0.0, 1e4], [1.0, -1e4], [-2.0, 0.0]])
    value, gradient = jax.value_and_grad(lambda w: importance_weighted_bound(w).sum())(weights)
    assert np.isfinite(value)
    np.testing.assert_allclose(gradient, special.softmax(np.asarray(weights), axis=0), rtol=1e-5)


@pytest.mark.parametrize("shape", [(), (3,), (3, 2, 1)])
def test_bound_refuses_wrong_shapes(shape):
    with pytest.raises(ValueError, match=r"must have shape \[k, B\]"):
        importance_weighted_bound(jnp.zeros(shape))
