"""The prior as a mixture of posteriors, its draws, and the training of the paper's code."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy import special, stats

from genjax.core import Spec
from genjax.vae import vampprior
from genjax.vae.vampprior import _normalized_tensors
from tests.vae.perturbed import IMAGE, KEY, one_round, perturbed

SMALL = {"architecture": "mlp", "hidden": (7,), "latent_dim": 2}


def q(model, variables, x):
    """Mean and clipped log-variance of q(z|x), from draws' own algebra: two keys suffice."""
    z, log_q = model.latents.posterior(KEY, variables, x)
    mean = model.encode(KEY, variables, x)
    noise = jax.random.normal(KEY, z.shape)
    deviation = np.asarray((z - mean) / noise, np.float64)
    expected = stats.norm.logpdf(np.asarray(z), np.asarray(mean), deviation).sum(1)
    np.testing.assert_allclose(log_q, expected, rtol=1e-4, atol=1e-4)
    return np.asarray(mean, np.float64), deviation


@pytest.mark.parametrize("num_pseudo_inputs", [1, 4])
def test_the_prior_is_the_mixture_of_posteriors_of_pseudo_inputs(num_pseudo_inputs):
    model = vampprior(IMAGE, num_pseudo_inputs=num_pseudo_inputs, **SMALL)
    variables, _ = perturbed(model, scale=0.5)
    exemplars = model.exemplars(variables)
    assert exemplars.shape == (num_pseudo_inputs, 4, 4, 1)
    assert (
        exemplars.min() == 0.0 and exemplars.max() <= 1.0
    )  # kept there: half of the noise is below
    mean, deviation = q(model, variables, exemplars)
    z = np.asarray(jax.random.normal(KEY, (6, 2)))
    each = stats.norm.logpdf(z[:, None], mean[None], deviation[None]).sum(-1)
    expected = special.logsumexp(each, axis=1) - np.log(num_pseudo_inputs)
    found = model.latents.log_prior(variables, jnp.array(z))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_no_pseudo_input_is_the_standard_normal():
    model = vampprior(IMAGE, num_pseudo_inputs=0, **SMALL)
    variables, _ = perturbed(model)
    z = jax.random.normal(KEY, (6, 2))
    expected = stats.norm.logpdf(np.asarray(z)).sum(1)
    np.testing.assert_allclose(model.latents.log_prior(variables, z), expected, rtol=1e-5)
    assert model.exemplars is None and "pseudo_inputs" not in variables


def test_draws_of_the_prior_have_its_moments():
    """All components are drawn: mean and covariance of 20,000 draws are the mixture's."""
    model = vampprior(IMAGE, num_pseudo_inputs=3, **SMALL)
    variables, _ = perturbed(model, scale=1.0)
    mean, deviation = q(model, variables, model.exemplars(variables))
    z = np.asarray(model.latents.prior(KEY, variables, 20_000), np.float64)
    np.testing.assert_allclose(z.mean(0), mean.mean(0), atol=5 * z.std(0).max() / 141)
    second = (mean**2 + deviation**2).mean(0)
    np.testing.assert_allclose((z**2).mean(0), second, rtol=0.1)


def test_log_variances_are_kept_in_the_codes_range():
    model = vampprior(IMAGE, num_pseudo_inputs=2, **SMALL)
    variables, batch = perturbed(model, scale=30.0)
    _, deviation = q(model, variables, batch["image"])
    assert deviation.min() == pytest.approx(np.exp(-3), rel=1e-2)
    assert deviation.max() == pytest.approx(np.exp(1), rel=1e-2)


def test_pseudo_inputs_start_where_they_are_told_and_vectors_lie_anywhere():
    options = {"num_pseudo_inputs": 50, "pseudo_input_mean": -3.0, "pseudo_input_std": 0.5}
    model = vampprior(Spec((40,)), **options, **SMALL)
    found = model.exemplars(jax.jit(model.init)(KEY, {}).variables)
    assert found.mean() == pytest.approx(-3.0, abs=0.05)
    assert found.std() == pytest.approx(0.5, rel=0.05)


def test_each_tensor_of_a_gradient_is_divided_by_its_norm():
    gradient = {"a": jnp.array([[3.0, 4.0]]), "b": jnp.zeros(2), "c": jnp.full((2, 1, 2), 1e-6)}
    transform = _normalized_tensors()
    found, _ = transform.update(gradient, transform.init(gradient))
    np.testing.assert_allclose(found["a"], [[0.6, 0.8]], rtol=1e-6)
    np.testing.assert_array_equal(found["b"], 0.0)
    assert optax.global_norm(found["c"]) == pytest.approx(1.0, rel=1e-4)


def test_pseudo_inputs_are_trained_and_the_kl_is_weighed_in():
    model = vampprior(IMAGE, num_pseudo_inputs=2, warm_up_rounds=10, **SMALL)
    variables, batch = perturbed(model)
    metrics, state = one_round(model, variables, batch)
    assert metrics["vae/loss"] == pytest.approx(-float(metrics["vae/reconstruction"]), rel=1e-5)
    metrics, after = one_round(model, state.variables, batch)
    expected = 0.1 * metrics["vae/kl"] - metrics["vae/reconstruction"]
    assert metrics["vae/loss"] == pytest.approx(float(expected), rel=1e-5)
    pixels = [v["pseudo_inputs"]["params"]["pixels"] for v in (state.variables, after.variables)]
    assert (pixels[0] != pixels[1]).any()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"num_pseudo_inputs": -1}, "num_pseudo_inputs must be at least 0, got -1"),
        ({"warm_up_rounds": -1}, "must be at least 0 rounds, got -1"),
        ({"architecture": "deep"}, "architecture must be one of"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        vampprior(IMAGE, **options)
