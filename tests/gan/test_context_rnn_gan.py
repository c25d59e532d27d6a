"""context_rnn_gan: losses by hand, whose gradient is whose, true contexts, and what is measured."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import context_rnn_gan
from genjax.nets import ContextDiscriminator
from tests.gan.images import KEY, moved, softplus, told, watched

SPEC = Spec((4, 9), None, None, {"distractors": (2, 9)})
RANDOM = np.random.default_rng(0)
BATCH = {
    "sequence": jnp.asarray(RANDOM.random((3, 4, 9)), jnp.float32),
    "distractors": jnp.asarray(RANDOM.random((3, 2, 9)), jnp.float32),
}
ROUND = jax.tree.map(lambda leaf: leaf[None], BATCH)
SMALL = {"hidden": 4, "discriminator_hidden": 4}


def standing(frame, logit, **options):
    """The model, and a state whose G always says `frame` and whose D always says `logit`."""
    model = context_rnn_gan(SPEC, **SMALL, **options)
    state = jax.jit(model.init)(KEY, BATCH)
    variables = told(state.variables, "discriminator", "logit_head", [logit])
    flat = jax.tree.map(jnp.zeros_like, variables["generator"])
    flat["params"]["Scan_FeedbackStep_0"]["output"]["bias"] = jnp.asarray(frame, jnp.float32)
    return model, state._replace(variables={**variables, "generator": flat})


@pytest.mark.parametrize("norm", [1, 2])
def test_losses_by_hand(norm):
    frame = np.linspace(0, 1, 9)
    options = {"norm": norm, "adversarial_weight": 0.5, "reconstruction_weight": 2.0}
    model, state = standing(frame, 0.7, learning_rate=0.0, **options)
    after, metrics = jax.jit(model.update)(KEY, state, ROUND)
    x = np.asarray(BATCH["sequence"])[:, 1:]  # of the first frame nothing is asked
    distance = (np.abs(x - frame) ** norm).sum(-1).mean()
    np.testing.assert_allclose(metrics["generator/distance"], distance, rtol=1e-5)
    expected = 0.5 * softplus(-0.7) + 2 * distance
    np.testing.assert_allclose(metrics["generator/loss"], expected, rtol=1e-5)
    expected = softplus(-0.7) + softplus(0.7)
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-5)
    assert moved(state.variables, after.variables) == set()


def test_contexts_are_true_frames_for_fakes_too():
    model = context_rnn_gan(SPEC, **SMALL)
    state = jax.jit(model.init)(KEY, BATCH)
    with watched(ContextDiscriminator) as calls:
        after, _ = jax.jit(model.update)(KEY, state, ROUND)
    calls = list(calls.values())
    assert len(calls) == 3  # real and fake for D, fake for G
    for (given, *_), _ in calls:
        np.testing.assert_array_equal(given, BATCH["sequence"])
    assert [len(args[0]) for args in calls] == [1, 2, 2]
    assert moved(state.variables, after.variables) == {"generator", "discriminator"}


def test_figures_are_of_the_last_frame():
    x = np.zeros((3, 4, 9), np.float32)
    x[:, 2, 0] = 1.0
    x[0, 3, 4] = x[1, 3, 5] = x[2, 3, 4] = 1.0
    frame = np.zeros(9)
    frame[4] = 0.8
    others = np.zeros((3, 2, 9), np.float32)
    others[2, 1, 4] = 0.9  # nearer than the truth
    model, state = standing(frame, 0.0)
    batch = {"sequence": jnp.asarray(x), "distractors": jnp.asarray(others)}
    found = jax.jit(model.evaluate)(KEY, state.variables, batch)
    np.testing.assert_allclose(found["error"], [0.04, 1.64, 0.04], rtol=1e-5)
    np.testing.assert_allclose(found["copy_error"], 2.0)
    np.testing.assert_array_equal(found["position_accuracy"], [1, 0, 1])
    np.testing.assert_array_equal(found["choice_accuracy"], [1, 0, 0])


def test_a_forecast_feeds_itself():
    model = context_rnn_gan(SPEC, **SMALL)
    variables = jax.jit(model.init)(KEY, BATCH).variables
    x = BATCH["sequence"]
    two = model.forecast(KEY, variables, x, 2)
    joined = jnp.concatenate([x, two[:, :1]], axis=1)
    np.testing.assert_allclose(
        model.forecast(KEY, variables, joined, 1)[:, 0], two[:, 1], atol=1e-6
    )


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((1, 4)), {}, "of at least 2 steps"),
        (Spec((4,)), {}, "context_rnn_gan needs sequences"),
        (SPEC, {"norm": 3}, "norm must be 1 or 2, got 3"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        context_rnn_gan(spec, **options)
