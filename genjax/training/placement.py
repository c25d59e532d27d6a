"""Where arrays live: one mesh over all devices, or a replica on each (pmap).

A `Placement` is what the loop needs to know of the difference, and nothing else knows of it.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import AxisType, NamedSharding
from jax.sharding import PartitionSpec as P

from genjax.core import DATA_AXIS


class Placement(NamedTuple):
    """How a compiled function's arguments are placed; see `mesh_placement`, `pmap_placement`.

    Attributes:
        compile: `(function, example_arguments) -> compiled`, for a function of (keys, state, data,
            count) whose state is donated.
        replicate: a host tree -> the same values for every device.
        scatter: a host tree of this process's rows on axis `axis` -> rows spread over the devices.
        gather: a replicated tree -> a host tree.
        share: inside the compiled function, this device's rows of a global array on axis `axis`.
        share_key: inside it, a key of this device's own (the key itself where one program draws for
            the global minibatch).
    """

    compile: Callable[[Callable, tuple], Callable]
    replicate: Callable[[Any], Any]
    scatter: Callable[[Any, int], Any]
    gather: Callable[[Any], Any]
    share: Callable[[Any, int], Any]
    share_key: Callable[[jax.Array], jax.Array]


def placement(parallel: str, batch_size: int) -> Placement:
    """The placement by that name over all devices of all processes.

    Raises:
        ValueError: if a minibatch cannot be split evenly.
    """
    num_devices = jax.device_count()
    if batch_size % num_devices:
        raise ValueError(
            f"--batch_size {batch_size} cannot be split over {num_devices} devices: "
            f"take a multiple of {num_devices}"
        )
    return mesh_placement() if parallel == "jit" else pmap_placement()


def mesh_placement(devices: Sequence[jax.Device] | None = None) -> Placement:
    """State replicated, rows of a minibatch on the data axis, collectives by the compiler.

    `devices` are those of the mesh, all of all processes if None.
    """
    devices = jax.devices() if devices is None else devices
    mesh = jax.make_mesh(
        (len(devices),), (DATA_AXIS,), axis_types=(AxisType.Auto,), devices=devices
    )
    everywhere = NamedSharding(mesh, P())

    def on_axis(axis):
        return NamedSharding(mesh, P(*(None,) * axis, DATA_AXIS))

    def compile(function, arguments):
        jitted = jax.jit(function, donate_argnums=1, out_shardings=everywhere)
        return jitted.lower(*arguments).compile()

    return Placement(
        compile=compile,
        replicate=lambda tree: jax.tree.map(lambda leaf: _replicate(leaf, everywhere), tree),
        scatter=lambda tree, axis: jax.tree.map(
            lambda leaf: jax.make_array_from_process_local_data(on_axis(axis), leaf), tree
        ),
        gather=lambda tree: jax.tree.map(lambda leaf: _copy(leaf.addressable_data(0)), tree),
        share=lambda tree, axis: jax.lax.with_sharding_constraint(tree, on_axis(axis)),
        share_key=lambda key: key,
    )


def _copy(leaf) -> np.ndarray:
    # On the CPU np.asarray is a view of the device's buffer, which the next call is given to write.
    return np.array(leaf)


def _replicate(leaf, everywhere: NamedSharding):
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        data = _replicate(jax.random.key_data(leaf), everywhere)
        return jax.random.wrap_key_data(data, impl=jax.random.key_impl(leaf))
    # device_put does not reach other processes' devices; every process brings the same values.
    return jax.make_array_from_process_local_data(everywhere, np.asarray(leaf), leaf.shape)


def pmap_placement() -> Placement:
    """One program a device on its own rows; `core.game` averages gradients and statistics."""
    num_local, num_devices = jax.local_device_count(), jax.device_count()

    def compile(function, arguments):
        mapped = jax.pmap(function, axis_name=DATA_AXIS, in_axes=(0, 0, 0, None), donate_argnums=1)
        # Compiled ahead, a pmap takes global arrays; called, it takes each process's own.
        return mapped.lower(*arguments).compile() if jax.process_count() == 1 else mapped

    def replicate(tree):
        copies = lambda leaf: jnp.broadcast_to(leaf, (num_local, *jnp.shape(leaf)))
        return jax.pmap(lambda leaf: leaf)(jax.tree.map(copies, tree))

    def split(leaf, axis):
        rows = leaf.shape[axis] // num_local
        shape = (*leaf.shape[:axis], num_local, rows, *leaf.shape[axis + 1 :])
        return np.moveaxis(leaf.reshape(shape), axis, 0)

    def share(tree, axis):
        def rows(leaf):
            size = leaf.shape[axis] // num_devices
            start = jax.lax.axis_index(DATA_AXIS) * size
            return jax.lax.dynamic_slice_in_dim(leaf, start, size, axis)

        return jax.tree.map(rows, tree)

    return Placement(
        compile=compile,
        replicate=replicate,
        scatter=lambda tree, axis: jax.tree.map(lambda leaf: split(leaf, axis), tree),
        gather=lambda tree: jax.tree.map(lambda leaf: _copy(leaf.addressable_data(0)[0]), tree),
        share=share,
        share_key=lambda key: jax.random.fold_in(key, jax.lax.axis_index(DATA_AXIS)),
    )
