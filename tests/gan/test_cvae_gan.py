"""cvae_gan: who learns from what, the losses by NumPy, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import cvae_gan
from genjax.gan.cvae_gan import half_squares
from genjax.gan.networks import reader
from genjax.nets import MlpDiscriminator, MlpGenerator
from tests.gan.images import KEY, images, moved, softplus, watched

SPEC = Spec((4, 4, 1), 256, 3)
BATCH = {"image": images((6, 4, 4, 1)), "label": jnp.array([0, 1, 2, 0, 1, 2])}
SMALL = {"latent_dim": 2, "hidden": (5,)}


WEIGHTS = {"kl_weight": 2.0, "reconstruction_weight": 3.0, "mean_weight": 5.0}
WEIGHTS |= {"class_mean_weight": 7.0}


@pytest.fixture(scope="module")
def played():
    """(update, first state, second state, metrics, calls of G, calls of the readers) of one round."""
    model = cvae_gan(SPEC, **WEIGHTS, **SMALL)
    state, update = jax.jit(model.init)(KEY, BATCH), jax.jit(model.update)
    with watched(MlpGenerator) as made, watched(MlpDiscriminator) as read:
        after, metrics = update(KEY, state, jax.tree.map(lambda x: x[None], BATCH))
    return update, state, after, metrics, [*made.values()], [*read.values()]


def test_half_squares():
    np.testing.assert_array_equal(half_squares(jnp.array([[[1.0, 2.0]], [[0.0, -4.0]]])), [2.5, 8])


def test_a_round_by_hand(played):
    """KL, the three squares and both means of the first player; cross-entropy of C; D's three terms."""
    _, state, after, metrics, made, read = played
    x, label = 2 * np.asarray(BATCH["image"]) - 1, np.asarray(BATCH["label"])
    assert all((given[1] == label).all() for given, _ in made)  # draws too have the batch's labels
    rebuilt, drawn = made[0][1], made[1][1]
    (_, told), posterior = read[0]
    np.testing.assert_array_equal(told, label)  # E is told the class
    mean, log_variance = posterior["mean"], posterior["log_variance"]
    kl = 0.5 * (mean**2 + np.exp(log_variance) - log_variance - 1).sum(1).mean()
    for (given, _), wanted in zip(read[1:7], (x, rebuilt, drawn) * 2, strict=True):
        np.testing.assert_allclose(given[0], wanted, atol=1e-6)
    seen = [out["features"] for _, out in read[1:7]]  # D's of x, x_f, x_p, then C's
    squares = lambda a, b: 0.5 * ((a - b) ** 2).reshape(6, -1).sum(1).mean()
    rebuild = squares(x, rebuilt) + squares(seen[0], seen[1]) + squares(seen[3], seen[4])
    mean = 0.5 * ((seen[0].mean(0) - seen[2].mean(0)) ** 2).sum()
    of_class = lambda f: f.reshape(2, 3, -1).mean(0)
    by_class = 0.5 * ((of_class(seen[3]) - of_class(seen[5])) ** 2).sum()
    total = 2 * kl + 3 * rebuild + 5 * mean + 7 * by_class
    np.testing.assert_allclose(metrics["generator/loss"], total, rtol=1e-4)
    logits = read[7][1]["class"]
    log_p = logits - np.log(np.exp(logits).sum(1, keepdims=True))
    entropy = -log_p[np.arange(6), label].mean()
    np.testing.assert_allclose(metrics["classifier/loss"], entropy, rtol=1e-5)
    real, of_rebuilt, fake = (out["logit"] for _, out in read[9:12])
    judged = softplus(-real).mean() + softplus(of_rebuilt).mean() + softplus(fake).mean()
    np.testing.assert_allclose(metrics["discriminator/loss"], judged, rtol=1e-5)
    names = {"encoder", "generator", "classifier", "discriminator", "extra"}
    assert moved(state.variables, after.variables) == names


def test_the_generator_does_not_hear_the_discriminators_opinion(played):
    """Another last layer of D changes its features not at all, and G's step neither."""
    update, state, after, *_ = played
    params = dict(state.variables["discriminator"]["params"])
    params["logit_head"] = jax.tree.map(lambda leaf: leaf + 3.0, params["logit_head"])
    changed = {**state.variables, "discriminator": {"params": params}}
    batches = jax.tree.map(lambda x: x[None], BATCH)
    other, _ = update(KEY, state._replace(variables=changed), batches)
    for name in ("encoder", "generator"):
        assert not moved({name: after.variables[name]}, {name: other.variables[name]})


def test_data_without_labels_is_refused():
    with pytest.raises(ValueError, match="cvae_gan needs labels, and this data has none"):
        cvae_gan(Spec((4, 4, 1)))


@pytest.mark.parametrize("shape, width", [((4, 4, 1), 5), ((16, 16, 1), 2 * 2 * 4 * 4)])
def test_a_reader_has_its_heads_and_features_and_no_logit(shape, width):
    spec = Spec(shape, None, 3)
    net = reader(spec, {"code": 2}, hidden=(5,), width=2, num_classes=3)
    heads = jax.eval_shape(
        lambda: net.apply(net.start(KEY), jnp.zeros((6, *shape)), jnp.zeros(6, int), train=False)
    )[0]
    # The convolutional one has the label beside its last features too.
    width += 3 * (shape[0] == 16)
    assert {name: head.shape for name, head in heads.items()} == {
        "features": (6, width),
        "code": (6, 2),
    }
