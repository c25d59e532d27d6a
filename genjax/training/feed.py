"""Where a round's minibatches come from: the device, or a stream from the host.

Both give the same examples at the same step (`genjax.data.order`), so a set that outgrows the
device trains as it did before.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genjax.data import Source, batch_indices, num_batches_per_epoch, stream
from genjax.training.placement import Placement

MEGABYTE = 1 << 20


class Feed(NamedTuple):
    """Both halves of a data path.

    Attributes:
        chunks: `(start, spans) -> iterator` of the compiled loop's `data` argument, one for each
            (first step, number of rounds) of `spans`.
        minibatches: inside the compiled loop, `(key, data, step, index) -> batch`, each entry
            [num_batches, rows of this device, ...]: those of round `step`, the index-th of its call.
        seed_axis: axis of `data` that runs over seeds, None where they share it.
    """

    chunks: Callable[[list[tuple[int, int]]], Iterator[Any]]
    minibatches: Callable[[jax.Array, Any, jax.Array, jax.Array], Any]
    seed_axis: int | None


def resident_feed(source: Source, placement: Placement, batch_size: int, num_batches: int) -> Feed:
    """The whole split lies on each device and is indexed in the compiled loop."""
    size = len(source)
    num_batches_per_epoch(size, batch_size)  # refuses too small a set
    arrays = placement.replicate(source.arrays())

    def minibatches(key, data, step, index):
        del index
        rows = placement.share(batch_indices(key, step, num_batches, batch_size, size), 1)
        return {name: array[rows] for name, array in data.items()} | {"index": rows}

    return Feed(lambda spans: (arrays for _ in spans), minibatches, None)


def streamed_feed(
    source: Source,
    placement: Placement,
    batch_size: int,
    num_batches: int,
    keys: list[jax.Array],
    chunk: int,
) -> Feed:
    """Chunks of minibatches are read ahead on the host; this process reads its own rows only.

    `keys` order the epochs, one for each seed that trains side by side.
    """

    def chunks(spans):
        first, last = spans[0][0], spans[-1][0] + spans[-1][1]
        readers = [
            stream(
                source,
                key,
                batch_size=batch_size,
                num_batches=num_batches,
                start_step=first,
                stop_step=last,
                process_index=jax.process_index(),
                process_count=jax.process_count(),
            )
            for key in keys
        ]
        for _, count in spans:
            stacks = [_stack([next(reader) for _ in range(count)], chunk) for reader in readers]
            if len(keys) == 1:
                yield placement.scatter(stacks[0], 2)
            else:
                stacked = jax.tree.map(lambda *leaves: np.stack(leaves), *stacks)
                yield placement.scatter(stacked, 3)

    def minibatches(key, data, step, index):
        del key, step
        take = lambda leaf: jax.lax.dynamic_index_in_dim(leaf, index, keepdims=False)
        return jax.tree.map(take, data)

    return Feed(chunks, minibatches, None if len(keys) == 1 else 0)


def _stack(rounds, length):
    """Stacks rounds and pads to `length`, so that every chunk has one shape and compiles once."""
    padding = length - len(rounds)

    def stack(*leaves):
        stacked = np.stack(leaves)
        return np.pad(stacked, [(0, padding)] + [(0, 0)] * (stacked.ndim - 1))

    return jax.tree.map(stack, *rounds)


def feed(
    source: Source,
    placement: Placement,
    *,
    batch_size: int,
    num_batches: int,
    key: jax.Array,
    num_seeds: int,
    chunk: int,
    limit_mb: int,
) -> Feed:
    """The resident feed where the split's decoded arrays fit into `limit_mb`, else the streamed.

    `key` is a run's root key for its rounds, or one for each of several seeds.
    """
    if source.nbytes <= limit_mb * MEGABYTE:
        return resident_feed(source, placement, batch_size, num_batches)
    keys = [key] if num_seeds == 1 else list(key)
    keys = [loop_keys(each)[0] for each in keys]
    return streamed_feed(source, placement, batch_size, num_batches, keys, chunk)


def loop_keys(key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """(key that orders the epochs, key whose fold_in by step is a round's), of a run's root key."""
    key_order, key_rounds = jax.random.split(key)
    return key_order, key_rounds


def example_batch(source: Source, transform, batch_size: int) -> dict[str, jax.Array]:
    """The first minibatch of a split after its transform: what networks are initialised on.

    Raises:
        ValueError: if the split is smaller than a minibatch.
    """
    num_batches_per_epoch(len(source), batch_size)
    rows = np.arange(batch_size)
    raw = {**source[rows], "index": rows.astype(np.int32)}
    return jax.jit(transform)(jax.random.key(0), jax.tree.map(jnp.asarray, raw))
