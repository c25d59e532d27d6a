"""text_to_image: which pairs D is shown and with which weights, the frozen encoder, what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import text_to_image
from genjax.gan.text_to_image import different, other_rows
from genjax.nets import TextDiscriminator, TextEncoder
from tests.gan.images import softplus, watched

KEY = jax.random.key(0)
SPEC = Spec((8, 8, 3), extras={"text": (12,)})
RANDOM = np.random.default_rng(0)
TEXT = jnp.asarray(RANDOM.integers(1, 128, (6, 12)), jnp.int32).at[1].set(65).at[4].set(65)
BATCH = {"image": jnp.asarray(RANDOM.uniform(size=(6, 8, 8, 3)), jnp.float32), "text": TEXT}
SMALL = {"hidden": (4,), "embedding_dim": 4, "text_width": 4, "latent_dim": 2, "projection": 3}


def entered(**options):
    first, second = text_to_image(SPEC, **SMALL, **options)

    @jax.jit
    def start(batch):
        return second.enter(KEY, first.model.init(KEY, batch), batch)

    return second.model, start(BATCH)


def test_a_mismatched_row_has_another_caption():
    keys = jax.random.split(KEY, 200)
    rows = np.asarray(jax.jit(jax.vmap(lambda key: other_rows(key, TEXT)))(keys))
    for row in range(6):
        same = {row} | ({1, 4} if row in (1, 4) else set())
        assert set(rows[:, row]) == set(range(6)) - same
    np.testing.assert_array_equal(different(TEXT, TEXT)[1], [1, 0, 1, 1, 0, 1])


def test_the_pairs_that_are_judged_and_their_weights():
    """(x, t), (x', t) of another caption, (G(z, t), t); then G's, by t and by means of two."""
    model, state = entered(cls_weight=0.3, interpolation_weight=0.4, learning_rate=0.0)
    batches = jax.tree.map(lambda leaf: leaf[None], BATCH)
    with watched(TextDiscriminator) as judged, watched(TextEncoder) as read:
        _, metrics = jax.jit(model.update)(KEY, state, batches)
    ((_, t), *_), x = read.values(), 2 * np.asarray(BATCH["image"]) - 1
    (real, r), (other, o), (fake, f), (made, g) = judged.values()
    for given in (real, other, fake):
        np.testing.assert_array_equal(given[1], t)
    np.testing.assert_allclose(real[0], x, atol=1e-6)
    rows = np.abs(other[0][:, None] - x[None]).max((2, 3, 4)).argmin(1)
    np.testing.assert_allclose(other[0], x[rows], atol=1e-6)
    assert np.asarray(different(TEXT, TEXT))[np.arange(6), rows].all()
    assert np.abs(fake[0] - x).max() > 0.1
    np.testing.assert_allclose(made[1], np.concatenate([t, (t[:3] + t[3:]) / 2]), atol=1e-6)
    r, o, f, g = (out["logit"] for out in (r, o, f, g))
    expected = (softplus(-r) + 0.3 * softplus(o) + 0.7 * softplus(f)).mean()
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-5)
    expected = (softplus(-g) * np.repeat([1.0, 0.4], [6, 3])).mean()
    np.testing.assert_allclose(metrics["generator/loss"], expected, rtol=1e-5)


@pytest.mark.parametrize("cls_weight", [0.0, 0.5])
def test_the_terms_weights_at_a_known_logit(cls_weight):
    """Logit b: softplus(-b) of the real pair, w + (1 - w) = 1 times softplus(b) of the others."""
    model, state = entered(cls_weight=cls_weight, learning_rate=0.0)
    flat = jax.tree.map(jnp.zeros_like, state.variables["discriminator"])
    flat["params"]["Dense_2"]["bias"] = jnp.asarray([0.8])
    state = state._replace(variables={**state.variables, "discriminator": flat})
    batch = jax.tree.map(lambda leaf: leaf[None], BATCH)
    _, metrics = jax.jit(model.update)(KEY, state, batch)
    low, high = np.log1p(np.exp(-0.8)), np.log1p(np.exp(0.8))
    np.testing.assert_allclose(metrics["discriminator/loss"], low + high, rtol=1e-5)
    np.testing.assert_allclose(metrics["generator/loss"], low, rtol=1e-5)


def test_interpolated_fakes_are_half_as_many_and_weigh_as_asked():
    """Six captions and three pairs, of weight 0.4: (6 + 3 * 0.4) / 9 of the logistic loss, log 2."""
    model, state = entered(interpolation_weight=0.4, learning_rate=0.0)
    flat = jax.tree.map(jnp.zeros_like, state.variables["discriminator"])
    state = state._replace(variables={**state.variables, "discriminator": flat})
    _, metrics = jax.jit(model.update)(KEY, state, jax.tree.map(lambda x: x[None], BATCH))
    np.testing.assert_allclose(metrics["generator/loss"], 7.2 / 9 * np.log(2), rtol=1e-5)


def test_the_encoders_stand_still_in_the_game_and_captions_are_remembered():
    model, state = entered()
    after, _ = jax.jit(model.update)(KEY, state, jax.tree.map(lambda x: x[None], BATCH))
    moved = jax.tree.map(lambda a, b: (a != b).any(), state.variables, after.variables)
    assert {name for name, tree in moved.items() if any(jax.tree.leaves(tree))} == {
        "generator",
        "discriminator",
    }
    np.testing.assert_array_equal(state.variables["captions"]["memory"]["text"][:6], TEXT)
    assert jax.eval_shape(lambda v: model.sample(KEY, v, 5), after.variables).shape == (5, 8, 8, 3)
    sample = jax.jit(lambda text: model.sample(KEY, after.variables, 6, text))
    assert np.abs(sample(TEXT) - sample(TEXT[::-1])).max() > 1e-4
    values = jax.jit(model.evaluate)(KEY, after.variables, BATCH)
    assert set(np.unique(values["matching"])) <= {0.0, 1.0} and values["logit"].shape == (6,)


def test_convolutional_networks_have_their_shapes():
    first, second = text_to_image(Spec((16, 16, 3), extras={"text": (20,)}), width=4)
    batch = {"image": jnp.zeros((4, 16, 16, 3)), "text": jnp.zeros((4, 20), jnp.int32)}
    state = jax.eval_shape(lambda: second.enter(KEY, first.model.init(KEY, batch), batch))
    drawn = jax.eval_shape(lambda v: second.model.sample(KEY, v, 3), state.variables)
    assert drawn.shape == (3, 16, 16, 3)
    batches = jax.tree.map(lambda leaf: leaf[None], batch)
    after, _ = jax.eval_shape(second.model.update, KEY, state, batches)
    assert "batch_stats" in after.variables["discriminator"]


@pytest.mark.parametrize(
    "options, message",
    [
        ({"cls_weight": 1.0}, "cls_weight must be in"),
        ({"interpolation_weight": -1.0}, "interpolation_weight at least 0"),
        ({"embedding_rounds": 0}, "embedding_rounds must be at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        text_to_image(SPEC, **options)
    with pytest.raises(ValueError, match="needs images with captions"):
        text_to_image(Spec((8, 8, 3)))
