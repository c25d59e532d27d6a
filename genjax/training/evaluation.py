"""Means over a whole split: every example once, whatever the batch size."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P

from genjax.core import DATA_AXIS
from genjax.data import Dataset, Source

PerExample = Callable[[jax.Array, Any, Mapping[str, jax.Array]], Mapping[str, jax.Array]]


def make_evaluate(
    per_example: PerExample, dataset: Dataset, *, batch_size: int, num_seeds: int = 1
) -> Callable[[jax.Array, Any, Source], dict[str, np.ndarray]]:
    """`(key, variables, source) -> {name: mean}` of `per_example(key, variables, batch) -> [B]`s.

    The ragged last batch is padded and masked. Batch i uses `fold_in(key, i)`. With several seeds
    the key and every leaf of `variables` have a leading axis, and so has each mean.

    Args:
        per_example: what to average, such as `Model.evaluate`.
        dataset: whose fixed transform the examples go through.
        batch_size: examples at a time, spread over this host's devices (each host sees them all).
        num_seeds: size of the axis of seeds, 1 for none.
    """
    devices = jax.local_devices()
    batch_size = -(-batch_size // len(devices)) * len(devices)
    mesh = jax.make_mesh(
        (len(devices),), (DATA_AXIS,), axis_types=(AxisType.Auto,), devices=devices
    )
    rows = NamedSharding(mesh, P(DATA_AXIS))

    def sums(key, variables, batch, mask):
        batch = dataset.eval_transform(key, batch)
        values = per_example(key, variables, batch)
        return {name: jnp.sum(jnp.where(mask, value, 0.0)) for name, value in values.items()}

    if num_seeds > 1:
        sums = jax.vmap(sums, in_axes=(0, 0, None, None))
    sums = jax.jit(sums)
    fold_in = jax.random.fold_in if num_seeds == 1 else jax.vmap(jax.random.fold_in, (0, None))

    def evaluate(key, variables, source):
        variables = jax.device_put(variables, NamedSharding(mesh, P()))
        totals = []
        for number, start in enumerate(range(0, len(source), batch_size)):
            indices = np.arange(start, start + batch_size)
            mask = indices < len(source)
            indices = np.minimum(indices, len(source) - 1)
            raw = {**source[indices], "index": indices.astype(np.int32)}
            batch, mask = jax.device_put((raw, mask), rows)
            totals.append(sums(fold_in(key, number), variables, batch, mask))
        totals = jax.device_get(totals)
        return {
            name: sum(np.asarray(t[name], np.float64) for t in totals) / len(source)
            for name in totals[0]
        }

    return evaluate
