"""The order of the examples: a function of (key, step) alone, with no sort and no carried state.

A keyed Feistel network permutes 0..size-1 one slot at a time, so a compiled scan draws its minibatch
where it needs it, and a streaming reader on the host, or a resumed run, draws the same one.
"""

import math

import jax
import jax.numpy as jnp

_NUM_ROUNDS = 12  # 8 are enough for large sizes; the tiniest (2, 3, 4) need more to be even
_GOLDEN = 0x9E3779B9  # 2^32 over the golden ratio: keeps the constants of the rounds apart


def _mix(x):
    """Mixes the bits of uint32 `x` (Wellons, 2018, the integer hash lowbias32)."""
    x = (x ^ (x >> 16)) * jnp.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * jnp.uint32(0x846CA68B)
    return x ^ (x >> 16)


def _round_keys(key):
    """One uint32 per round, each a hash of all the words of `key`.

    `jax.random.bits` would do, but under the `rbg` generator its draw changes with `vmap`, and then
    two minibatches of one epoch would not see the same permutation.
    """
    constants = jnp.arange(1, _NUM_ROUNDS + 1, dtype=jnp.uint32) * jnp.uint32(_GOLDEN)
    for word in jnp.unstack(jax.random.key_data(key)):
        constants = _mix(constants ^ word)
    return constants


def epoch_order(key, slots, size: int):
    """The example at each slot of one epoch: a pseudo-random permutation of 0..size-1, by `key`.

    An example is a point of a grid of height * width >= size cells, barely more; each round adds to
    one coordinate a hash of the other, which can be undone, so the whole is a bijection of the
    grid. A point that lands outside 0..size-1 walks on along its cycle until it is back inside.

    Args:
        key: typed key of the epoch.
        slots: integers of any shape, 0..size-1.
        size: number of examples, at least 1.

    Returns:
        int32 examples, 0..size-1, shaped as `slots`.

    Raises:
        ValueError: if `size` is not 1 to 2^31 - 1.

    Reference: Black and Rogaway, "Ciphers with arbitrary finite domains", 2002, sections 4 (cycle
    walking) and 5 (generalized Feistel).
    """
    if not 1 <= size < 2**31:
        raise ValueError(f"an epoch has 1 to 2^31 - 1 examples, got {size}: check the data set")
    height = math.isqrt(size - 1) + 1
    width = -(-size // height)
    round_keys = _round_keys(key)

    def permute_grid(point):
        row, column = point // jnp.uint32(width), point % jnp.uint32(width)
        for turn in range(_NUM_ROUNDS):
            if turn % 2 == 0:
                row = (row + _mix(column ^ round_keys[turn]) % jnp.uint32(height)) % jnp.uint32(
                    height
                )
            else:
                column = (column + _mix(row ^ round_keys[turn]) % jnp.uint32(width)) % jnp.uint32(
                    width
                )
        return row * jnp.uint32(width) + column

    def outside(point):
        return point >= jnp.uint32(size)

    walked = jax.lax.while_loop(
        lambda point: outside(point).any(),
        lambda point: jnp.where(outside(point), permute_grid(point), point),
        permute_grid(jnp.asarray(slots).astype(jnp.uint32)),
    )
    return walked.astype(jnp.int32)


def batch_indices(key, step, num_batches: int, batch_size: int, size: int):
    """The examples of the minibatches of round `step`, each epoch without replacement.

    Round `step` takes the minibatches number step * num_batches and on; an epoch is the first
    size // batch_size of them, so what an epoch leaves out is less than one minibatch.

    Args:
        key: typed key of the whole run's order; the epoch's is `fold_in(key, epoch)`.
        step: the round, int32, may be traced; step * num_batches stays below 2^31.
        num_batches: minibatches a round.
        batch_size: examples a minibatch.
        size: number of examples of the split.

    Returns:
        int32 [num_batches, batch_size], 0..size-1.

    Raises:
        ValueError: if the split is smaller than a minibatch.
    """
    batches_per_epoch = num_batches_per_epoch(size, batch_size)
    number = jnp.asarray(step, jnp.int32) * num_batches + jnp.arange(num_batches, dtype=jnp.int32)
    first = number % batches_per_epoch * batch_size
    slots = first[:, None] + jnp.arange(batch_size, dtype=jnp.int32)[None, :]
    keys = jax.vmap(lambda epoch: jax.random.fold_in(key, epoch))(number // batches_per_epoch)
    return jax.vmap(lambda key, slots: epoch_order(key, slots, size))(keys, slots)


def num_batches_per_epoch(size: int, batch_size: int) -> int:
    """size // batch_size, the full minibatches of an epoch.

    Raises:
        ValueError: if `batch_size` is not positive or no full minibatch fits.
    """
    if batch_size < 1:
        raise ValueError(f"a minibatch has at least 1 example, got batch size {batch_size}")
    if size < batch_size:
        raise ValueError(
            f"a set of {size} examples is too small for the batch size {batch_size}: "
            f"pass a batch size of at most {size}"
        )
    return size // batch_size
