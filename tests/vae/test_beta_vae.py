"""The two forms of the objective, and what is reported beside them."""

import jax
import numpy as np
import pytest

from genjax.vae import beta_vae, vae
from tests.vae.perturbed import IMAGE, KEY, one_round, perturbed

SMALL = {"hidden": (7,), "latent_dim": 3}


def test_loss_weighs_the_kl_by_beta_and_evaluate_does_not():
    model = beta_vae(IMAGE, beta=4.0, **SMALL)
    variables, batch = perturbed(model)
    metrics, _ = one_round(model, variables, batch)
    expected = 4 * metrics["vae/kl"] - metrics["vae/reconstruction"]
    assert metrics["vae/loss"] == pytest.approx(float(expected), rel=1e-5)
    values = jax.jit(model.evaluate)(KEY, variables, batch)
    for name, value in vae(IMAGE, **SMALL).evaluate(KEY, variables, batch).items():
        np.testing.assert_allclose(values[name], value, rtol=1e-6)


@pytest.mark.parametrize("capacity", [0.0, 2.0, 50.0])
def test_capacity_draws_each_examples_kl_to_it(capacity):
    model = beta_vae(IMAGE, beta=3.0, capacity=capacity, **SMALL)
    variables, batch = perturbed(model)
    metrics, _ = one_round(model, variables, batch)
    kl = np.asarray(model.evaluate(KEY, variables, batch)["kl"])  # in closed form, of no key
    expected = 3 * np.abs(kl - capacity).mean() - metrics["vae/reconstruction"]
    assert metrics["vae/loss"] == pytest.approx(float(expected), rel=1e-5)
    assert metrics["vae/elbo"] == pytest.approx(
        float(metrics["vae/reconstruction"] - kl.mean()), rel=1e-5
    )


@pytest.mark.parametrize(
    "options, message",
    [
        ({"beta": -1.0}, "beta and capacity must be at least 0, got -1.0"),
        ({"capacity": -2.0}, "beta and capacity must be at least 0"),
        ({"likelihood": "gaussian"}, "likelihood"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        beta_vae(IMAGE, **options)
