"""The generator of CC-GAN: convolutions down and up again, from an image with a hole to a whole one."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.convolution import Conv, ConvTranspose
from genjax.nets.normalization import BatchNorm
from genjax.nets.resampling import num_halvings

_START = nn.initializers.normal(0.02)


class HoleFiller(nn.Module):
    """4x4 convolutions of stride 2 down to 4 to 7 a side and up again, with batch norm: to [-1, 1].

    Attributes:
        features: channels of the result.
        width: channels after the first convolution, which double with every further one; the paper's
            64x64 network has 64, 128, 256, 512.
        dtype: of the computation; params stay float32.

    Reference: Denton, Gross and Fergus, 2016, arXiv:1611.06430, the authors' code.
    """

    features: int
    width: int = 64
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """[B, H, W, C] -> [B, H, W, features]."""
        shape = x.shape[1:3]
        widths = [self.width * 2**step for step in range(num_halvings(shape))]
        layers = [(Conv, each) for each in widths]
        layers += [(ConvTranspose, each) for each in reversed(widths[:-1])]
        options = {"strides": (2, 2), "kernel_init": _START, "dtype": self.dtype}
        for layer, features in layers:
            x = layer(features, (4, 4), use_bias=False, **options)(x)
            x = nn.relu(BatchNorm(dtype=self.dtype)(x, train=train))
        x = ConvTranspose(self.features, (4, 4), **options)(x)
        return jnp.tanh(x[:, : shape[0], : shape[1]])
