"""The shared pieces of the family: the weighted bound, its draws, the warm-up."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from genjax.core import Spec
from genjax.vae import vae
from genjax.vae.latent_model import multi_sample_bound, negative_elbo, several, warm_up

KEY = jax.random.key(0)
SPEC = Spec((2,))
X = jnp.array([[1.0, 2.0], [3.0, 5.0], [-1.0, 0.0]])
BATCH = {"vector": X, "label": jnp.array([1, 2, 3])}


def terms(key, variables, x, *label):
    """Of known values: a draw, the sum of x, the label."""
    shift = label[0] if label else 0.0
    return -x.sum(-1) + jax.random.normal(key, (len(x),)) + shift, x[:, 0] ** 2


def test_objective_is_minus_the_mean_of_the_weighted_bound():
    reconstruction, kl = terms(KEY, {}, X)
    loss, aux = negative_elbo(SPEC, terms, kl_weight=4.0)(KEY, {}, BATCH)
    assert loss == pytest.approx(float((4 * kl - reconstruction).mean()))
    assert aux.metrics["elbo"] == pytest.approx(float((reconstruction - kl).mean()))
    assert aux.metrics["kl"] == pytest.approx(float(kl.mean())) and not aux.updates
    assert "bound" not in aux.metrics


def test_objective_hands_the_condition_on():
    plain, _ = negative_elbo(SPEC, terms)(KEY, {}, BATCH)
    given, _ = negative_elbo(SPEC, terms, condition="label")(KEY, {}, BATCH)
    assert given - plain == pytest.approx(-2.0)


def test_objective_of_several_draws_is_one_logarithm_of_a_mean():
    loss, aux = negative_elbo(SPEC, terms, num_samples=7, kl_weight=0.5)(KEY, {}, BATCH)
    reconstruction, kl = several(terms, 7)(KEY, {}, X)
    assert reconstruction.shape == kl.shape == (7, 3)
    assert len(np.unique(reconstruction)) == 21  # no draw is used twice
    log_weights = np.asarray(reconstruction - 0.5 * kl, np.float64)
    expected = (special.logsumexp(log_weights, axis=0) - np.log(7)).mean()
    assert loss == pytest.approx(-expected) and aux.metrics["bound"] == pytest.approx(expected)
    assert aux.metrics["elbo"] == pytest.approx(float((reconstruction - kl).mean()))
    bound = multi_sample_bound(terms, 7)(KEY, {}, X)
    expected = special.logsumexp(np.asarray(reconstruction - kl), axis=0) - np.log(7)
    np.testing.assert_allclose(bound, expected, rtol=1e-5)


def test_one_draw_uses_the_key_as_it_is():
    np.testing.assert_array_equal(several(terms, 1)(KEY, {}, X)[0][0], terms(KEY, {}, X)[0])


def test_warm_up_raises_the_weight_by_a_step_each_round_to_one():
    extra = warm_up(4)["extra"](KEY, BATCH)
    objective, weights = negative_elbo(SPEC, terms, kl_weight=2.0), []
    reconstruction, kl = terms(KEY, {}, X)
    for _ in range(7):
        loss, aux = objective(KEY, {"extra": extra}, BATCH)
        weights.append(float((loss + reconstruction.mean()) / kl.mean()))
        extra = {**extra, **aux.updates["extra"]}
    np.testing.assert_allclose(weights, [0, 0.5, 1, 1.5, 2, 2, 2], atol=1e-5)
    assert warm_up(0) == {}


def test_labels_of_samples_are_for_each_or_not_at_all():
    model = vae(SPEC, hidden=(3,))
    variables = jax.jit(model.init)(KEY, BATCH).variables
    with pytest.raises(ValueError, match="unconditional: it takes no condition"):
        model.sample(KEY, variables, 2, jnp.zeros(2, jnp.int32))


def test_what_a_coder_asks_for_is_the_posterior_and_the_likelihood_in_parts():
    model = vae(Spec((2, 2, 1), 3), hidden=(4,), latent_dim=3)
    latents = model.latents
    x = jnp.asarray(np.random.default_rng(0).integers(0, 3, (5, 2, 2, 1)) / 2, jnp.float32)

    @jax.jit
    def both():
        variables = model.init(KEY, {"image": x}).variables
        z, log_q = latents.posterior(KEY, variables, x)
        mean, log_variance = latents.moments(variables, x)
        factors = latents.log_factors(variables, z, x)
        return z, log_q, mean, log_variance, factors, latents.log_likelihood(variables, z, x)

    z, log_q, mean, log_variance, factors, total = both()
    np.testing.assert_allclose(
        stats.norm.logpdf(z, mean, np.exp(log_variance / 2)).sum(1), log_q, rtol=1e-4
    )
    assert factors.shape == x.shape
    np.testing.assert_allclose(factors.sum((1, 2, 3)), total, rtol=1e-5)


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: several(terms, 0), "num_samples must be at least 1, got 0"),
        (lambda: negative_elbo(SPEC, terms, num_samples=-1), "num_samples must be at least 1"),
        (lambda: multi_sample_bound(terms, 0), "num_samples must be at least 1"),
        (lambda: warm_up(-1), "must be at least 0 rounds, got -1"),
        (lambda: vae(SPEC, importance_samples=0), "importance_samples must be at least 1, got 0"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
