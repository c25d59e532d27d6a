"""VaDE's bound in NumPy, its prior as a mixture, and what the second stage takes over."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import special, stats

from genjax.core import Spec
from genjax.vae import vade
from tests.vae.perturbed import IMAGE, KEY, perturbed

SMALL = {"hidden": (7,), "latent_dim": 2, "num_clusters": 3}


def model_and_variables(scale=0.5):
    model = vade(IMAGE, **SMALL)[-1].model
    variables, batch = perturbed(model, scale=scale)
    return model, variables, batch


def mixture(variables):
    """Means, deviations and weights, float64."""
    params = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), variables["mixture"]["params"])
    deviations = np.exp(params["log_variances"] / 2)
    return params["means"], deviations, special.softmax(params["logits"])


def joint(variables, z):
    means, deviations, weights = mixture(variables)
    each = stats.norm.logpdf(np.asarray(z)[:, None], means[None], deviations[None]).sum(-1)
    return each + np.log(weights)[None]


def test_the_prior_is_the_mixture_and_its_draws_are_of_all_clusters():
    model, variables, _ = model_and_variables(scale=1.0)
    z = model.latents.prior(KEY, variables, 20_000)
    found = model.latents.log_prior(variables, z[:50])
    expected = special.logsumexp(joint(variables, z[:50]), axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)
    means, deviations, weights = mixture(variables)
    np.testing.assert_allclose(z.mean(axis=0), weights @ means, atol=0.05)
    second = weights @ (means**2 + deviations**2)
    np.testing.assert_allclose((z**2).mean(axis=0), second, rtol=0.1)


def test_clusters_are_the_posterior_at_the_mean():
    model, variables, batch = model_and_variables()
    logs = joint(variables, model.encode(KEY, variables, batch["image"]))
    expected = logs - special.logsumexp(logs, axis=1, keepdims=True)
    found = model.clusters(KEY, variables, batch["image"])
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_the_cost_of_a_code_is_the_papers_and_bounds_the_mixtures_kl():
    """Equation 12 in loops at the same draw; its mean is at least KL(q(z|x) | p(z)) by sampling."""
    model, variables, batch = model_and_variables(scale=0.7)
    x = batch["image"]
    z, _ = model.latents.posterior(KEY, variables, x)
    mean = np.asarray(model.encode(KEY, variables, x), np.float64)
    noise = np.asarray(jax.random.normal(KEY, z.shape), np.float64)
    deviation = (np.asarray(z) - mean) / noise
    means, deviations, weights = mixture(variables)
    gamma = special.softmax(joint(variables, z), axis=1)
    cost = np.zeros(len(x))
    for b, c in np.ndindex(gamma.shape):
        cost[b] += gamma[b, c] * np.log(gamma[b, c] / weights[c])
        for d in range(2):
            s, m = deviations[c, d], means[c, d]
            ratio = deviation[b, d] / s
            cost[b] += gamma[b, c] * 0.5 * (ratio**2 + ((mean[b, d] - m) / s) ** 2 - 1)
            cost[b] -= gamma[b, c] * np.log(ratio)
    values = jax.jit(model.evaluate)(KEY, variables, batch)
    np.testing.assert_allclose(values["kl"], cost, rtol=2e-3, atol=1e-3)
    np.testing.assert_allclose(values["elbo"], values["reconstruction"] - values["kl"], rtol=1e-5)


def test_the_second_stage_takes_over_the_networks_and_fits_the_mixture_to_the_codes():
    spec = Spec((2,), None, 3)
    first, second = vade(spec, hidden=(), latent_dim=2, variance=0.1)
    rng = np.random.default_rng(0)
    middles = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 9.0]])
    x = jnp.asarray(np.tile(middles, (30, 1)) + 0.1 * rng.normal(size=(90, 2)), jnp.float32)
    state = jax.jit(first.model.init)(KEY, {})
    moved, _ = jax.jit(first.model.update)(KEY, state, {"vector": x[None]})
    before, after = (s.variables["mixture"]["params"]["means"] for s in (state, moved))
    np.testing.assert_array_equal(before, after)  # pre-training has nothing to do with it
    after = jax.jit(second.enter)(KEY, moved, {"vector": x})
    for name in ("encoder", "decoder"):
        np.testing.assert_array_equal(
            moved.variables[name]["params"]["Dense_0"]["kernel"],
            after.variables[name]["params"]["Dense_0"]["kernel"],
        )
    clusters = second.model.clusters(KEY, after.variables, x).argmax(axis=1).reshape(30, 3)
    assert (clusters == clusters[:1]).all() and len(np.unique(clusters[0])) == 3
    weights = jax.nn.softmax(after.variables["mixture"]["params"]["logits"])
    np.testing.assert_allclose(weights, 1 / 3, rtol=1e-3)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"num_clusters": 1}, "num_clusters must be at least 2"),
        ({"decay_rounds": 0}, "decay_rounds must be at least 1"),
        ({"start": "labels"}, "start must be one of"),
        ({"latent_dim": 0}, "latent_dim must be at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        vade(IMAGE, **options)
