"""Images to smaller maps of features and back, by strided convolutions and residual blocks."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.convolution import Conv, ConvTranspose


class ResidualBlock(nn.Module):
    """x + conv1x1(relu(conv3x3(relu(x)))): the block of van den Oord et al., 2017, section 4.1."""

    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[B, H, W, C] to the same shape."""
        y = Conv(x.shape[-1], (3, 3), dtype=self.dtype)(nn.relu(x))
        return x + Conv(x.shape[-1], (1, 1), dtype=self.dtype)(nn.relu(y))


class ResidualEncoder(nn.Module):
    """4x4 convolutions of stride 2, then blocks: [B, H, W, C] -> [B, h, w, features].

    Attributes:
        channels: of each convolution; every one halves height and width (rounded up).
        features: of the map.
        num_blocks: residual blocks.
        dtype: of the computation; params stay float32.

    Reference: van den Oord et al., 2017, arXiv:1711.00937, section 4.1 (channels (256, 256), 2 blocks).
    """

    channels: Sequence[int]
    features: int
    num_blocks: int = 2
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """x [B, H, W, C]."""
        for index, width in enumerate(self.channels):
            x = x if index == 0 else nn.relu(x)
            x = Conv(width, (4, 4), strides=(2, 2), dtype=self.dtype)(x)
        for _ in range(self.num_blocks):
            x = ResidualBlock(dtype=self.dtype)(x)
        return Conv(self.features, (1, 1), dtype=self.dtype)(nn.relu(x))


class ResidualDecoder(nn.Module):
    """A 3x3 convolution, blocks, then 4x4 transposed ones of stride 2: [B, h, w, D] -> [B, *shape].

    Attributes:
        channels: of the map before each transposed convolution; every one doubles height and width.
        shape: (H, W, C) of an output; what doubling makes too large is cut off.
        num_blocks: residual blocks.
        dtype: of the computation; params stay float32.
    """

    channels: Sequence[int]
    shape: tuple[int, int, int]
    num_blocks: int = 2
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        """z [B, h, w, D]."""
        height, width, features = self.shape
        x = Conv(self.channels[0], (3, 3), dtype=self.dtype)(z)
        for _ in range(self.num_blocks):
            x = ResidualBlock(dtype=self.dtype)(x)
        for channels in (*self.channels[1:], features):
            x = ConvTranspose(channels, (4, 4), strides=(2, 2), dtype=self.dtype)(nn.relu(x))
        return x[:, :height, :width]
