"""The weights of the three terms, and what the reported ones sum to."""

import jax
import numpy as np
import pytest

from genjax.vae import beta_tc_vae
from tests.vae.perturbed import IMAGE, KEY, one_round, perturbed

SMALL = {"hidden": (7,), "latent_dim": 3}


@pytest.mark.parametrize(
    "options",
    [
        {"beta": 6.0, "alpha": 0.5, "gamma": 2.0},
        {"beta": 6.0, "num_examples": 100},
        {"beta": 6.0, "num_examples": 100, "stratified": True},
    ],
)
def test_loss_weighs_each_term(options):
    model = beta_tc_vae(IMAGE, **options, **SMALL)
    variables, batch = perturbed(model)
    metrics, _ = one_round(model, variables, batch)
    information, correlation, divergence, reconstruction, elbo = (
        float(metrics[f"vae/{name}"])
        for name in (
            "mutual_information",
            "total_correlation",
            "dimension_wise_kl",
            "reconstruction",
            "elbo",
        )
    )
    alpha, gamma = options.get("alpha", 1.0), options.get("gamma", 1.0)
    expected = alpha * information + 6 * correlation + gamma * divergence - reconstruction
    assert metrics["vae/loss"] == pytest.approx(expected, rel=1e-5)
    total = information + correlation + divergence
    assert elbo == pytest.approx(reconstruction - total, rel=1e-5)


def test_a_weighted_estimate_trains_as_one_that_is_told_no_number():
    """N moves two of the terms by constants: at weights of 1 the gradient's norm is the same."""
    norms = []
    for options in ({}, {"num_examples": 1000}):
        model = beta_tc_vae(IMAGE, beta=3.0, **options, **SMALL)
        variables, batch = perturbed(model)
        norms.append(float(one_round(model, variables, batch)[0]["vae/grad_norm"]))
    assert norms[0] == pytest.approx(norms[1], rel=1e-5)


def test_evaluate_is_of_the_plain_bound():
    """The mean over draws of the terms' sum is the KL in closed form that `evaluate` gives."""
    model = beta_tc_vae(IMAGE, **SMALL)
    variables, batch = perturbed(model)
    kl = np.asarray(model.evaluate(KEY, variables, batch)["kl"])

    def total(key):
        z, log_q = model.latents.posterior(key, variables, batch["image"])
        return log_q - model.latents.log_prior(variables, z)

    draws = np.asarray(jax.jit(jax.vmap(total))(jax.random.split(KEY, 4000)))
    assert (np.abs(draws.mean(0) - kl) < 5 * draws.std(0) / np.sqrt(4000)).all()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"stratified": True}, "stratified needs num_examples, the size of the training set"),
        ({"latent_dim": 0}, "latent_dim must be at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        beta_tc_vae(IMAGE, **options)


def test_a_data_set_smaller_than_the_minibatch_is_refused():
    model = beta_tc_vae(IMAGE, num_examples=4, **SMALL)
    variables, batch = perturbed(model)
    with pytest.raises(ValueError, match="4 examples are fewer than the minibatch's 5"):
        one_round(model, variables, batch)
