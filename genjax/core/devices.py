"""The one named axis over which a step is split when each device computes its own share (pmap)."""

import jax
import jax.numpy as jnp

DATA_AXIS = "data"


def data_axis() -> str | None:
    """`DATA_AXIS` where the code being traced runs under a mapped axis of that name, else None.

    Under `jax.jit` over a mesh a step sees the global batch and there is nothing to average; under
    `jax.pmap(..., axis_name=DATA_AXIS)` or `jax.vmap` with that name it sees one share of it.
    """
    try:
        jax.lax.axis_index(DATA_AXIS)
    except NameError:
        return None
    return DATA_AXIS


def mean_over_devices(tree):
    """Averages the floating leaves of `tree` over the data axis; the identity where there is none."""
    if data_axis() is None:
        return tree

    def mean(leaf):
        floating = jnp.issubdtype(jnp.result_type(leaf), jnp.floating)
        return jax.lax.pmean(leaf, DATA_AXIS) if floating else leaf

    return jax.tree.map(mean, tree)
