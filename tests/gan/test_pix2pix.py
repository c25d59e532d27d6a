"""pix2pix: its losses at networks of known outputs, who moves, its noise, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import pix2pix
from genjax.nets import PatchDiscriminator
from tests.gan.images import KEY, images, moved, softplus, told, watched

SPEC = Spec((8, 8, 1), 256, None, {"target": (8, 8, 3)})
BATCH = {"image": images((4, 8, 8, 1)), "target": images((4, 8, 8, 3), 1)}


@pytest.mark.parametrize("l1_weight, adversarial_weight", [(100.0, 1.0), (7.0, 0.5)])
def test_the_losses_at_networks_of_known_outputs(l1_weight, adversarial_weight):
    """Translations tanh(0.2), and the logits at hand: softplus and absolute values in NumPy."""
    model = pix2pix(SPEC, width=2, l1_weight=l1_weight, adversarial_weight=adversarial_weight)
    state = jax.jit(model.init)(KEY, BATCH)
    variables = told(state.variables, "generator", "ConvTranspose_2", [0.2] * 3)
    still = state._replace(variables=variables)
    with watched(PatchDiscriminator) as judged:
        after, metrics = jax.jit(model.update)(KEY, still, jax.tree.map(lambda x: x[None], BATCH))
    a, b = (2 * np.asarray(BATCH[name]) - 1 for name in ("image", "target"))
    fake = np.full(b.shape, np.tanh(np.float32(0.2)))
    # Each is judged beside its own a: the pair and the translation, then the generator's.
    for (given, _), x in zip(judged.values(), (b, fake, fake), strict=True):
        np.testing.assert_allclose(given[0], x, rtol=1e-5)
        np.testing.assert_allclose(given[1], a, rtol=1e-5)
    r, f, own = (out["logit"] for _, out in judged.values())
    expected = (softplus(-r) + softplus(f)).mean()
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-5)
    distance = np.abs(b - np.tanh(0.2)).mean()
    np.testing.assert_allclose(metrics["generator/l1"], distance, rtol=1e-5)
    total = adversarial_weight * softplus(-own).mean() + l1_weight * distance
    np.testing.assert_allclose(metrics["generator/loss"], total, rtol=1e-5)
    assert moved(variables, after.variables) == {"discriminator", "generator"}
    variables = told(variables, "discriminator", "Conv_2", [0.7])
    values = jax.jit(model.evaluate)(KEY, variables, BATCH)
    np.testing.assert_allclose(values["l1"].mean(), distance / 2, rtol=1e-5)
    for name in ("logit", "translated_logit"):
        np.testing.assert_allclose(values[name], 0.7, rtol=1e-5)
    y = jax.jit(model.translate)(KEY, variables, BATCH["image"])
    np.testing.assert_allclose(y, np.full((4, 8, 8, 3), 0.5 + 0.5 * np.tanh(0.2)), rtol=1e-5)


def test_dropout_draws_and_the_discriminator_sees_the_image_where_it_is_conditional():
    logits = {}
    for conditional in (True, False):
        model = pix2pix(SPEC, width=2, conditional=conditional)
        variables = jax.jit(model.init)(KEY, BATCH).variables
        other = {**BATCH, "image": 1 - BATCH["image"]}
        evaluate = jax.jit(model.evaluate)
        logits[conditional] = [evaluate(KEY, variables, b)["logit"] for b in (BATCH, other)]
    assert np.abs(logits[True][0] - logits[True][1]).max() > 1e-3
    np.testing.assert_array_equal(*logits[False])
    translate = jax.jit(model.translate)
    first, second = (translate(jax.random.key(k), variables, BATCH["image"]) for k in (1, 2))
    assert np.abs(first - second).max() > 1e-3


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((8, 8, 1)), {}, "pix2pix needs pairs: this data has no 'target'"),
        (Spec((8, 8, 1), extras={"unpaired": (8, 8, 1)}), {}, "needs pairs"),
        (Spec((12,), extras={"target": (12,)}), {}, "pix2pix needs images"),
        (Spec((8, 8, 1), extras={"target": (4, 4, 1)}), {}, "both domains in one size"),
        (SPEC, {"dropout_rate": 1.0}, "below 1, got 1.0"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        pix2pix(spec, **options)


def test_running_statistics_are_kept_where_they_are_asked_for():
    model = pix2pix(SPEC, width=2, norm="batch")
    state = jax.eval_shape(model.init, KEY, BATCH)
    run = jax.eval_shape(model.update, KEY, state, jax.tree.map(lambda x: x[None], BATCH))
    assert "batch_stats" in run[0].variables["generator"]
    shape = jax.eval_shape(model.translate, KEY, state.variables, jnp.zeros((1, 8, 8, 1))).shape
    assert shape == (1, 8, 8, 3)
