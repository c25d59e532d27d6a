"""The denoiser of AffDG: what is left of an image, or a vector, without its noise."""

import flax.linen as nn
import jax

from genjax.nets.convolution import Conv


class Denoiser(nn.Module):
    """What is left of noise: y plus dense layers of a vector y, or plus 3x3 convolutions of an image y.

    Attributes:
        hidden: widths of the hidden layers.
    """

    hidden: tuple[int, ...]

    @nn.compact
    def __call__(self, y: jax.Array, *, train: bool) -> jax.Array:
        """[B, D] or [B, H, W, C] -> the like."""
        del train
        layer = (lambda width: Conv(width, (3, 3))) if y.ndim == 4 else nn.Dense
        x = y
        for width in self.hidden:
            x = nn.relu(layer(width)(x))
        return y + layer(y.shape[-1])(x)
