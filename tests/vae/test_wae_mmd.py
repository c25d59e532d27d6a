"""WAE-MMD and the deterministic autoencoder that it shares: values in NumPy, and what is refused."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.losses import inverse_multiquadratic, mmd
from genjax.vae import wae_mmd

KEY = jax.random.key(3)
VECTOR = Spec((6,))
X = jnp.asarray(np.random.default_rng(0).normal(size=(8, 6)), jnp.float32)


def test_the_loss_is_squared_error_and_the_weighed_discrepancy():
    """Linear networks: the error written out in NumPy, the discrepancy at the round's own draws."""
    model = wae_mmd(VECTOR, hidden=(), latent_dim=2, prior_std=3.0, prior_weight=5.0)
    state = jax.jit(model.init)(KEY, {"vector": X})
    weights = {
        name: np.asarray(state.variables[name]["params"]["Dense_0"]["kernel"])
        for name in ("encoder", "decoder")
    }
    codes = np.asarray(X) @ weights["encoder"]
    error = ((np.asarray(X) - codes @ weights["decoder"]) ** 2).sum(1)
    values = jax.jit(model.evaluate)(KEY, state.variables, {"vector": X})
    np.testing.assert_allclose(values["squared_error"], error, rtol=1e-4)
    _, metrics = jax.jit(model.update)(KEY, state, {"vector": X[None]})
    key_turn = jax.random.fold_in(jax.random.fold_in(KEY, 0), 0)
    draws = model.latents.prior(key_turn, state.variables, 8)
    kernel = functools.partial(inverse_multiquadratic, std=3.0)
    discrepancy = mmd(jnp.asarray(codes), draws, kernel)
    np.testing.assert_allclose(metrics["autoencoder/mmd"], discrepancy, rtol=1e-4)
    expected = error.mean() + 5 * discrepancy
    np.testing.assert_allclose(metrics["autoencoder/loss"], expected, rtol=1e-4)


def test_latents_are_without_a_likelihood():
    model = wae_mmd(VECTOR, hidden=(), latent_dim=2, prior_std=3.0)
    variables = jax.jit(model.init)(KEY, {"vector": X}).variables
    z, density = model.latents.posterior(KEY, variables, X)
    assert density is None and model.latents.log_likelihood is None and model.log_prob is None
    np.testing.assert_array_equal(z, model.encode(KEY, variables, X))
    draws = model.latents.prior(KEY, variables, 4000)
    np.testing.assert_allclose(draws.std(0), 3.0, rtol=0.05)
    with pytest.raises(ValueError, match="takes no condition"):
        model.sample(KEY, variables, 3, condition=1)


def test_images_and_bits_are_decoded_within_their_range():
    for spec in (Spec((5, 4, 1)), Spec((6,), 2)):
        model = wae_mmd(spec, hidden=(3,))
        variables = jax.jit(model.init)(KEY, {}).variables
        far = model.decode(KEY, variables, 1e4 * jnp.ones((2, 8)))
        assert far.shape == (2, *spec.shape) and ((far >= 0) & (far <= 1)).all()


@pytest.mark.parametrize(
    "options, message",
    [
        ({"prior_weight": -1.0}, "prior_weight must be at least 0"),
        ({"prior_std": 0.0}, "prior_std above 0"),
        ({"latent_dim": 0}, "latent_dim must be at least 1"),
        ({"precision": "fp16"}, "precision must be one of"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        wae_mmd(VECTOR, **options)
