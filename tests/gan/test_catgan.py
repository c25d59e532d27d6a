"""catgan: entropies of whom enter which loss, with what sign; labels where asked for; refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats
from scipy.special import log_softmax, softmax

from genjax.core import Spec
from genjax.gan import catgan
from genjax.nets import MlpDiscriminator
from tests.gan.images import watched

KEY = jax.random.key(0)
SPEC = Spec((3,), num_classes=4)
BATCH = {
    "vector": jnp.asarray(np.random.default_rng(0).normal(size=(8, 3)), jnp.float32),
    "label": jnp.arange(8) % 4,
}
SMALL = {"latent_dim": 2, "hidden": (4,), "learning_rate": 0.0, "input_noise": 0.0}


def play(model, state):
    with watched(MlpDiscriminator) as judged:
        batches = jax.tree.map(lambda leaf: leaf[None], BATCH)
        _, metrics = jax.jit(model.update)(KEY, state, batches)
    return [out["class"].astype(np.float64) for _, out in judged.values()], metrics


def entropies(logits):
    """(mean of the entropies, entropy of the mean)."""
    p = softmax(logits, axis=1)
    return stats.entropy(p, axis=1).mean(), stats.entropy(p.mean(axis=0))


def test_each_side_has_its_entropies_and_no_label_is_read():
    model = catgan(SPEC, marginal_weight=0.7, **SMALL)
    state = jax.jit(model.init)(KEY, BATCH)
    (real, fake, _, own), metrics = play(model, state)
    (of_real, even_real), (of_fake, _), (of_own, even_own) = map(entropies, (real, fake, own))
    expected = of_real - 0.7 * even_real - of_fake
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-4)
    np.testing.assert_allclose(metrics["generator/loss"], of_own - 0.7 * even_own, rtol=1e-4)
    found = model.clusters(KEY, state.variables, BATCH["vector"])
    np.testing.assert_allclose(found, log_softmax(real, axis=1), rtol=1e-4, atol=1e-5)
    certainty = model.evaluate(KEY, state.variables, BATCH)["logit"]
    np.testing.assert_allclose(certainty.mean(), -of_real, rtol=1e-4)
    unseen = {"vector": BATCH["vector"][None]}
    blind = catgan(Spec((3,)), num_clusters=4, **SMALL)
    jax.eval_shape(blind.update, KEY, state, unseen)


def test_with_labels_the_cross_entropy_of_the_chosen_is_added():
    first, second = catgan(SPEC, labels_per_class=1, class_weight=0.5, **SMALL)
    state = jax.jit(first.model.init)(KEY, BATCH)
    state = jax.jit(second.enter)(KEY, state, BATCH)
    (real, fake, known, *_), metrics = play(second.model, state)
    by_class = metrics["discriminator/class_loss"]
    (of_real, even), (of_fake, _) = entropies(real), entropies(fake)
    loss = of_real - even - of_fake + 0.5 * by_class
    np.testing.assert_allclose(metrics["discriminator/loss"], loss, rtol=1e-4)
    # One of each class is remembered: what the classifier says of those four, by their labels.
    memory = state.variables["labelled"]["memory"]
    np.testing.assert_array_equal(memory["label"], np.arange(4))
    logits = log_softmax(second.model.clusters(KEY, state.variables, memory["x"]), axis=1)
    said = log_softmax(known, axis=1)
    rows = np.abs(said[:, None] - np.asarray(logits)[None]).sum(-1).argmin(1)
    np.testing.assert_allclose(by_class, -said[np.arange(8), rows].mean(), rtol=1e-4)
    right = second.model.evaluate(KEY, state.variables, BATCH)["accuracy"]
    np.testing.assert_array_equal(right, real.argmax(1) == BATCH["label"])


@pytest.mark.parametrize(
    "options, message",
    [
        ({"num_clusters": 1}, "num_clusters must be at least 2"),
        ({"num_clusters": 5, "labels_per_class": 1}, "as many clusters as classes, got 5 and 4"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        catgan(SPEC, **options)
