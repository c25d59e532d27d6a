"""Batches of a set that does not fit on the device: decoded ahead of the step, in the same order."""

import functools
from collections.abc import Iterator

import grain
import jax
import numpy as np

from genjax.data.dataset import Source
from genjax.data.order import batch_indices, num_batches_per_epoch

_BLOCK = 2**16  # indices that are computed at a time: enough that the call costs nothing


def stream(
    source: Source,
    key,
    *,
    batch_size: int,
    num_batches: int,
    start_step: int,
    stop_step: int,
    process_index: int = 0,
    process_count: int = 1,
    num_threads: int = 4,
    prefetch: int = 4,
) -> Iterator[dict[str, np.ndarray]]:
    """The batches of rounds start_step..stop_step-1, as `order.batch_indices` has them.

    Round t is a function of (key, t) alone, whatever the threads: to resume is to pass the step.

    Args:
        source: the split.
        key: typed key of the run's order, the one that a resident set is indexed by.
        batch_size: examples of a minibatch, over all the processes.
        num_batches: minibatches a round.
        start_step, stop_step: rounds, the last one excluded.
        process_index, process_count: this process takes the block number `process_index` of
            `process_count` equal blocks of every minibatch.
        num_threads: threads that decode, at least 1.
        prefetch: rounds that are decoded ahead, at least 1; each thread has one in hand anyway.

    Returns:
        An iterator of one dict a round: the source's entries, and `index` int32, each
        [num_batches, batch_size // process_count, ...].

    Raises:
        ValueError: if the split is smaller than a minibatch, a minibatch does not divide among the
            processes, or an option is out of range.
    """
    num_batches_per_epoch(len(source), batch_size)
    if batch_size % process_count:
        raise ValueError(
            f"batch size {batch_size} does not divide among {process_count} processes: "
            f"pass a multiple of {process_count}"
        )
    if num_threads < 1 or prefetch < 1:
        raise ValueError(
            f"a stream needs at least 1 thread and 1 round ahead, got {num_threads}, {prefetch}"
        )
    if start_step >= stop_step:
        return iter(())
    share = batch_size // process_count
    mine = slice(process_index * share, (process_index + 1) * share)
    indices_of = _order(key, num_batches, batch_size, len(source))

    def fetch(step):
        index = indices_of(step)[:, mine]
        batch = source[index.reshape(-1)]
        batch = {name: each.reshape(*index.shape, *each.shape[1:]) for name, each in batch.items()}
        return {**batch, "index": index}

    rounds = grain.MapDataset.range(start_step, stop_step).map(fetch)
    return iter(
        rounds.to_iter_dataset(
            grain.ReadOptions(
                num_threads=num_threads, prefetch_buffer_size=max(prefetch, num_threads)
            )
        )
    )


def _order(key, num_batches, batch_size, size):
    """`step -> int32 [num_batches, batch_size]` on the host, a block of rounds at a time."""
    rounds = max(1, _BLOCK // (num_batches * batch_size))
    key = jax.device_put(key, _host())

    @jax.jit
    def block_indices(first):
        steps = first + jax.numpy.arange(rounds, dtype=jax.numpy.int32)
        return jax.vmap(lambda step: batch_indices(key, step, num_batches, batch_size, size))(steps)

    @functools.lru_cache(maxsize=4)  # threads are at most a few blocks apart
    def block(number):
        return np.asarray(block_indices(np.int32(number * rounds)))

    return lambda step: block(step // rounds)[step % rounds]


def _host():
    """The CPU, so that indices never wait behind training; None where JAX was told to leave it."""
    try:
        return jax.local_devices(backend="cpu")[0]
    except RuntimeError:
        return None
