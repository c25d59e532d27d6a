"""An autoencoder without noise: x to a code and back. What systems of several families share."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.core import Spec


class Autoencoder(NamedTuple):
    """x to a code and back.

    Attributes:
        networks: how `encoder` and `decoder` start, for `game`.
        encode: `(variables, x) -> z`, [B, D], float32.
        decode: `(variables, z) -> x`, [B, *shape], float32; images and bits in [0, 1].
        squared_error: `(variables, z, x) -> [B]`, |x - decode(z)|^2, summed over elements.
    """

    networks: Mapping[str, Callable[..., Any]]
    encode: Callable[..., jax.Array]
    decode: Callable[..., jax.Array]
    squared_error: Callable[..., jax.Array]


def deterministic_autoencoder(
    spec: Spec,
    code_dim: int,
    encoder: nn.Module,
    decoder: nn.Module,
    *,
    bounded: bool | None = None,
) -> Autoencoder:
    """The functions of an encoder and a decoder that draw nothing.

    Args:
        spec: of vectors, or images in [0, 1].
        code_dim: D, numbers in a code.
        encoder: [B, *shape] -> [B, D].
        decoder: [B, D] -> as many numbers as an example has, in any shape.
        bounded: whether a sigmoid keeps what is decoded in [0, 1]; None for images and whatever has
            levels, as a continuous vector may lie anywhere.
    """
    if bounded is None:
        bounded = spec.entry == "image" or spec.num_levels is not None

    def encode(variables, x):
        return encoder.apply(variables["encoder"], x).astype(jnp.float32)

    def decode(variables, z):
        x = decoder.apply(variables["decoder"], z).astype(jnp.float32)
        return (nn.sigmoid(x) if bounded else x).reshape(len(z), *spec.shape)

    def squared_error(variables, z, x):
        return jnp.square(x - decode(variables, z)).reshape(len(x), -1).sum(axis=1)

    networks = {
        "encoder": lambda key, batch: encoder.init(key, jnp.zeros((1, *spec.shape))),
        "decoder": lambda key, batch: decoder.init(key, jnp.zeros((1, code_dim))),
    }
    return Autoencoder(networks, encode, decode, squared_error)
