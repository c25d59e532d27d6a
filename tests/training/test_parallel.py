"""Many devices train what one does: jit over a mesh to the letter, pmap as its definition says."""

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import DATA_AXIS, Spec
from genjax.data import ArraySource
from genjax.training.feed import resident_feed, streamed_feed
from genjax.training.placement import mesh_placement, placement, pmap_placement
from genjax.training.rounds import failure, make_rounds, means
from genjax.vae import vae
from tests.core import games

STEPS, BATCH_SIZE, SIZE = 20, 8, 50
KEY = jax.random.key(1)


def identity(key, batch):
    """A transform of nothing."""
    del key
    return batch


def binarize(key, batch):
    """A transform that draws, as dynamic binarisation does."""
    draws = jax.random.uniform(key, batch["vector"].shape)
    return {**batch, "vector": (draws < jax.nn.sigmoid(batch["vector"])).astype(jnp.float32)}


def binary_vae():
    """The library's own VAE on three bits."""
    return vae(Spec((games.DIM,), 2), hidden=(4,))


def source():
    """Fifty vectors."""
    data = np.random.default_rng(0).normal(size=(SIZE, games.DIM)).astype(np.float32)
    return ArraySource({"vector": data})


def train(model, place, transform, *, steps=STEPS, feed=None):
    """State and metrics after `steps` rounds in one call."""
    if feed is None:
        feed = resident_feed(source(), place, BATCH_SIZE, model.num_batches)
    batch = {"vector": jnp.zeros((BATCH_SIZE, games.DIM))}
    state = jax.device_get(jax.jit(model.init)(KEY, batch))
    play = make_rounds(model, feed, place, transform, 1)
    data = next(feed.chunks([(0, steps)]))
    arguments = (place.replicate(KEY), place.replicate(state), data, jnp.int32(steps))
    state, report = place.compile(play, arguments)(*arguments)
    report = place.gather(report)
    assert failure(report) is None
    return place.gather(state), means(report)


CASES = [(binary_vae, binarize), (games.wgan_gp, identity), (games.normed_gan, identity)]


@pytest.mark.parametrize("make, transform", CASES)
def test_jit_over_four_devices_equals_one(make, transform):
    assert jax.device_count() == 4
    one = train(make(), mesh_placement(jax.devices()[:1]), transform)
    four = train(make(), mesh_placement(), transform)
    chex.assert_trees_all_close(one, four, rtol=2e-3, atol=2e-5)


@pytest.mark.parametrize("make, transform", CASES)
def test_pmap_over_four_devices_equals_vmap_over_four_shards(make, transform):
    """The definition of pmap: shards of the global batch, keys folded by shard, means over them."""
    model = make()
    state, metrics = train(model, pmap_placement(), transform)

    mesh = mesh_placement(jax.devices()[:1])
    feed = resident_feed(source(), mesh, BATCH_SIZE, model.num_batches)
    key_order, key_rounds = jax.random.split(KEY)
    batch = {"vector": jnp.zeros((BATCH_SIZE, games.DIM))}
    expected = jax.jit(model.init)(KEY, batch)
    data, totals = next(feed.chunks([(0, STEPS)])), []

    def shard_round(shard, state, batches):
        key = jax.random.fold_in(jax.random.fold_in(key_rounds, state.step), shard)
        key_transform, key_update = jax.random.split(key)
        keys = jax.random.split(key_transform, model.num_batches)
        return model.update(key_update, state, jax.vmap(transform)(keys, batches))

    @jax.jit
    def play(state):
        batches = feed.minibatches(key_order, data, state.step, 0)
        split = lambda leaf: jnp.stack(jnp.split(leaf, 4, axis=1))
        shards = jax.tree.map(split, batches)
        states, metrics = jax.vmap(shard_round, in_axes=(0, None, 0), axis_name=DATA_AXIS)(
            jnp.arange(4), state, shards
        )
        return jax.tree.map(lambda leaf: leaf[0], (states, metrics))

    for _ in range(STEPS):
        expected, of_round = play(expected)
        totals.append(of_round)
    mean = jax.tree.map(lambda *leaves: np.mean(leaves), *totals)
    chex.assert_trees_all_close(state, jax.device_get(expected), rtol=2e-3, atol=2e-5)
    chex.assert_trees_all_close(dict(metrics), dict(mean), rtol=2e-3, atol=2e-5)


def test_pmap_without_averaging_would_differ():
    """The check above can fail: shards of one axis that is not named go their own ways."""
    model = games.normed_gan()
    batches = games.data(KEY, 4, BATCH_SIZE)["vector"][:, None]
    state = jax.jit(model.init)(KEY, {"vector": batches[0, 0]})
    update = jax.jit(jax.vmap(model.update, in_axes=(None, None, 0)))
    alone, _ = update(KEY, state, {"vector": batches})
    spread = jax.tree.map(lambda leaf: np.ptp(leaf, axis=0).max(), alone.variables)
    assert max(jax.tree.leaves(spread)) > 1e-3


@pytest.mark.parametrize("place", [mesh_placement, pmap_placement])
def test_a_stream_trains_what_a_resident_set_does(place):
    model, chunk = games.wgan_gp(critic_turns=2), 25
    key_order, _ = jax.random.split(KEY)
    place = place()
    feed = streamed_feed(source(), place, BATCH_SIZE, 2, [key_order], chunk)
    resident = train(model, place, identity)
    streamed = train(model, place, identity, feed=feed)
    chex.assert_trees_all_close(resident, streamed, rtol=1e-5, atol=1e-6)


def test_a_batch_that_cannot_be_split_is_refused():
    with pytest.raises(ValueError, match=r"--batch_size 6 cannot be split over 4 devices"):
        placement("jit", 6)
