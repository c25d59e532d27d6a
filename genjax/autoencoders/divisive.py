"""Convolutions with divisive normalisation, the networks of the compressive autoencoder."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets import Conv, ConvTranspose


class Gdn(nn.Module):
    """Divisive normalisation over channels: v_i / sqrt(beta_i + sum_j gamma_ij v_j^2), or times it.

    Balle, Laparra and Simoncelli, 2016, arXiv:1511.06281.

    Attributes:
        inverse: whether to multiply, as the decoder does.
    """

    inverse: bool = False

    @nn.compact
    def __call__(self, v: jax.Array) -> jax.Array:
        """v [..., C]."""
        channels = v.shape[-1]
        # Squares keep both positive, as the paper asks.
        root_beta = self.param("root_beta", nn.initializers.ones, (channels,))
        start = lambda key, shape: jnp.sqrt(0.1 * jnp.eye(*shape) + 1e-4)
        root_gamma = self.param("root_gamma", start, (channels, channels))
        beta = (root_beta**2 + 1e-6).reshape((1,) * (v.ndim - 1) + (channels,))
        norm = jnp.sqrt(beta + v**2 @ (root_gamma**2).T)
        return v * norm if self.inverse else v / norm


class Analysis(nn.Module):
    """5x5 convolutions of stride 2 with divisive normalisation between: [B, H, W, C] -> [B, h, w, K].

    Attributes:
        channels: of each convolution but the last; every one halves height and width (rounded up).
        code_channels: K, of the last.
    """

    channels: tuple[int, ...]
    code_channels: int

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """x [B, H, W, C]."""
        for width in self.channels:
            x = Gdn()(Conv(width, (5, 5), strides=(2, 2))(x))
        return Conv(self.code_channels, (3, 3))(x)


class Synthesis(nn.Module):
    """The mirror image: [B, h, w, K] -> [B, *shape].

    Attributes:
        channels: as in `Analysis`.
        shape: (H, W, C); what doubling makes too large is cut off.
    """

    channels: tuple[int, ...]
    shape: tuple[int, int, int]

    @nn.compact
    def __call__(self, y: jax.Array) -> jax.Array:
        """y [B, h, w, K]."""
        height, width, features = self.shape
        y = Conv(self.channels[-1], (3, 3))(y)
        for outputs in (*self.channels[-2::-1], features):
            y = ConvTranspose(outputs, (5, 5), strides=(2, 2))(Gdn(inverse=True)(y))
        return y[:, :height, :width]
