"""ProGAN's generator and discriminator at a level: images of the first level's size times 2^level.

Layers are named by their level, so that the networks of the next one have all of these and a few more.
"""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.equalized import EqualizedConv, EqualizedDense
from genjax.nets.minibatch_stddev import minibatch_stddev
from genjax.nets.normalization import pixel_norm
from genjax.nets.resampling import double, halve


class ProgressiveGenerator(nn.Module):
    """z [B, D] -> images [B, h 2^level, w 2^level, C], linear: alpha new + (1 - alpha) double(old).

    z has its length normalised. Blocks are two 3x3 convolutions, the first of doubled pixels (at level
    0 a dense layer stands for it), each with leaky ReLU and pixel norm; a 1x1 convolution makes the
    image of a level.

    Attributes:
        level: from 0 on.
        first: (h, w) of level 0.
        num_channels: C.
        width: channels at the first four levels; each further one has half as many (512, in the paper).
        dtype: of the computation; params stay float32.

    Reference: Karras et al., 2018, arXiv:1710.10196, figure 2 and table 2.
    """

    level: int
    first: tuple[int, int]
    num_channels: int
    width: int = 512
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, z: jax.Array, alpha: jax.Array, *, train: bool) -> jax.Array:
        """z [B, D]; alpha in [0, 1], a scalar: how much of the newest level is seen."""
        del train
        settled = lambda x: pixel_norm(nn.leaky_relu(x, 0.2))
        maps = level_width(self.width, 0)
        # The gain of the authors' code, a quarter of the others'.
        dense = EqualizedDense(
            maps * math.prod(self.first), math.sqrt(2) / 4, self.dtype, name="dense"
        )
        x = settled(dense(pixel_norm(z)).reshape(len(z), *self.first, maps))
        x = settled(EqualizedConv(maps, dtype=self.dtype, name="conv_0")(x))
        before = x
        for level in range(1, self.level + 1):
            before, maps = x, level_width(self.width, level)
            for name, resampling in ((f"up_{level}", "up"), (f"conv_{level}", None)):
                conv = EqualizedConv(maps, dtype=self.dtype, resampling=resampling, name=name)
                x = settled(conv(x))
        image = self._to_image(self.level, x)
        if self.level == 0:
            return image
        return lerp(double(self._to_image(self.level - 1, before)), image, alpha)

    def _to_image(self, level, x):
        name = f"to_image_{level}"
        return EqualizedConv(self.num_channels, 1.0, self.dtype, 1, name=name)(x)


class ProgressiveDiscriminator(nn.Module):
    """Images [B, h 2^level, w 2^level, C] -> `logit` [B] and `features`, the generator mirrored.

    A level's block is two 3x3 convolutions with leaky ReLU, the second with the means of 2x2 pixels;
    the last one reads the deviation within the minibatch too. An example's logit depends on the
    others'.

    Attributes:
        level, first, width, dtype: as in `ProgressiveGenerator`.

    Reference: Karras et al., 2018, arXiv:1710.10196, figure 2 and table 2.
    """

    level: int
    first: tuple[int, int]
    width: int = 512
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, alpha: jax.Array, *, train: bool) -> dict[str, jax.Array]:
        """x [B, H, W, C]; alpha in [0, 1], a scalar: how much of the newest level is felt."""
        del train
        active = lambda x: nn.leaky_relu(x, 0.2)
        h = self._from_image(self.level, x)
        for level in range(self.level, 0, -1):
            h = active(self._conv(f"conv_{level}", level, None)(h))
            h = active(self._conv(f"down_{level}", level - 1, "down")(h))
            if level == self.level:
                h = lerp(self._from_image(level - 1, halve(x)), h, alpha)
        h = active(self._conv("conv_0", 0, None)(minibatch_stddev(h)))
        maps = level_width(self.width, 0)
        dense = EqualizedDense(maps, dtype=self.dtype, name="dense")
        features = active(dense(h.reshape(len(h), -1)))
        logit = EqualizedDense(1, 1.0, self.dtype, name="logit")(features)[:, 0]
        return {"logit": logit, "features": features}

    def _conv(self, name, level, resampling):
        maps = level_width(self.width, level)
        return EqualizedConv(maps, dtype=self.dtype, resampling=resampling, name=name)

    def _from_image(self, level, x):
        conv = EqualizedConv(
            level_width(self.width, level), dtype=self.dtype, size=1, name=f"from_image_{level}"
        )
        return nn.leaky_relu(conv(x), 0.2)


def level_width(width: int, level: int) -> int:
    """Channels at a level: `width` up to the fourth, then half as many at each; at least 1."""
    return max(1, width // 2 ** max(0, level - 3))


def lerp(old: jax.Array, new: jax.Array, alpha: jax.Array) -> jax.Array:
    """(1 - alpha) old + alpha new; alpha a scalar."""
    alpha = jnp.asarray(alpha, new.dtype)
    return (1 - alpha) * old + alpha * new
