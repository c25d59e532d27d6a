"""The generator of CycleGAN: a residual network between a few halvings and as many doublings."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.convolution import Conv, ConvTranspose
from genjax.nets.instance_norm import image_norm

_START = nn.initializers.normal(0.02)


class TranslationResNet(nn.Module):
    """c7s1-w, d2w, d4w, R4w x n, u2w, uw, c7s1 and tanh: [-1, 1] to [-1, 1], of any size.

    cNs1 is an NxN convolution, d a 3x3 of stride 2, R a block x + f(x) of two 3x3, u a transposed 3x3
    of stride 2; a norm and ReLU follow each, but no ReLU follows a block. 7x7 and the blocks see a
    mirror image beyond the edges, the others zeros. Odd sides are rounded up, and cut off at the end.

    Attributes:
        features: channels of the result.
        width: w.
        num_blocks: n; the paper's 9 from 256x256 on, 6 below.
        num_halvings: how often the sides are halved; the paper has 2.
        norm: `instance` (the paper's), `minibatch`, `batch` or `none`.
        dtype: of the computation; params stay float32.

    Reference: Zhu, Park, Isola and Efros, 2017, arXiv:1703.10593, sections 4 and 7.2, after Johnson,
    Alahi and Fei-Fei, 2016, arXiv:1603.08155; as in the authors' code.
    """

    features: int
    width: int = 64
    num_blocks: int = 9
    num_halvings: int = 2
    norm: str = "instance"
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """[B, H, W, C] -> [B, H, W, features]."""
        height, width = x.shape[1:3]

        def normed(x):
            return image_norm(self.norm, x, train=train, dtype=self.dtype)

        def layer(features, size, use_bias=self.norm == "none"):
            options = {"use_bias": use_bias, "kernel_init": _START, "dtype": self.dtype}
            return Conv(features, (size, size), padding="VALID", **options)

        options = {"use_bias": self.norm == "none", "kernel_init": _START, "dtype": self.dtype}
        x = nn.relu(normed(layer(self.width, 7)(mirrored(x, 3))))
        for step in range(1, self.num_halvings + 1):
            down = Conv(self.width * 2**step, (3, 3), strides=(2, 2), padding=1, **options)
            x = nn.relu(normed(down(x)))
        channels = x.shape[-1]
        for _ in range(self.num_blocks):
            y = nn.relu(normed(layer(channels, 3)(mirrored(x, 1))))
            x = x + normed(layer(channels, 3)(mirrored(y, 1)))
        for step in reversed(range(self.num_halvings)):
            edges = ((1, 2), (1, 2))  # so that the sides double
            up = ConvTranspose(
                self.width * 2**step, (3, 3), strides=(2, 2), padding=edges, **options
            )
            x = nn.relu(normed(up(x)))
        x = layer(self.features, 7, use_bias=True)(mirrored(x, 3))
        return jnp.tanh(x[:, :height, :width])


def mirrored(x: jax.Array, edge: int) -> jax.Array:
    """[B, H, W, C] with `edge` more pixels on every side: those within, mirrored at the outermost.

    Where an image is no larger than that, the outermost pixels are repeated instead.
    """
    mode = "reflect" if min(x.shape[1:3]) > edge else "edge"
    return jnp.pad(x, ((0, 0), (edge, edge), (edge, edge), (0, 0)), mode=mode)
