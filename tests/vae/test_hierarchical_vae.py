"""Both kinds of inference and the layered prior, written out in NumPy."""

import jax
import numpy as np
import pytest
from scipy import stats

from genjax.vae import hierarchical_vae
from tests.vae.perturbed import IMAGE, KEY, bits_log_prob, dense, mlp, one_round, perturbed

SMALL = {"latent_dims": (3, 2), "hidden": (6, 5)}


def rung(params, x):
    """Features, mean and log-variance, in float64."""
    features = np.tanh(mlp(params["Mlp_0"], x))
    return features, *np.split(dense(params["Dense_0"], features), 2, axis=1)


def log_normal(z, mean, log_variance):
    return stats.norm.logpdf(z, mean, np.exp(log_variance / 2)).sum(1)


def ladder(params, x, noise):
    """Equations 11 to 19: up by features, down by precision-weighted merges with the prior."""
    features, mean_1, log_1 = rung(params["encoder_1"], x)
    _, mean_2, log_2 = rung(params["encoder_2"], features)
    z_2 = mean_2 + np.exp(log_2 / 2) * noise[1]
    _, prior_mean, prior_log = rung(params["prior_1"], z_2)
    precision = np.exp(-log_1) + np.exp(-prior_log)
    merged = (mean_1 * np.exp(-log_1) + prior_mean * np.exp(-prior_log)) / precision
    z_1 = merged + noise[0] / np.sqrt(precision)
    log_q = log_normal(z_1, merged, -np.log(precision)) + log_normal(z_2, mean_2, log_2)
    return z_1, z_2, log_q


def bottom_up(params, x, noise):
    """q(z_1|x) q(z_2|z_1), through the draw."""
    _, mean_1, log_1 = rung(params["encoder_1"], x)
    z_1 = mean_1 + np.exp(log_1 / 2) * noise[0]
    _, mean_2, log_2 = rung(params["encoder_2"], z_1)
    z_2 = mean_2 + np.exp(log_2 / 2) * noise[1]
    return z_1, z_2, log_normal(z_1, mean_1, log_1) + log_normal(z_2, mean_2, log_2)


@pytest.mark.parametrize("inference, written_out", [("ladder", ladder), ("bottom_up", bottom_up)])
def test_posterior_prior_and_bound_equal_their_formulas(inference, written_out):
    model = hierarchical_vae(IMAGE, inference=inference, **SMALL)
    variables, batch = perturbed(model)
    params = {name: net["params"] for name, net in variables.items() if "params" in net}
    x = np.asarray(batch["image"], np.float64).reshape(5, -1)
    keys = jax.random.split(KEY, 2)
    noise = [np.asarray(jax.random.normal(k, (5, d))) for k, d in zip(keys, (3, 2), strict=True)]
    z_1, z_2, log_q = written_out(params, x, noise)
    z, found = model.latents.posterior(KEY, variables, batch["image"])
    np.testing.assert_allclose(z, np.concatenate([z_1, z_2], 1), rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found, log_q, rtol=1e-4, atol=1e-4)
    log_prior = log_normal(z_1, *rung(params["prior_1"], z_2)[1:])
    log_prior += stats.norm.logpdf(z_2).sum(1)
    found = model.latents.log_prior(variables, z)
    np.testing.assert_allclose(found, log_prior, rtol=1e-4, atol=1e-4)
    values = jax.jit(model.evaluate)(KEY, variables, batch)
    reconstruction = bits_log_prob(mlp(params["decoder"], z_1), x)
    np.testing.assert_allclose(values["reconstruction"], reconstruction, rtol=1e-4)
    np.testing.assert_allclose(values["kl"], log_q - log_prior, rtol=1e-3, atol=1e-3)
    still = written_out(params, x, [0.0, 0.0])
    encoded = model.encode(KEY, variables, batch["image"])
    np.testing.assert_allclose(encoded, np.concatenate(still[:2], 1), rtol=1e-4, atol=1e-4)


def test_draws_of_the_prior_come_from_the_top():
    """z_2 is N(0, I), and (z_1 - mu(z_2)) / sigma(z_2) too, for 10,000 draws and three layers."""
    model = hierarchical_vae(IMAGE, latent_dims=(2, 2, 1), hidden=(4, 4, 4))
    variables, _ = perturbed(model)
    z = np.asarray(model.latents.prior(KEY, variables, 10_000), np.float64)
    z_1, z_2, z_3 = np.split(z, [2, 4], axis=1)
    residuals = [z_3]
    for i, (low, high) in enumerate(((z_1, z_2), (z_2, z_3)), start=1):
        _, mean, log_variance = rung(variables[f"prior_{i}"]["params"], high)
        residuals.append((low - mean) / np.exp(log_variance / 2))
    residuals = np.concatenate(residuals, axis=1)
    np.testing.assert_allclose(residuals.mean(0), 0.0, atol=0.05)
    np.testing.assert_allclose(np.cov(residuals.T), np.eye(5), atol=0.07)
    assert model.latents.shape == (5,)


def test_several_draws_and_the_warm_up():
    model = hierarchical_vae(IMAGE, num_samples=3, warm_up_rounds=4, **SMALL)
    variables, batch = perturbed(model)
    metrics, state = one_round(model, variables, batch)
    assert metrics["vae/loss"] == pytest.approx(-float(metrics["vae/bound"]), rel=1e-6)
    assert float(state.variables["extra"]["warm_up"]) == pytest.approx(0.25)
    values = jax.jit(model.evaluate)(KEY, variables, batch)
    assert model.select == "bound" and values["bound"].shape == (5,)
    assert hierarchical_vae(IMAGE, **SMALL).select == "elbo"


@pytest.mark.parametrize(
    "options, message",
    [
        ({"inference": "top_down"}, "inference must be one of ladder, bottom_up, got 'top_down'"),
        ({"latent_dims": (3,), "hidden": (6,)}, "two or more layers, and hidden a width for each"),
        ({"latent_dims": (3, 2), "hidden": (6,)}, r"got \(3, 2\) and \(6,\)"),
        ({"latent_dims": (3, 0)}, "two or more layers"),
        ({"num_samples": 0}, "num_samples must be at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        hierarchical_vae(IMAGE, **options)
