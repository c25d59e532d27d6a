"""Autoencoders with ELUs and nothing normalised, whose decoder serves as a generator too.

One that judges gives an example's reconstruction, and so the energy of an energy-based discriminator.
"""

import math
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.convolution import Conv
from genjax.nets.mlp import Mlp
from genjax.nets.resampling import double


class EluEncoder(nn.Module):
    """3x3 convolutions of n, 2n, 3n channels, halved by stride 2, then linear: [B, H, W, C] -> [B, D].

    Attributes:
        width: n.
        features: D.
        halvings: how often height and width are halved, rounded up.
        dtype: of the computation; params stay float32.

    Reference: Berthelot, Schumm and Metz, 2017, arXiv:1703.10717, figure 1.
    """

    width: int
    features: int
    halvings: int
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """x [B, H, W, C]."""
        conv = lambda features, strides=1: Conv(
            features, (3, 3), strides=(strides, strides), dtype=self.dtype
        )
        x = nn.elu(conv(self.width)(x))
        for scale in range(1, self.halvings + 2):
            for _ in range(2):
                x = nn.elu(conv(scale * self.width)(x))
            if scale <= self.halvings:
                x = nn.elu(conv((scale + 1) * self.width, 2)(x))
        return nn.Dense(self.features, dtype=self.dtype)(x.reshape(len(x), -1))


class EluDecoder(nn.Module):
    """Linear to a small map, pairs of 3x3 convolutions of n channels, pixels doubled between them.

    z [B, D] -> [B, *shape], the last layer linear, without bounds.

    Attributes:
        width: n.
        shape: (H, W, C); what doubling makes too large is cut off.
        halvings: how often height and width are doubled.
        dtype: of the computation; params stay float32.

    Reference: Berthelot, Schumm and Metz, 2017, arXiv:1703.10717, figure 1.
    """

    width: int
    shape: tuple[int, int, int]
    halvings: int
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        """z [B, D]."""
        height, width, channels = self.shape
        first = (-(-height // 2**self.halvings), -(-width // 2**self.halvings), self.width)
        conv = lambda features: Conv(features, (3, 3), dtype=self.dtype)
        x = nn.Dense(math.prod(first), dtype=self.dtype)(z).reshape(len(z), *first)
        for scale in range(self.halvings + 1):
            x = double(x) if scale else x
            for _ in range(2):
                x = nn.elu(conv(self.width)(x))
        return conv(channels)(x)[:, :height, :width]


class EluMlpDecoder(nn.Module):
    """Dense layers with ELU, then a linear one: z [B, D] -> [B, *shape], without bounds.

    Attributes:
        hidden: widths of the hidden layers.
        shape: of an example.
        dtype: of the computation; params stay float32.
    """

    hidden: Sequence[int]
    shape: tuple[int, ...]
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        """z [B, D]."""
        x = Mlp(self.hidden, math.prod(self.shape), nn.elu, self.dtype)(z)
        return x.reshape(len(z), *self.shape)


class AutoencoderDiscriminator(nn.Module):
    """An autoencoder as a discriminator: x [B, *shape] -> its `reconstruction`, and the `code` [B, D].

    Attributes:
        encoder, decoder: the modules.
    """

    encoder: nn.Module
    decoder: nn.Module

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> dict[str, jax.Array]:
        """x [B, *shape]."""
        del train  # nothing is normalised
        code = self.encoder(x)
        return {"reconstruction": self.decoder(code), "code": code}


class DecoderGenerator(nn.Module):
    """A decoder as a generator: `(z, train=...)`.

    Attributes:
        decoder: the module.
    """

    decoder: nn.Module

    @nn.compact
    def __call__(self, z: jax.Array, *, train: bool) -> jax.Array:
        """z [B, D]."""
        del train
        return self.decoder(z)
