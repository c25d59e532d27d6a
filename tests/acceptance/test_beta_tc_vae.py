"""Total correlation against a closed form, and the objective at weights of 1."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from genjax.core import Spec
from genjax.losses import gaussian_log_prob, kl_terms, standard_normal_log_prob
from genjax.vae import beta_tc_vae, vae
from tests.acceptance.gradients import gradient

KEY = jax.random.key(5)


def codes(correlations, variance, num):
    """Posteriors N(mean, variance I) whose aggregate is N(0, R), and a draw of each."""
    dim = len(correlations)
    key_mean, key_noise = jax.random.split(KEY)
    root = np.linalg.cholesky(correlations - variance * np.eye(dim))
    mean = jax.random.normal(key_mean, (num, dim)) @ root.T
    noise = jax.random.normal(key_noise, (num, dim))
    return mean + np.sqrt(variance) * noise, mean, jnp.full((num, dim), np.log(variance))


PAIR = np.array([[1.0, 0.9], [0.9, 1.0]])
CHAIN = 0.6 ** np.abs(np.subtract.outer(np.arange(3), np.arange(3)))


@pytest.mark.parametrize("name, correlations", [("pair", PAIR), ("chain", CHAIN)])
def test_terms_of_a_known_gaussian(name, correlations):
    """-1/2 log |R|: 0.8304 nats for rho = 0.9; information 1/2 log(|R| / s^2D); no divergence."""
    variance, dim = 0.08, len(correlations)
    log_det = np.linalg.slogdet(correlations)[1]
    if name == "pair":
        assert -0.5 * log_det == pytest.approx(0.8304, abs=1e-4)
    terms = jax.jit(kl_terms)(*codes(correlations, variance, 4000))
    found = [float(term.mean()) for term in terms]
    truth = [0.5 * (log_det - dim * np.log(variance)), -0.5 * log_det, 0.0]
    print(f"{name}: found {np.round(found, 4)}, truth {np.round(truth, 4)}")
    np.testing.assert_allclose(found, truth, atol=0.06)  # 4000 components, and draws


def test_estimates_from_minibatches():
    """Batches of 100 of 4000: the terms still sum to the log-ratio, and log q(z) is near the truth.

    The stratified estimate is near it; the weighted one, of weights 1/(NM) that sum to 1/N, lies
    log N lower, and is left with the bias of the draw's own component, that counts for too much.
    """
    z, mean, log_variance = codes(PAIR, 0.08, 4000)
    batches = [a.reshape(40, 100, 2) for a in (z, mean, log_variance)]
    truth = stats.multivariate_normal.logpdf(np.asarray(z), np.zeros(2), PAIR)
    given = gaussian_log_prob(z, mean, log_variance)
    gaps = {}
    for stratified in (False, True):
        one = lambda *batch, s=stratified: kl_terms(*batch, num_examples=4000, stratified=s)
        terms = jax.jit(jax.vmap(one))(*batches)
        total = sum(term.reshape(-1) for term in terms)
        np.testing.assert_allclose(total, given - standard_normal_log_prob(z), atol=2e-4)
        log_q = given - terms.mutual_information.reshape(-1)
        gaps[stratified] = float((log_q - truth).mean())
    print(
        f"mean of log q(z) minus the truth: weighted {gaps[False]:.3f}, stratified {gaps[True]:.3f}"
    )
    assert abs(gaps[True]) < 0.1
    assert gaps[False] == pytest.approx(-np.log(4000), abs=0.15)


def test_with_weights_of_one_it_is_the_vae_with_the_kl_sampled():
    """The same key, the same gradient, to 1e-6 of its largest entry, whichever the estimate."""
    spec, sizes = Spec((4, 4, 1), 2), {"hidden": (6,), "latent_dim": 3}
    batch = {"image": jax.random.bernoulli(KEY, 0.5, (8, 4, 4, 1)).astype(jnp.float32)}
    plain = vae(spec, kl="sampled", **sizes)
    start = plain.init(KEY, batch).variables
    noise = lambda p: p + 0.5 * jax.random.normal(jax.random.fold_in(KEY, p.size), p.shape)
    variables = jax.tree.map(noise, start)
    truth = jax.jit(lambda key: gradient(plain, key, variables, batch))(KEY)
    scale = max(np.abs(leaf).max() for leaf in jax.tree.leaves(truth))
    worst = {}
    for beta, options in ((1.0, {}), (1.0, {"num_examples": 99, "stratified": True}), (2.0, {})):
        model = beta_tc_vae(spec, beta=beta, **options, **sizes)
        found = jax.jit(lambda key, m=model: gradient(m, key, variables, batch))(KEY)
        errors = jax.tree.map(lambda a, b: np.abs(a - b).max() / scale, found, truth)
        worst[beta, bool(options)] = max(jax.tree.leaves(errors))
    chex.assert_tree_all_finite(truth)
    print(f"largest difference over the largest entry, by (beta, stratified): {worst}")
    assert worst[1.0, False] < 1e-6 and worst[1.0, True] < 1e-6 and worst[2.0, False] > 1e-2
