"""improved_gan: who is labelled, the losses at a classifier of known logits, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax, logsumexp

from genjax.core import Spec
from genjax.gan import improved_gan
from genjax.gan.labelled import labelled_rows
from genjax.nets import NoisyClassifier, SoftplusGenerator
from tests.gan.images import softplus, watched

KEY = jax.random.key(0)
SPEC = Spec((3,), num_classes=4)
LABEL = jnp.arange(40) % 4
X = jnp.asarray(np.random.default_rng(0).normal(size=(40, 3)), jnp.float32)
BATCH = {"vector": X, "label": LABEL}
SMALL = {"hidden": (4,), "generator_hidden": (4,), "latent_dim": 2, "labels_per_class": 2}


def test_as_many_of_each_class_are_labelled_and_a_key_decides_which():
    rows = np.asarray(labelled_rows(KEY, LABEL, 4, 3))
    assert len(set(rows)) == 12
    np.testing.assert_array_equal(np.asarray(LABEL)[rows], np.repeat(np.arange(4), 3))
    assert set(rows) != set(np.asarray(labelled_rows(jax.random.key(1), LABEL, 4, 3)))
    few = labelled_rows(KEY, LABEL[:2], 4, 3)
    assert few.shape == (12,) and few.max() < 2


def entered(logits, **options):
    """(model, state) of the second stage, whose classifier has these logits everywhere."""
    first, second = improved_gan(SPEC, **SMALL, learning_rate=0.0, **options)
    state = jax.jit(first.model.init)(KEY, BATCH)
    flat = jax.tree.map(jnp.zeros_like, state.variables["discriminator"])
    # Directions may not be 0: their length is divided by.
    flat["params"] = {
        name: {**layer, "direction": jnp.ones_like(layer["direction"])}
        for name, layer in flat["params"].items()
    }
    flat["params"]["WeightNormDense_1"]["bias"] = jnp.asarray(logits)
    state = state._replace(variables={**state.variables, "discriminator": flat})
    return second.model, jax.jit(second.enter)(KEY, state, BATCH)


def test_the_losses_at_known_logits():
    """CE of the labelled, and half of the logistic losses of S, smoothed on the side of the data."""
    logits = np.array([1.0, 0.0, 0.0, -1.0])
    model, state = entered(logits, real_label=0.9, generator_loss="minimax")
    _, metrics = jax.jit(model.update)(
        KEY, state, jax.tree.map(lambda leaf: leaf[None], {**BATCH, "label": 0 * LABEL})
    )
    s = np.log(np.exp(logits).sum())
    softplus = lambda x: np.log1p(np.exp(x))
    by_class = metrics["discriminator/class_loss"]
    # All four classes are among the labelled, so it is neither that of class 0 nor of the batch.
    assert s - 1 + 0.1 < by_class < s + 1 - 0.1
    unlabelled = 0.5 * (softplus(s) - 0.9 * s + softplus(s))
    np.testing.assert_allclose(metrics["discriminator/loss"] - by_class, unlabelled, rtol=1e-5)
    np.testing.assert_allclose(metrics["generator/loss"], -softplus(s), rtol=1e-5)


def test_only_the_chosen_rows_are_remembered_and_the_first_stage_knows_no_label():
    model, state = entered(np.zeros(4))
    memory = state.variables["labelled"]["memory"]
    assert memory["x"].shape == (8, 3)
    for x, label in zip(memory["x"], memory["label"], strict=True):
        row = int(np.argmin(np.abs(np.asarray(X) - np.asarray(x)).sum(1)))
        np.testing.assert_array_equal(X[row], x)
        assert LABEL[row] == label
    first = improved_gan(SPEC, **SMALL)[0].model
    unseen = {"vector": X[None]}
    jax.eval_shape(first.update, KEY, jax.eval_shape(first.init, KEY, {"vector": X}), unseen)
    values = model.evaluate(KEY, state.variables, BATCH)
    np.testing.assert_array_equal(values["accuracy"], LABEL == 0)  # all logits alike: the first


def test_what_is_told_of_whom():
    """Labelled rows by their labels, the weight of the rest; features by l1; z in [0, 1]; averages."""
    options = {"feature_norm": "l1", "unlabelled_weight": 0.3, "learning_rate": 0.0}
    first, second = improved_gan(SPEC, **SMALL, **options)
    draw = np.random.default_rng(0).normal
    state = jax.eval_shape(first.model.init, KEY, BATCH)
    state = jax.tree.map(lambda leaf: jnp.asarray(draw(size=leaf.shape), leaf.dtype), state)
    state = state._replace(step=jnp.int32(0))
    state = jax.jit(second.enter)(KEY, state, BATCH)
    state.variables["generator"]["batch_stats"] = jax.tree.map(
        jnp.ones_like, state.variables["generator"]["batch_stats"]
    )
    batches = jax.tree.map(lambda leaf: leaf[None], BATCH)
    with watched(NoisyClassifier) as judged, watched(SoftplusGenerator) as made:
        after, metrics = jax.jit(second.model.update)(KEY, state, batches)
    (known, named), (_, real), (_, fake), (_, own), (_, data) = judged.values()
    rows = np.abs(known[0][:, None] - np.asarray(X)[None]).sum(-1).argmin(1)
    np.testing.assert_array_equal(known[0], np.asarray(X)[rows])
    by_class = -log_softmax(named["class"], axis=1)[np.arange(40), np.asarray(LABEL)[rows]]
    np.testing.assert_allclose(metrics["discriminator/class_loss"], by_class.mean(), rtol=1e-4)
    r, f = (logsumexp(out["class"], axis=1) for out in (real, fake))
    expected = by_class + 0.3 * 0.5 * (softplus(-r) + softplus(f))
    np.testing.assert_allclose(metrics["discriminator/loss"], expected.mean(), rtol=1e-4)
    distance = np.abs(data["features"].mean(0) - own["features"].mean(0)).mean()
    np.testing.assert_allclose(metrics["generator/loss"], distance, rtol=1e-4)
    z = next(iter(made.values()))[0][0]
    assert 0 <= z.min() < 0.1 and 0.9 < z.max() <= 1
    assert set(after.ema) == {"discriminator"}


def test_options_are_in_the_game():
    """Historical averaging keeps a mean; kernels and the virtual reference have variables."""
    first, _ = improved_gan(
        SPEC, **SMALL, historical_weight=0.1, minibatch_kernels=3, generator_norm="virtual"
    )
    state = jax.eval_shape(first.model.init, KEY, BATCH)
    assert state.variables["generator"]["reference"]["latents"].shape == (100, 2)
    kernels = state.variables["discriminator"]["params"]["MinibatchDiscrimination_0"]
    assert kernels["bias"].shape == (3,)
    plain = jax.eval_shape(improved_gan(SPEC, **SMALL)[0].model.init, KEY, BATCH)
    for player in (0, 1):
        count = lambda state, player=player: len(jax.tree.leaves(state.opt_states[player]))
        assert count(state) > count(plain)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"labels_per_class": 0}, "labels_per_class must be at least 1"),
        ({"generator_loss": "hinge"}, "generator_loss must be one of feature_matching, minimax"),
        ({"generator_norm": "layer"}, "generator_norm must be one of batch, virtual"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        improved_gan(SPEC, **options)
    with pytest.raises(ValueError, match="needs labels"):
        improved_gan(Spec((3,)))
