"""The adversarial autoencoder: who trains what by which loss, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.vae import adversarial_autoencoder

KEY = jax.random.key(3)
VECTOR = Spec((6,))
X = jnp.asarray(np.random.default_rng(0).normal(size=(8, 6)), jnp.float32)
RATES = ("learning_rate", "discriminator_learning_rate", "generator_learning_rate")


@pytest.mark.parametrize(
    "rate, moved",
    [
        ("learning_rate", {"encoder", "decoder"}),
        ("discriminator_learning_rate", {"discriminator"}),
        ("generator_learning_rate", {"encoder"}),
    ],
)
def test_each_player_moves_its_own_networks(rate, moved):
    rates = {name: 0.1 * (name == rate) for name in RATES}
    model = adversarial_autoencoder(VECTOR, hidden=(), discriminator_width=4, **rates)
    state = jax.jit(model.init)(KEY, {"vector": X})
    after, _ = jax.jit(model.update)(KEY, state, {"vector": X[None]})
    changed = jax.tree.map(lambda a, b: (a != b).any(), state.variables, after.variables)
    assert {name for name, tree in changed.items() if any(jax.tree.leaves(tree))} == moved


def test_the_losses_at_a_discriminator_of_known_logit():
    """Logit c of everything: the losses are softplus(-c) + softplus(c) and softplus(-c)."""
    frozen = dict.fromkeys(RATES, 0.0)
    model = adversarial_autoencoder(VECTOR, hidden=(), **frozen)
    state = jax.jit(model.init)(KEY, {"vector": X})
    flat = jax.tree.map(jnp.zeros_like, state.variables["discriminator"])
    flat["params"]["Dense_2"]["bias"] = jnp.asarray([1.3])
    state = state._replace(variables={**state.variables, "discriminator": flat})
    _, metrics = jax.jit(model.update)(KEY, state, {"vector": X[None]})
    low, high = np.log1p(np.exp(-1.3)), np.log1p(np.exp(1.3))
    np.testing.assert_allclose(metrics["discriminator/loss"], low + high, rtol=1e-6)
    np.testing.assert_allclose(metrics["generator/loss"], low, rtol=1e-6)
    values = jax.jit(model.evaluate)(KEY, state.variables, {"vector": X})
    np.testing.assert_allclose(values["prior_logit"], 1.3, rtol=1e-6)
    expected = values["squared_error"].mean()
    np.testing.assert_allclose(metrics["autoencoder/loss"], expected, rtol=1e-5)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"discriminator_width": 0}, "discriminator_width must be at least 1"),
        ({"prior_std": -1.0}, "prior_std above 0"),
        ({"architecture": "conv"}, "needs images"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        adversarial_autoencoder(VECTOR, **options)
