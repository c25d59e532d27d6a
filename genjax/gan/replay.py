"""A pool of past fakes, from which a discriminator is shown some again."""

import jax
import jax.numpy as jnp

from genjax.core import data_axis


def new_pool(capacity: int, shape: tuple[int, ...], name: str = "pool") -> dict[str, jax.Array]:
    """An empty pool of `capacity` examples of this shape: entries `name` and `name_size`, for `extra`.

    Raises:
        ValueError: for no capacity.
    """
    if capacity < 1:
        raise ValueError(f"a pool holds at least 1 example, got {capacity}")
    return {name: jnp.zeros((capacity, *shape)), f"{name}_size": jnp.zeros((), jnp.int32)}


def from_pool(
    key: jax.Array, pool: dict[str, jax.Array], fakes: jax.Array, name: str = "pool"
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """What to show in place of `fakes` [B, ...], and the pool afterwards.

    One fake after another: while there is room it is stored, and shown; later it is shown as it is,
    or, one time in two, stored in place of a random one that is shown instead.

    Reference: Shrivastava et al., 2017, arXiv:1612.07828, section 2.3; as in the code of Zhu et al.,
    2017, arXiv:1703.10593.
    """
    axis = data_axis()
    if axis is not None:  # devices that see a share each keep one pool, of the fakes of all
        num, first = len(fakes), jax.lax.axis_index(axis) * len(fakes)
        fakes = jax.lax.all_gather(fakes, axis, tiled=True)
        bits = jax.lax.all_gather(jax.random.key_data(key), axis)[0]
        key = jax.random.wrap_key_data(bits, impl=jax.random.key_impl(key))
    capacity = len(pool[name])

    def show(carry, key_and_fake):
        stored, size = carry
        key, fake = key_and_fake
        key_slot, key_swap = jax.random.split(key)
        room = size < capacity
        slot = jnp.where(room, size, jax.random.randint(key_slot, (), 0, capacity))
        swap = ~room & jax.random.bernoulli(key_swap)
        shown = jnp.where(swap, stored[slot], fake)
        stored = stored.at[slot].set(jnp.where(room | swap, fake, stored[slot]))
        return (stored, jnp.minimum(size + room, capacity)), shown

    carry = (pool[name], pool[f"{name}_size"])
    keys = jax.random.split(key, len(fakes))
    (stored, size), shown = jax.lax.scan(show, carry, (keys, fakes))
    if axis is not None:
        shown = jax.lax.dynamic_slice_in_dim(shown, first, num)
    return shown, {name: stored, f"{name}_size": size}
