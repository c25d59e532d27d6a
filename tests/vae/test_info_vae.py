"""InfoVAE: its special cases, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from genjax.core import Player, Spec, game
from genjax.vae import info_vae
from genjax.vae.latent_model import analytic_terms, negative_elbo
from genjax.vae.networks import gaussian_encoder_and_decoder

KEY = jax.random.key(3)
VECTOR = Spec((6,), 2)
X = jnp.asarray(np.random.default_rng(0).integers(0, 2, (8, 6)), jnp.float32)


def test_alpha_0_and_lambda_1_is_the_vae():
    """The same parameters after a round as by the bound's own objective, given the same noise."""
    model = info_vae(VECTOR, alpha=0.0, prior_weight=1.0, hidden=(4,), latent_dim=2)
    encoder, decoder = gaussian_encoder_and_decoder(VECTOR, 2, hidden=(4,))
    bound = negative_elbo(VECTOR, analytic_terms(encoder, decoder))
    same_noise = lambda key, *rest: bound(jax.random.split(key)[0], *rest)
    networks = {**encoder.networks, **decoder.networks}
    plain = game(networks, [Player(tuple(networks), same_noise, optax.adam(1e-3))])
    state = jax.jit(model.init)(KEY, {"vector": X})
    one, metrics = jax.jit(model.update)(KEY, state, {"vector": X[None]})
    other, _ = jax.jit(plain.update)(KEY, state, {"vector": X[None]})
    pairs = zip(jax.tree.leaves(one.variables), jax.tree.leaves(other.variables), strict=True)
    assert all(np.allclose(a, b, rtol=1e-6, atol=1e-7) for a, b in pairs)
    np.testing.assert_allclose(metrics["vae/loss"], -metrics["vae/elbo"], rtol=1e-6)


@pytest.mark.parametrize("alpha, prior_weight", [(1.0, 20.0), (0.5, 3.0), (-1.0, 2.0)])
def test_the_loss_is_equation_6(alpha, prior_weight):
    model = info_vae(VECTOR, alpha=alpha, prior_weight=prior_weight, hidden=(), latent_dim=2)
    state = jax.jit(model.init)(KEY, {"vector": X})
    _, metrics = jax.jit(model.update)(KEY, state, {"vector": X[None]})
    value = {
        name: float(metrics[f"vae/{name}"]) for name in ("loss", "reconstruction", "kl", "mmd")
    }
    weights = 1 - alpha, alpha + prior_weight - 1
    expected = weights[0] * value["kl"] + weights[1] * value["mmd"] - value["reconstruction"]
    assert value["loss"] == pytest.approx(expected, rel=1e-5)
    assert model.select == ("elbo" if alpha < 1 else None)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"alpha": 1.5}, "alpha must be at most 1"),
        ({"alpha": 0.0, "prior_weight": 0.5}, "at least 1, got 0.0 and 0.5"),
        ({"latent_dim": 0}, "latent_dim must be at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        info_vae(VECTOR, **options)
