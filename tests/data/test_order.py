"""The order is a bijection, even over keys, and a function of (key, step) alone."""

import collections
import functools
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.data.order import batch_indices, epoch_order, num_batches_per_epoch


@functools.partial(jax.jit, static_argnums=1)
def _whole_epoch(key, size):
    return epoch_order(key, jnp.arange(size), size)


def _chi_square_ratio(counts):
    """Chi-square of counts against evenness, over its degrees of freedom: about 1."""
    counts = np.asarray(counts, float).reshape(-1)
    return ((counts - counts.mean()) ** 2).sum() / counts.mean() / (counts.size - 1)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 10, 64, 1200, 60000])
def test_every_example_once(size):
    order = np.asarray(_whole_epoch(jax.random.key(3), size))
    assert order.dtype == np.int32
    np.testing.assert_array_equal(np.sort(order), np.arange(size))


@pytest.mark.parametrize("size", [2, 3, 4])
def test_every_permutation_is_as_likely(size):
    keys = jax.random.split(jax.random.key(0), 12000)
    orders = np.asarray(jax.vmap(lambda key: _whole_epoch(key, size))(keys))
    seen = collections.Counter(map(tuple, orders.tolist()))
    counts = [seen[order] for order in itertools.permutations(range(size))]
    # The 99.9th percentiles of chi-square over df for df = 1, 5, 23 are 10.8, 4.1 and 2.2.
    assert _chi_square_ratio(counts) < {2: 10.8, 3: 4.1, 4: 2.2}[size]
    assert len(seen) == math.factorial(size)


def test_slots_and_neighbours_are_even():
    size, num_keys = 10, 8000
    keys = jax.random.split(jax.random.key(1), num_keys)
    orders = np.asarray(jax.vmap(lambda key: _whole_epoch(key, size))(keys))
    slots = [np.bincount(orders[:, slot], minlength=size) for slot in range(size)]
    assert _chi_square_ratio(slots) < 1.5
    steps = np.bincount((orders[:, 1] - orders[:, 0]) % size, minlength=size)[1:]
    assert _chi_square_ratio(steps) < 3.3  # 99.9th percentile for df = 8


def test_large_order_has_no_trend():
    order = np.asarray(_whole_epoch(jax.random.key(5), 60000))
    assert abs(np.corrcoef(order[:-1], order[1:])[0, 1]) < 0.02
    assert abs(np.corrcoef(order, np.arange(60000))[0, 1]) < 0.02


def test_an_epoch_covers_all_but_the_last_incomplete_batch():
    size, batch_size, num_batches = 103, 10, 3  # 10 minibatches an epoch: rounds straddle epochs
    key = jax.random.key(0)
    rounds = jax.jit(lambda step: batch_indices(key, step, num_batches, batch_size, size))
    batches = np.concatenate([np.asarray(rounds(step)) for step in range(10)])
    assert batches.shape == (30, batch_size)
    epochs = batches.reshape(3, -1)
    for epoch in range(3):
        assert len(set(epochs[epoch].tolist())) == 100
        expected = _whole_epoch(jax.random.fold_in(key, epoch), size)[:100]
        np.testing.assert_array_equal(epochs[epoch], expected)
    assert not np.array_equal(epochs[0], epochs[1])


@pytest.mark.parametrize("impl", ["threefry2x32", "rbg"])
def test_vmap_and_scan_give_the_same_as_one_by_one(impl):
    keys = jax.random.split(jax.random.key(2, impl=impl), 2)
    draw = jax.jit(lambda key, step: batch_indices(key, step, 2, 4, 11))
    single = np.stack([[draw(key, step) for step in range(5)] for key in keys])

    @jax.jit
    def together(keys):
        mapped = jax.vmap(lambda key: jax.vmap(lambda step: draw(key, step))(jnp.arange(5)))(keys)
        return mapped, jax.lax.scan(lambda _, t: (None, draw(keys[1], t)), None, jnp.arange(5))[1]

    mapped, scanned = together(keys)
    np.testing.assert_array_equal(mapped, single)
    np.testing.assert_array_equal(scanned, single[1])


def test_a_set_of_one_example():
    np.testing.assert_array_equal(
        batch_indices(jax.random.key(0), 7, 3, 1, 1), np.zeros((3, 1), np.int32)
    )


def test_too_small_a_set():
    with pytest.raises(ValueError, match="set of 9 examples is too small for the batch size 10"):
        batch_indices(jax.random.key(0), 0, 1, 10, 9)
    with pytest.raises(ValueError, match="at least 1 example, got batch size 0"):
        num_batches_per_epoch(9, 0)
    with pytest.raises(ValueError, match="got 0"):
        epoch_order(jax.random.key(0), jnp.arange(1), 0)
    assert num_batches_per_epoch(60000, 128) == 468
