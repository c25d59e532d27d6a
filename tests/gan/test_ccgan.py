"""ccgan: what is known stays, who is shown what, the losses at known heads, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax

from genjax.core import Spec
from genjax.gan import ccgan
from genjax.nets import HoleFiller, MlpDiscriminator, MlpGenerator
from genjax.tasks.completion import completer
from tests.gan.images import images, softplus, watched

KEY = jax.random.key(0)
SPEC = Spec((4, 4, 1), 256, 4)
BATCH = {"image": images((8, 4, 4, 1)), "label": jnp.arange(8) % 4}
SMALL = {"hidden": (4,), "learning_rate": 0.0}


def play(model, state):
    """The calls of D and of G, and the metrics of a round."""
    with watched(MlpDiscriminator) as judged, watched(MlpGenerator) as made:
        batches = jax.tree.map(lambda leaf: leaf[None], BATCH)
        _, metrics = jax.jit(model.update)(KEY, state, batches)
    return [*judged.values()], [*made.values()], metrics


def test_fakes_are_the_images_but_for_the_hole_and_no_pixel_is_compared():
    first, second = ccgan(SPEC, labels_per_class=1, class_weight=0.5, **SMALL)
    state = jax.jit(first.model.init)(KEY, BATCH)
    state = jax.jit(second.enter)(KEY, state, BATCH)
    judged, made, metrics = play(second.model, state)
    real, fake, known, own = judged
    x = 2 * np.asarray(BATCH["image"]) - 1
    for (given, filling), (shown, _) in ((made[0], fake), (made[1], own)):
        seen = given[0].reshape(8, 4, 4, 2)
        mask = seen[..., 1:] == 1
        assert (~mask).reshape(8, -1).sum(axis=1).tolist() == [4] * 8
        np.testing.assert_array_equal(seen[..., :1], np.where(mask, x, 0.0))
        np.testing.assert_array_equal(shown[0], np.where(mask, x, filling))
    np.testing.assert_allclose(real[0][0], x, rtol=1e-6)
    labels = np.abs(known[0][0][:, None] - x[None]).reshape(8, 8, -1).sum(-1).argmin(1) % 4
    by_class = -log_softmax(known[1]["class"], axis=1)[np.arange(8), labels].mean()
    np.testing.assert_allclose(metrics["discriminator/class_loss"], by_class, rtol=1e-4)
    expected = (softplus(-real[1]["logit"]) + softplus(fake[1]["logit"])).mean() + 0.5 * by_class
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-4)
    expected = softplus(-own[1]["logit"]).mean()
    np.testing.assert_allclose(metrics["generator/loss"], expected, rtol=1e-4)


def test_the_square_of_it_shows_whole_outputs_too():
    model = ccgan(SPEC._replace(num_classes=None), whole_weight=0.5, **SMALL)
    judged, made, metrics = play(model, jax.jit(model.init)(KEY, BATCH))
    real, filled, whole, own, own_whole = ((x[0], heads["logit"]) for x, heads in judged)
    np.testing.assert_array_equal(whole[0], made[0][1])
    np.testing.assert_array_equal(own_whole[0], made[1][1])
    on_real = softplus(-real[1])
    expected = 1.5 * on_real + softplus(filled[1]) + 0.5 * softplus(whole[1])
    np.testing.assert_allclose(metrics["discriminator/loss"], expected.mean(), rtol=1e-4)
    expected = softplus(-own[1]) + 0.5 * softplus(-own_whole[1])
    np.testing.assert_allclose(metrics["generator/loss"], expected.mean(), rtol=1e-4)


def test_complete_keeps_what_is_known_bit_for_bit():
    model = ccgan(SPEC, labels_per_class=0, **SMALL)
    variables = jax.jit(model.init)(KEY, BATCH).variables
    known = np.ones((4, 4, 1), bool)
    known[:2, 1:] = False
    other = jnp.where(known, BATCH["image"], 0.9)
    filled, again = (
        np.asarray(completer(model)(KEY, variables, x, known)) for x in (BATCH["image"], other)
    )
    kept = np.broadcast_to(known, filled.shape)
    np.testing.assert_array_equal(filled[kept], np.asarray(BATCH["image"])[kept])
    np.testing.assert_array_equal(filled, again)  # of what is missing nothing is read
    each = model.complete(KEY, variables, BATCH["image"], np.stack([known] * 8))
    np.testing.assert_array_equal(each, filled)
    values = model.evaluate(KEY, variables, BATCH)
    assert set(values) == {"logit", "hole_error"} and (values["hole_error"] <= 1).all()


def test_convolutions_give_images_of_any_size():
    x = jnp.zeros((2, 17, 12, 4))
    init = lambda: HoleFiller(3, 4).init(KEY, x, train=False)
    out = jax.eval_shape(lambda v: HoleFiller(3, 4).apply(v, x, train=False), jax.eval_shape(init))
    assert out.shape == (2, 17, 12, 3)
    first, second = ccgan(Spec((16, 16, 3), 256, 2), width=4)
    batch = {"image": jnp.zeros((2, 16, 16, 3)), "label": jnp.zeros(2, jnp.int32)}
    state = jax.eval_shape(first.model.init, KEY, batch)
    batches = jax.tree.map(lambda leaf: leaf[None], batch)
    jax.eval_shape(second.model.update, KEY, state, batches)


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((4,)), {}, "ccgan needs images"),
        (SPEC, {"hole": 5}, "a side of 1 to 4, got 5"),
        (SPEC, {"labels_per_class": -1}, "labels_per_class must be at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        ccgan(spec, **options)
