"""The three terms against loops in NumPy, the exact aggregate of a tiny set, and a known Gaussian."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from genjax.losses import gaussian_log_prob, kl_terms, standard_normal_log_prob
from genjax.losses.total_correlation import _log_weights

RNG = np.random.default_rng(0)
MEAN, LOG_VARIANCE = RNG.normal(size=(6, 3)), RNG.normal(size=(6, 3)) - 1.0
Z = MEAN + np.exp(LOG_VARIANCE / 2) * RNG.normal(size=(6, 3))
SIX = tuple(map(jnp.array, (Z, MEAN, LOG_VARIANCE)))


def by_loops(z, mean, log_variance, log_weight):
    """Equation 2 in float64; `log_weight(i, j)` of component j for draw i."""
    size, dim = z.shape
    joint, each = np.zeros((size, size)), np.zeros((size, size, dim))
    for i, j in np.ndindex(size, size):
        each[i, j] = stats.norm.logpdf(z[i], mean[j], np.exp(log_variance[j] / 2))
        joint[i, j] = each[i, j].sum() + log_weight(i, j)
        each[i, j] += log_weight(i, j)
    log_q_given = stats.norm.logpdf(z, mean, np.exp(log_variance / 2)).sum(1)
    log_q, log_q_each = special.logsumexp(joint, 1), special.logsumexp(each, 1).sum(1)
    return log_q_given - log_q, log_q - log_q_each, log_q_each - stats.norm.logpdf(z).sum(1)


CASES = {
    "whole": ({}, lambda i, j: -np.log(6)),
    "weighted": ({"num_examples": 50}, lambda i, j: -np.log(50 * 6)),
    "stratified": (
        {"num_examples": 50, "stratified": True},
        lambda i, j: np.log(1 / 50 if i == j else 49 / (50 * 5)),
    ),
}


@pytest.mark.parametrize("options, log_weight", CASES.values(), ids=CASES)
def test_terms_equal_loops_and_sum_to_the_log_ratio(options, log_weight):
    terms = kl_terms(*SIX, **options)
    expected = by_loops(Z, MEAN, LOG_VARIANCE, log_weight)
    for one, other in zip(terms, expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
    z, mean, log_variance = SIX
    ratio = gaussian_log_prob(z, mean, log_variance) - standard_normal_log_prob(z)
    np.testing.assert_allclose(sum(terms), ratio, rtol=1e-5, atol=1e-5)


def test_the_whole_set_is_its_exact_aggregate():
    """With all N = 6 examples at hand the stratified estimate is the truth, like that of no N."""
    exact = kl_terms(*SIX)
    for one, other in zip(exact, kl_terms(*SIX, num_examples=6, stratified=True), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    # Minibatch-weighted sampling shifts log q by log N and each log q_d too: information log N high.
    weighted = kl_terms(*SIX, num_examples=6)
    np.testing.assert_allclose(
        weighted.mutual_information - exact.mutual_information, np.log(6), rtol=1e-5
    )


def test_stratified_weights_average_to_the_aggregate_over_minibatches():
    """For each draw, the mean over all minibatches that hold its example is 1/N sum_n q(z|x_n).

    Pairs out of 6 examples, in full; the weighted estimate stays below it in the mean of logarithms.
    """
    own, others = np.exp(np.asarray(_log_weights(2, 6, True)))[0]
    assert own + others == pytest.approx(1.0)
    densities = np.exp(stats.norm.logpdf(Z[:, None], MEAN, np.exp(LOG_VARIANCE / 2)).sum(-1))
    exact = densities.mean(1)
    for i in range(6):
        estimates = [own * densities[i, i] + others * densities[i, j] for j in range(6) if j != i]
        assert np.mean(estimates) == pytest.approx(exact[i])
    pairs = jnp.array([(i, j) for i in range(6) for j in range(6) if i != j])
    gap = {}
    for stratified in (True, False):

        def log_q(pair, stratified=stratified):
            z, mean, log_variance = (a[pair] for a in SIX)
            terms = kl_terms(z, mean, log_variance, num_examples=6, stratified=stratified)
            return (gaussian_log_prob(z, mean, log_variance) - terms.mutual_information)[0]

        estimates = jax.jit(jax.vmap(log_q))(pairs)
        gap[stratified] = np.mean(estimates - np.log(exact)[pairs[:, 0]])
    assert gap[False] < gap[True] <= 0.01, gap


def test_a_minibatch_of_one():
    """Nothing is shared; weighted sampling counts the other examples for nothing, as its formula."""
    one = [a[:1] for a in SIX]
    np.testing.assert_allclose(kl_terms(*one).mutual_information, 0.0, atol=1e-6)
    np.testing.assert_allclose(kl_terms(*one).total_correlation, 0.0, atol=1e-5)
    weighted = kl_terms(*one, num_examples=10)
    np.testing.assert_allclose(weighted.mutual_information, np.log(10), rtol=1e-5)


def test_finite_at_extremes():
    def total(z, mean, log_variance):
        return sum(term.sum() for term in kl_terms(z, mean, log_variance))

    arguments = (
        jnp.array([[1e3, 0.0], [0.0, -1e3]]),
        jnp.array([[-1e3, 0.0], [0.0, 1e3]]),
        jnp.array([[-20.0, 20.0], [0.0, -20.0]]),
    )
    value, gradients = jax.jit(jax.value_and_grad(total, (0, 1, 2)))(*arguments)
    assert np.isfinite(value) and all(np.isfinite(g).all() for g in gradients)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match=r"all \[M, D\], got \(2, 3\), \(2, 1\)"):
        kl_terms(jnp.zeros((2, 3)), jnp.zeros((2, 1)), jnp.zeros((2, 3)))
    with pytest.raises(ValueError, match=r"all \[M, D\]"):
        kl_terms(*[jnp.zeros(3)] * 3)
    with pytest.raises(ValueError, match="5 examples are fewer than the minibatch's 6"):
        kl_terms(*SIX, num_examples=5)
