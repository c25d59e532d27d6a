"""The mixture's density against an explicit double loop over components and dimensions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from genjax.losses import gaussian_mixture_log_prob

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(5, 3)) * 2
MEANS = RNG.normal(size=(4, 3)) + 3.0  # away from the origin, where squares that cancel would show
LOG_VARIANCES = RNG.normal(size=(4, 3))
LOG_WEIGHTS = np.log([0.1, 0.2, 0.3, 0.4])


def double_loop(z, means, log_variances, log_weights):
    """float64, one scalar density at a time."""
    totals = np.zeros((len(z), len(means)))
    for n, k in np.ndindex(totals.shape):
        for d in range(z.shape[1]):
            deviation = np.exp(log_variances[k, d] / 2)
            totals[n, k] += stats.norm.logpdf(z[n, d], means[k, d], deviation)
    return special.logsumexp(totals + log_weights, axis=1)


@pytest.mark.parametrize("weights", [None, LOG_WEIGHTS], ids=["uniform", "weighted"])
def test_equals_an_explicit_double_loop(weights):
    given = None if weights is None else jnp.array(weights)
    result = gaussian_mixture_log_prob(*map(jnp.array, (Z, MEANS, LOG_VARIANCES)), given)
    expected = double_loop(Z, MEANS, LOG_VARIANCES, -np.log(4) if weights is None else weights)
    np.testing.assert_allclose(result, expected, rtol=1e-5)


def test_one_component_is_a_gaussian_and_copies_change_nothing():
    one = gaussian_mixture_log_prob(*map(jnp.array, (Z, MEANS[:1], LOG_VARIANCES[:1])))
    expected = stats.norm.logpdf(Z, MEANS[:1], np.exp(LOG_VARIANCES[:1] / 2)).sum(1)
    np.testing.assert_allclose(one, expected, rtol=1e-5)
    copies = [jnp.repeat(jnp.array(a[:1]), 6, axis=0) for a in (MEANS, LOG_VARIANCES)]
    np.testing.assert_allclose(gaussian_mixture_log_prob(jnp.array(Z), *copies), one, rtol=1e-5)


def test_gradients_are_those_of_direct_differences():
    """The centre that is taken from both moves nothing."""

    def direct(z, means, log_variances):
        distances = (z[:, None] - means[None]) ** 2 / jnp.exp(log_variances)[None]
        each = -0.5 * (distances + log_variances[None] + jnp.log(2 * jnp.pi))
        return jax.nn.logsumexp(each.sum(-1) - jnp.log(4.0), axis=1)

    arguments = tuple(map(jnp.array, (Z, MEANS, LOG_VARIANCES)))
    ours = jax.jit(jax.grad(lambda a: gaussian_mixture_log_prob(*a).sum()))(arguments)
    theirs = jax.jit(jax.grad(lambda a: direct(*a).sum()))(arguments)
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-4)


def test_many_narrow_components_keep_their_digits():
    """The stated error: 1e-3 nats where 40 dimensions have variances of a hundredth."""
    rng = np.random.default_rng(1)
    means, log_variances = rng.normal(size=(50, 40)), np.full((50, 40), np.log(0.01))
    z = means[:8] + 0.1 * rng.normal(size=(8, 40))
    rounded = [np.asarray(a, np.float32) for a in (z, means, log_variances)]
    result = gaussian_mixture_log_prob(*map(jnp.array, rounded))
    expected = double_loop(*[a.astype(np.float64) for a in rounded], -np.log(50))
    np.testing.assert_allclose(result, expected, atol=5e-3)


def test_finite_at_extremes():
    """Components that no draw can come from, very flat and rather sharp ones."""

    def total(z, means, log_variances):
        return gaussian_mixture_log_prob(z, means, log_variances).sum()

    arguments = (
        jnp.array([[1e4, -1e4], [0.0, 0.0]]),
        jnp.array([[-1e4, 1e4], [0.0, 0.0], [5.0, 5.0]]),
        jnp.array([[50.0, -10.0], [20.0, 0.0], [-10.0, -10.0]]),
    )
    value, gradients = jax.jit(jax.value_and_grad(total, (0, 1, 2)))(*arguments)
    assert np.isfinite(value) and all(np.isfinite(g).all() for g in gradients)


@pytest.mark.parametrize(
    "shapes, message",
    [
        (((5,), (4, 3), (4, 3)), "z is"),
        (((5, 2), (4, 3), (4, 3)), "z is"),
        (((5, 3), (4, 3), (1, 3)), "means and log_variances are"),
        (((5, 3), (4, 3), (4, 3), (3,)), r"log_weights is \[K\] = \(4,\), got \(3,\)"),
    ],
)
def test_wrong_shapes_are_refused(shapes, message):
    with pytest.raises(ValueError, match=message):
        gaussian_mixture_log_prob(*map(jnp.zeros, shapes))
