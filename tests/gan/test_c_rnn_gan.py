"""c_rnn_gan: teacher forcing, the two losses of G, and when D rests."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import c_rnn_gan
from genjax.gan.c_rnn_gan import matched
from tests.gan.images import KEY, moved, softplus, told

SPEC = Spec((5, 2))
X = jnp.asarray(np.random.default_rng(0).normal(size=(4, 5, 2)), jnp.float32)
BATCH = {"sequence": X}
SMALL = {"hidden": 4, "num_layers": 1, "cell": "gru", "pretraining_rounds": 3}


def adversarial(logits, **options):
    """The second stage after a round, where D's f_t are constant; what moved, and the metrics."""
    first, second = c_rnn_gan(SPEC, **SMALL, **options)
    state = jax.jit(second.enter)(KEY, jax.jit(first.model.init)(KEY, BATCH))
    state = state._replace(variables=told(state.variables, "discriminator", "logit_head", [logits]))
    rounds = jax.tree.map(lambda leaf: leaf[None], BATCH)
    after, metrics = jax.jit(second.model.update)(KEY, state, rounds)
    return moved(state.variables, after.variables), metrics


def test_g_learns_the_next_event_before_d_learns_anything():
    first, second = c_rnn_gan(SPEC, learning_rate=0.0, **SMALL)
    state = jax.jit(first.model.init)(KEY, BATCH)
    flat = jax.tree.map(jnp.zeros_like, state.variables["generator"])
    state = state._replace(variables={**state.variables, "generator": flat})
    _, metrics = jax.jit(first.model.update)(KEY, state, {"sequence": X[None]})
    np.testing.assert_allclose(metrics["generator/loss"], np.square(X).mean(), rtol=1e-6)
    assert first.rounds == 3 and second.rounds is None and set(metrics) == {
        "generator/loss", "generator/grad_norm"
    }  # fmt: skip


def test_losses_are_those_of_the_mean_decision():
    _, metrics = adversarial(0.3, freeze_below=0.0, learning_rate=0.0)
    np.testing.assert_allclose(
        metrics["discriminator/loss"], softplus(-0.3) + softplus(0.3), rtol=1e-5
    )
    np.testing.assert_allclose(metrics["generator/loss"], softplus(-0.3), rtol=1e-5)
    np.testing.assert_allclose(metrics["discriminator/generator_loss"], softplus(-0.3), rtol=1e-5)


def test_d_rests_where_its_loss_is_below_the_share_of_gs_and_g_never():
    """Of a constant f: L_D = sp(-f) + sp(f), L_G = sp(-f); the ratio crosses 1.05 at f = -3.09."""
    changed, metrics = adversarial(-4.0, freeze_below=1.05)
    assert metrics["discriminator/kept"] == 0 and changed == set()  # nor does a constant D teach G
    changed, metrics = adversarial(-2.0, freeze_below=1.05)
    assert metrics["discriminator/kept"] == 1 and changed == {"discriminator"}
    _, metrics = adversarial(-4.0)
    assert metrics["discriminator/kept"] == 1  # 1.005 is not below 0.7


def test_feature_matching_takes_the_place_of_the_cross_entropy():
    _, metrics = adversarial(0.3, generator_loss="feature_matching")
    assert metrics["generator/loss"] == 0.0  # the features are flat, the logit is not
    real = np.array([[[1.0, 2.0]], [[3.0, 0.0]]])
    fake = np.array([[[3.0, 0.0]], [[1.0, 2.0]]])  # the same mean: nothing for a match of means
    assert matched(jnp.asarray(real), jnp.asarray(fake)) == 4.0
    with pytest.raises(ValueError, match="one shape"):
        matched(jnp.zeros((2, 3)), jnp.zeros((2, 2)))


def test_samples_are_free_and_forecasts_go_on_from_what_is_given():
    model = c_rnn_gan(SPEC, **SMALL)[1].model
    state = jax.jit(c_rnn_gan(SPEC, **SMALL)[0].model.init)(KEY, BATCH)
    x = model.sample(KEY, state.variables, 3)
    assert x.shape == (3, 5, 2) and np.abs(x[0] - x[1]).max() > 1e-4
    forecast = jax.jit(model.forecast, static_argnums=3)
    a, b = (forecast(KEY, state.variables, start, 4) for start in (X[:, :3], X[::-1, :3]))
    assert a.shape == (4, 4, 2) and np.abs(a - b).max() > 1e-4


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((8, 8, 1)), {}, "c_rnn_gan needs sequences"),
        (SPEC, {"cell": "rnn"}, "cell must be one of lstm, gru, got 'rnn'"),
        (SPEC, {"generator_loss": "l2"}, "generator_loss must be one of"),
        (SPEC, {"optimizer": "adamw"}, "optimizer must be one of sgd, adam"),
        (SPEC, {"pretraining_rounds": 0}, "pretraining_rounds must be at least 1"),
        (SPEC, {"freeze_below": -1.0}, "freeze_below must be at least 0"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        c_rnn_gan(spec, **options)
