"""Convolutional encoder and decoder for images of any height and width, by halving and doubling."""

import math
from collections.abc import Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.convolution import Conv, ConvTranspose


class ConvEncoder(nn.Module):
    """4x4 convolutions of stride 2, a hidden dense layer, a linear one: [B, H, W, C] -> [B, features].

    Attributes:
        channels: of each convolution; every one halves height and width (rounded up).
        hidden: width of the dense layer.
        features: outputs.
        activation: after every layer but the last.
        dtype: of the computation; params stay float32.
    """

    channels: Sequence[int]
    hidden: int
    features: int
    activation: Callable[[jax.Array], jax.Array] = nn.relu
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """x [B, H, W, C]."""
        for width in self.channels:
            x = self.activation(Conv(width, (4, 4), strides=(2, 2), dtype=self.dtype)(x))
        x = self.activation(nn.Dense(self.hidden, dtype=self.dtype)(x.reshape(len(x), -1)))
        return nn.Dense(self.features, dtype=self.dtype)(x)


class ConvDecoder(nn.Module):
    """Two dense layers, then 4x4 transposed convolutions of stride 2: [B, D] -> [B, *shape].

    Attributes:
        channels: of the map before each transposed convolution; every one doubles height and width.
        hidden: width of the first dense layer.
        shape: (H, W, C) of an output; what doubling makes too large is cut off.
        activation: after every layer but the last.
        dtype: of the computation; params stay float32.
    """

    channels: Sequence[int]
    hidden: int
    shape: tuple[int, int, int]
    activation: Callable[[jax.Array], jax.Array] = nn.relu
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        """z [B, D]."""
        height, width, features = self.shape
        scale = 2 ** len(self.channels)
        small = (math.ceil(height / scale), math.ceil(width / scale), self.channels[0])
        z = self.activation(nn.Dense(self.hidden, dtype=self.dtype)(z))
        z = self.activation(nn.Dense(math.prod(small), dtype=self.dtype)(z))
        x = z.reshape(len(z), *small)
        for channels in self.channels[1:]:
            x = ConvTranspose(channels, (4, 4), strides=(2, 2), dtype=self.dtype)(x)
            x = self.activation(x)
        x = ConvTranspose(features, (4, 4), strides=(2, 2), dtype=self.dtype)(x)
        return x[:, :height, :width]
