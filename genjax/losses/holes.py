"""Holes in images: where they are, and what an image is whose hole is filled."""

import jax
import jax.numpy as jnp


def square_holes(key: jax.Array, num: int, shape: tuple[int, int], side: int) -> jax.Array:
    """Images' known places: all but a square of `side` pixels, anywhere inside, alike likely.

    Args:
        key: typed key.
        num: images.
        shape: height and width.
        side: of the hole, from 1 to the smaller of the two.

    Returns:
        Bools [num, H, W, 1], False in the hole.

    Raises:
        ValueError: for another side.
    """
    height, width = shape
    if not 1 <= side <= min(shape):
        raise ValueError(f"a hole in {height}x{width} has a side of 1 to {min(shape)}, got {side}")
    key_row, key_column = jax.random.split(key)

    def inside(key, size):
        first = jax.random.randint(key, (num, 1), 0, size - side + 1)
        places = jnp.arange(size)[None]
        return (first <= places) & (places < first + side)

    hole = inside(key_row, height)[:, :, None] & inside(key_column, width)[:, None, :]
    return ~hole[..., None]


def fill_holes(x: jax.Array, known: jax.Array, filling: jax.Array) -> jax.Array:
    """m x + (1 - m) filling, exactly: x where it is known, the filling in the hole.

    Args:
        x, filling: [B, *shape].
        known: m, bools that broadcast with them.

    Raises:
        ValueError: if x and the filling differ in shape.
    """
    if x.shape != filling.shape:
        raise ValueError(f"a filling is like its images, got {filling.shape} for {x.shape}")
    return jnp.where(known, x, filling)
