"""How much the examples of a minibatch differ, told to a discriminator."""

import jax
import jax.numpy as jnp


def minibatch_stddev(x: jax.Array, group_size: int = 4) -> jax.Array:
    """x with one more channel: the standard deviation within a group of examples, a number for each.

    Of N examples, those with the same n mod N / group_size are a group (strided, not neighbours). The
    deviation over a group is taken at every place and channel, then averaged over them.

    Args:
        x: [B, ..., C].
        group_size: examples in a group; the largest divisor of B below it where it is none.

    Returns:
        [B, ..., C + 1].

    Reference: Karras et al., 2018, arXiv:1710.10196, section 3, and its code.
    """
    num = len(x)
    group_size = max(size for size in range(1, max(1, group_size) + 1) if num % size == 0)
    groups = x.astype(jnp.float32).reshape(group_size, num // group_size, -1)
    variance = jnp.square(groups - groups.mean(0, keepdims=True)).mean(0)
    deviation = jnp.sqrt(variance + 1e-8).mean(-1)  # the code's: a root has no gradient at 0
    channel = jnp.tile(deviation, group_size).astype(x.dtype)
    channel = jnp.broadcast_to(channel.reshape(num, *(1,) * (x.ndim - 1)), (*x.shape[:-1], 1))
    return jnp.concatenate([x, channel], axis=-1)
