"""BGAN: the discrete generator's loss by hand, its distribution, the form that is chosen, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from genjax.core import Spec
from genjax.gan import bs_gan
from genjax.nets import MlpDiscriminator, MlpGenerator
from tests.gan.images import softplus, watched

KEY = jax.random.key(0)
RNG = np.random.default_rng(0)
SMALL = {"latent_dim": 2, "hidden": (4,), "learning_rate": 0.0, "num_draws": 3}


def play(spec, x, **options):
    """(metrics, calls of the generator, calls of the discriminator) of a round."""
    model = bs_gan(spec, **SMALL, **options)
    state = jax.jit(model.init)(KEY, {"vector": x})
    with watched(MlpDiscriminator) as judged, watched(MlpGenerator) as made:
        _, metrics = jax.jit(model.update)(KEY, state, {"vector": x[None]})
    judged, made = ([*calls.values()] for calls in (judged, made))
    return model, state.variables, metrics, made, judged


@pytest.mark.parametrize("levels", [2, 3])
def test_losses_of_levels(levels):
    """softplus on draws, and -sum_m softmax_m(f) log g of what D was shown, in [-1, 1]."""
    x = jnp.asarray(RNG.integers(0, levels, (8, 5)) / (levels - 1), jnp.float32)
    model, variables, metrics, made, judged = play(Spec((5,), levels), x, discrete=True)
    real, fake, draws = ((given[0], out["logit"]) for given, out in judged)
    np.testing.assert_allclose(real[0], 2 * x - 1, atol=1e-6)
    expected = (softplus(-real[1]) + softplus(fake[1])).mean()
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-5)
    level = np.rint((draws[0].reshape(3, 8, 5) + 1) / 2 * (levels - 1)).astype(int)
    logits = np.float64(made[1][1])
    if levels == 2:
        logits = np.concatenate([0 * logits, logits], -1)
    log_g = np.take_along_axis(log_softmax(logits, -1)[None], level[..., None], -1)[..., 0].sum(-1)
    weights = softmax(np.float64(draws[1].reshape(3, 8)), axis=0)
    expected = -(weights * log_g).sum(0).mean()
    np.testing.assert_allclose(metrics["generator/loss"], expected, rtol=1e-4)
    effective = (1 / (weights**2).sum(0)).mean()
    np.testing.assert_allclose(metrics["generator/effective_draws"], effective, rtol=1e-4)
    assert metrics["generator/grad_norm"] > 1e-3
    # Samples are of the levels, and g's mean is what is decoded.
    z, x = jnp.asarray(made[1][0][0]), jnp.asarray(level[0] / (levels - 1), jnp.float32)

    @jax.jit
    def of_model(variables):
        log_likelihood = model.latents.log_likelihood(variables, z, x)
        return model.sample(KEY, variables, 50), model.decode(KEY, variables, z), log_likelihood

    drawn, decoded, found = jax.device_get(of_model(variables))
    assert set(np.unique((drawn * (levels - 1)).round(5))) == set(range(levels))
    mean = softmax(logits, -1) @ (np.arange(levels) / (levels - 1))
    np.testing.assert_allclose(decoded, mean, atol=1e-5)
    np.testing.assert_allclose(found, log_g[0], rtol=1e-4)


def test_the_continuous_form_is_half_the_square():
    x = jnp.asarray(RNG.normal(size=(8, 5)), jnp.float32)
    model, _, metrics, _, judged = play(Spec((5,)), x)
    own = judged[3][1]["logit"]
    np.testing.assert_allclose(metrics["generator/loss"], 0.5 * (own**2).mean(), rtol=1e-5)
    assert model.latents.log_likelihood is None


def test_bits_are_discrete_and_levels_if_asked():
    """By DCGAN too, whose parameters are in the channels."""
    levels = bs_gan(Spec((12, 13, 2), 4), discrete=True, width=4, latent_dim=2)
    assert bs_gan(Spec((12, 12, 1), 2)).latents.log_likelihood is not None
    assert bs_gan(Spec((12, 12, 1), 4)).latents.log_likelihood is None
    state = jax.eval_shape(levels.init, KEY, {"image": jnp.zeros((2, 12, 13, 2))})
    x = jax.eval_shape(lambda v: levels.sample(KEY, v, 3), state.variables)
    assert x.shape == (3, 12, 13, 2)
    assert "batch_stats" not in state.variables["discriminator"]


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="num_draws must be at least 2"):
        bs_gan(Spec((5,), 2), num_draws=1)
    with pytest.raises(ValueError, match="needs data of counted levels"):
        bs_gan(Spec((5,)), discrete=True)
