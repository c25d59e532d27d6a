"""am_gan: its losses are the cross-entropies of K + 1 classes, their gradients are known; refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from scipy.special import log_softmax, softmax

from genjax.core import Spec
from genjax.gan import am_gan
from genjax.losses import dynamic_label, non_saturating, realness
from genjax.nets import MlpDiscriminator
from tests.gan.images import watched

KEY = jax.random.key(0)
SPEC = Spec((3,), num_classes=4)
LABEL = np.arange(8) % 4
BATCH = {
    "vector": jnp.asarray(np.random.default_rng(0).normal(size=(8, 3)), jnp.float32),
    "label": jnp.asarray(LABEL),
}
LOGITS = np.random.default_rng(1).normal(0, 2, size=(6, 5)).astype(np.float32)


def of_classes(logits):
    """Summed over the batch: G's adversarial loss, whose logit is of all classes of the data."""
    real = realness(logits[:, :-1]) - logits[:, -1]
    return non_saturating().generator(None, real).sum()


def test_the_generators_gradient_is_that_of_the_paper():
    """softmax(l) - onehot(c) of the K + 1 logits; LabelGAN's is softmax(l) - [p_k / sum p_j, 0]."""
    p = softmax(LOGITS.astype(np.float64), axis=1)
    shares = np.pad(p[:, :-1] / p[:, :-1].sum(1, keepdims=True), ((0, 0), (0, 1)))
    np.testing.assert_allclose(jax.grad(of_classes)(LOGITS), p - shares, atol=1e-5)
    each = optax.softmax_cross_entropy_with_integer_labels
    loss = lambda x: of_classes(x) + each(x[:, :-1], dynamic_label(x)).sum()
    onehot = np.eye(5)[LOGITS[:, :-1].argmax(1)]
    np.testing.assert_allclose(jax.grad(loss)(jnp.asarray(LOGITS)), p - onehot, atol=1e-5)


@pytest.mark.parametrize("labelling", ["dynamic", "predefined", "none"])
def test_losses_are_cross_entropies_of_all_classes(labelling):
    """By SciPy's K + 1 log-probabilities: of the data its label, of fakes K + 1, of G's its target."""
    model = am_gan(
        SPEC, labelling=labelling, latent_dim=2, hidden=(4,), learning_rate=0.0, dropout_rate=0.5
    )
    state = jax.jit(model.init)(KEY, BATCH)
    with watched(MlpDiscriminator) as judged:
        batches = jax.tree.map(lambda leaf: leaf[None], BATCH)
        _, metrics = jax.jit(model.update)(KEY, state, batches)
    rows = np.arange(8)
    seen = [given[0] for given, _ in judged.values()]
    assert 0.02 < np.abs(seen[0] - BATCH["vector"]).mean() < 0.2  # noise of deviation 0.1
    real, fake, _, own = (log_softmax(out["class"], axis=1) for _, out in judged.values())
    expected = -real[rows, LABEL].mean() - fake[:, 4].mean()
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-4)
    expected = {
        "dynamic": -own[:, :4].max(axis=1),
        "predefined": -own[rows, LABEL],
        "none": -np.log(np.exp(own[:, :4]).sum(axis=1)),
    }[labelling]
    np.testing.assert_allclose(metrics["generator/loss"], expected.mean(), rtol=1e-4)
    assert model.condition == ("label" if labelling == "predefined" else None)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="am_gan needs labels"):
        am_gan(Spec((3,)))
    with pytest.raises(ValueError, match="labelling must be one of dynamic, predefined, none"):
        am_gan(SPEC, labelling="static")
