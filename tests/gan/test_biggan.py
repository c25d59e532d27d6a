"""BigGAN's standing statistics, its game and its samples, and what it refuses."""

import importlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Model, Spec
from genjax.gan import biggan
from genjax.nets import ResnetGenerator
from tests.gan.images import watched

KEY = jax.random.key(0)
SPEC = Spec((8, 8, 1), 17, 3)


def test_samples_do_not_hang_on_running_statistics():
    """Statistics are made for the draws: training's are not looked at, narrow draws' are other ones."""
    model = biggan(SPEC, width=2, chunk_dim=3, embedding_dim=4, standing_batches=2)
    label = jnp.array([0, 1, 2, 0])
    batch = {"image": jnp.zeros((4, 8, 8, 1)), "label": label}
    variables = jax.jit(lambda key: model.init(key, batch).variables)(KEY)
    moved = jax.tree.map(lambda leaf: leaf + 7.0, variables["generator"]["batch_stats"])
    spoilt = {**variables, "generator": {**variables["generator"], "batch_stats": moved}}
    narrow = jnp.clip(jax.random.normal(KEY, (4, 6)), -0.5, 0.5)
    wide = narrow.at[3].set(4.0)
    decode = jax.jit(lambda variables, z: model.decode(KEY, variables, z, label)[:3])
    found = decode(variables, narrow)
    assert found.std() > 0.01 and found.min() >= 0 and found.max() <= 1
    np.testing.assert_array_equal(found, decode(spoilt, narrow))
    assert np.abs(found - decode(variables, wide)).max() > 1e-3


def test_the_game_that_it_asks_for(monkeypatch):
    """Hinge, 1e-4 |W^T W * (1 - I)|^2 of the generator, two turns of D from 64x64 on, four below."""
    asked, module = {}, importlib.import_module("genjax.gan.biggan")

    def two_players(*args, **options):
        asked.update(options)
        return Model(None, None, 1)

    monkeypatch.setattr(module, "two_players", two_players)
    for side, turns in ((8, 4), (64, 2)):
        biggan(Spec((side, side, 3), 256, 4))
        assert asked["discriminator_turns"] == turns and asked["conditional"]
    params = {"w": jnp.array([[1.0, 2.0], [0.0, 1.0]])}
    np.testing.assert_allclose(asked["weight_terms"](params), 1e-4 * 8, rtol=1e-6)
    found = asked["adversary"].discriminator(jnp.zeros(1), jnp.array([0.5]))
    np.testing.assert_allclose(found, 1 + 1.5)
    decays = [float(asked["ema_decay"](step)) for step in (0, 90, 10**6)]
    np.testing.assert_allclose(decays, [0.1, 0.91, 0.9999], rtol=1e-6)


def test_samples_are_of_their_label_and_of_latents_without_tails():
    sizes = {"width": 1, "chunk_dim": 3, "embedding_dim": 4, "standing_batches": 1}
    model = biggan(SPEC, truncation=0.5, **sizes)
    batch = {"image": jnp.zeros((4, 8, 8, 1)), "label": jnp.zeros(4, jnp.int32)}
    shapes = jax.eval_shape(model.init, KEY, batch).variables
    variables = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
    label = jnp.array([2, 1, 1, 0, 2])
    with watched(ResnetGenerator) as made:
        jax.jit(lambda v: model.sample(KEY, v, 5, label))(variables)
    ((standing, labels), _), *_, ((z, given), _) = made.values()
    np.testing.assert_array_equal(given, label)
    assert 0.3 < np.abs(z).max() <= 0.5
    assert len(standing) == 64 and np.abs(standing).max() <= np.abs(z).max()
    assert set(labels) == {0, 1, 2}  # their moments are of all classes


def test_what_it_refuses():
    with pytest.raises(ValueError, match=r"needs images with labels, .* are image without labels"):
        biggan(Spec((8, 8, 1), 2))
    with pytest.raises(ValueError, match=r"needs images with labels, .* are vector$"):
        biggan(Spec((5,), 2, 3))
    with pytest.raises(ValueError, match="truncation must be above 0, got 0"):
        biggan(SPEC, truncation=0.0)
