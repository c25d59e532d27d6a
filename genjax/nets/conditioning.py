"""How a label enters a network."""

import jax
import jax.numpy as jnp


def beside(x: jax.Array, label: jax.Array | None, num_classes: int) -> jax.Array:
    """x [B, ..., C] with the one-hot label on its last axis, at every place; x itself without one."""
    if label is None:
        return x
    planes = jax.nn.one_hot(label, num_classes, dtype=x.dtype)
    planes = planes.reshape(len(x), *(1,) * (x.ndim - 2), num_classes)
    return jnp.concatenate([x, jnp.broadcast_to(planes, (*x.shape[:-1], num_classes))], axis=-1)
