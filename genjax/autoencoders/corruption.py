"""What spoils an example: noise that a denoising autoencoder learns to undo, as functions of arrays."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from genjax.core import check_name


def gaussian(key: jax.Array, x: jax.Array, level: float) -> jax.Array:
    """x + level * epsilon, epsilon ~ N(0, I); not clipped, as the theory of the score has it.

    Args:
        key: of the draw.
        x: [B, ...].
        level: standard deviation.
    """
    return x + level * jax.random.normal(key, x.shape, x.dtype)


def masking(key: jax.Array, x: jax.Array, level: float) -> jax.Array:
    """Each element set to 0 with probability `level` (Vincent et al., 2008).

    Args:
        key: of the draw.
        x: [B, ...].
        level: share of elements, from 0 to 1.
    """
    return jnp.where(jax.random.bernoulli(key, level, x.shape), 0.0, x)


def salt_and_pepper(key: jax.Array, x: jax.Array, level: float) -> jax.Array:
    """Each element set with probability `level` to 0 or 1, as a fair coin says (Vincent et al., 2010).

    Args:
        key: of the draw.
        x: [B, ...], in [0, 1].
        level: share of elements, from 0 to 1.
    """
    key_where, key_coin = jax.random.split(key)
    coin = jax.random.bernoulli(key_coin, 0.5, x.shape).astype(x.dtype)
    return jnp.where(jax.random.bernoulli(key_where, level, x.shape), coin, x)


CORRUPTIONS: dict[str, Callable[[jax.Array, jax.Array, float], jax.Array]] = {
    "gaussian": gaussian,
    "masking": masking,
    "salt_and_pepper": salt_and_pepper,
}


def find(name: str, level: float) -> Callable[[jax.Array, jax.Array, float], jax.Array]:
    """The corruption `name`, at a level that it can have.

    Raises:
        ValueError: with the names that there are, or the levels.
    """
    check_name("corruption", name, CORRUPTIONS)
    most = float("inf") if name == "gaussian" else 1.0
    if not 0.0 <= level <= most:
        raise ValueError(f"noise must be from 0 to {most:g} for corruption {name!r}, got {level:g}")
    return CORRUPTIONS[name]
