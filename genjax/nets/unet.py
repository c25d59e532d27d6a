"""The U-Net of pix2pix: down to a point and up again, with a skip at every size."""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.convolution import Conv, ConvTranspose
from genjax.nets.instance_norm import image_norm

_START = nn.initializers.normal(0.02)  # section 6.2
_MOST_LEVELS = 8  # 256 to 1
_MOST_WIDTHS = 8  # channels grow from one width to eight
_DROPPED = 3  # decoder levels with dropout, from the innermost


class UNet(nn.Module):
    """4x4 convolutions of stride 2 down, transposed ones up; both of one size meet: [-1, 1] to [-1, 1].

    Down: width, 2, 4, 8, 8, ... widths, with leaky ReLU before each but the first and a norm after each
    but the first and the innermost (of a single place it would leave nothing). Up: the mirror, with
    ReLU, norm, and dropout in the three innermost levels. A skip is taken before the activation. With
    256x256 images, 8 levels and 64 channels it is the paper's; odd sides are rounded up on the way
    down, and what is too large is cut off on the way up.

    Attributes:
        features: channels of the result.
        width: channels after the first convolution.
        num_levels: halvings; None for as many as the shorter side allows, at most 8.
        norm: `minibatch` (the paper's: batch norm by the statistics of the minibatch at hand, after
            training too), `batch` (running statistics then), `instance` or `none`.
        dropout_rate: in [0, 1); dropout stays on after training, for it is the network's only noise.
        dtype: of the computation; params stay float32.

    Reference: Isola, Zhu, Zhou and Efros, 2017, arXiv:1611.07004, sections 3.2 and 6.1.1; as in the
    authors' Torch code.
    """

    features: int
    width: int = 64
    num_levels: int | None = None
    norm: str = "minibatch"
    dropout_rate: float = 0.5
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """[B, H, W, C] -> [B, H, W, features]; the stream `dropout` is read where there is dropout.

        Raises:
            ValueError: for no level, or images too small for so many.
        """
        height, width = x.shape[1:3]
        side = min(height, width)
        levels = num_levels(side) if self.num_levels is None else self.num_levels
        if levels < 1 or 2 ** (levels - 1) >= side:
            raise ValueError(f"a side of {side} has 1 to {num_levels(side)} levels, got {levels}")
        skips = []
        for level in range(levels):
            normed = 0 < level < levels - 1 and self.norm != "none"
            x = nn.leaky_relu(x, 0.2) if level else x
            x = self._layer(Conv, self._channels(level), not normed)(x)
            x = image_norm(self.norm, x, train=train, dtype=self.dtype) if normed else x
            skips.append(x)
        x = skips.pop()
        for level in reversed(range(levels - 1)):
            x = self._layer(ConvTranspose, self._channels(level), self.norm == "none")(nn.relu(x))
            x = image_norm(self.norm, x, train=train, dtype=self.dtype)
            if levels - 2 - level < _DROPPED and self.dropout_rate > 0:
                x = nn.Dropout(self.dropout_rate)(x, deterministic=False)
            skip = skips.pop()
            x = jnp.concatenate([x[:, : skip.shape[1], : skip.shape[2]], skip], axis=-1)
        x = self._layer(ConvTranspose, self.features, True)(nn.relu(x))
        return jnp.tanh(x[:, :height, :width])

    def _channels(self, level):
        return self.width * min(2**level, _MOST_WIDTHS)

    def _layer(self, layer, features, use_bias):
        return layer(
            features,
            (4, 4),
            strides=(2, 2),
            use_bias=use_bias,
            kernel_init=_START,
            dtype=self.dtype,
        )


def num_levels(side: int) -> int:
    """How often a side can be halved until 1 or a little more is left; at most 8."""
    return min(_MOST_LEVELS, max(1, math.floor(math.log2(side))))
