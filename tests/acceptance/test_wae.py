"""WAE-MMD and InfoVAE: the discrepancy under the null, and codes that match the prior."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax import data, vae
from genjax.losses import mmd
from genjax.training import Config, fit

LATENTS = 8


def test_the_discrepancy_of_two_samples_of_the_prior_averages_zero():
    """Within 3 standard errors, and below zero in many draws: the estimate that is biased never is."""
    first, second = (
        jax.random.normal(key, (400, 100, LATENTS)) for key in jax.random.split(jax.random.key(0))
    )
    values = np.asarray(jax.lax.map(lambda pair: mmd(*pair), (first, second)))
    error = values.std() / np.sqrt(len(values))
    print(
        f"mean {values.mean():.2e}, standard error {error:.2e}, negative {(values < 0).mean():.2f}"
    )
    assert abs(values.mean()) < 3 * error
    assert 0.3 < (values < 0).mean() < 0.8


def test_codes_of_digits_match_the_prior_and_without_the_discrepancy_do_not():
    """Mean and covariance of all training codes within .15 of 0 and I; far off with no weight on it."""
    dataset = data.load("digits")
    images = jnp.asarray(dataset.eval_transform(None, dataset.train.arrays())["image"])
    distances = {}
    for weight in (50.0, 0.0):
        model = vae.wae_mmd(dataset.spec, prior_weight=weight, learning_rate=1e-3)
        fitted = fit(model, dataset, Config(steps=2500, eval_every=2500))
        z = np.asarray(jax.jit(model.encode)(None, fitted.state.variables, images))
        mean = np.abs(z.mean(0)).max()
        covariance = np.abs(np.cov(z.T) - np.eye(LATENTS)).max()
        distances[weight] = max(mean, covariance)
        print(f"weight {weight}: mean {mean:.3f}, covariance {covariance:.3f}")
    assert distances[50.0] < 0.15
    assert distances[0.0] > 1.0


def test_infovae_without_a_kl_has_draws_of_the_prior_for_codes():
    """alpha 1: draws of q(z|x) over all examples have mean 0 and covariance I within .2.

    Without the discrepancy (alpha + lambda = 1) nothing holds them. Sees a discrepancy of means in
    place of draws, or of the wrong sign.
    """
    dataset = data.load("digits")
    images = jnp.asarray(dataset.eval_transform(None, dataset.train.arrays())["image"])
    distances = {}
    for weight in (1000.0, 0.0):
        model = vae.info_vae(dataset.spec, alpha=1.0, prior_weight=weight)
        fitted = fit(model, dataset, Config(steps=2000, eval_every=2000))
        draw = lambda key: model.latents.posterior(key, fitted.state.variables, images)[0]
        z = np.asarray(jax.vmap(draw)(jax.random.split(jax.random.key(1), 20)))
        z = z.reshape(-1, z.shape[-1])
        mean = np.abs(z.mean(0)).max()
        covariance = np.abs(np.cov(z.T) - np.eye(z.shape[-1])).max()
        distances[weight] = max(mean, covariance)
        print(f"weight {weight}: mean {mean:.3f}, covariance {covariance:.3f}")
    assert distances[1000.0] < 0.2
    assert distances[0.0] > 1.0
