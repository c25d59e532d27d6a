"""3D-GAN's generator and discriminator: volumetric convolutions of stride 2 alone.

Both speak of occupancy in [0, 1] inside, and of [-1, 1], as all networks of adversarial models here,
at their doors. Sides are halved down to between 4 and 7 (64 to 4 in four steps).
"""

import math
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.adversarial_mlp import linear_heads
from genjax.nets.convolution import Conv, ConvTranspose
from genjax.nets.normalization import BatchNorm

_START = {"kernel_init": nn.initializers.normal(0.02)}


class VoxelGenerator(nn.Module):
    """Up by 2 and 2 with 4x4x4 transposed convolutions: z [B, Z] -> [B, *shape] in [-1, 1].

    The first of the paper's five layers, 4x4x4 of stride 1 on a grid of one voxel, is a linear map, and
    stands here as one. Batch norm and ReLU after all but the last, whose output is 2 sigmoid - 1. No
    layer has a bias beside batch norm's, as in the networks that the authors gave away.

    Attributes:
        shape: (D, H, W, 1).
        width: channels of the last hidden grid; each one before has twice as many. The paper's 64x64x64
            network has 64: 512, 256, 128, 64.
        dtype: of the computation; params stay float32.

    Reference: Wu et al., 2016, arXiv:1610.07584, section 3.1.
    """

    shape: tuple[int, int, int, int]
    width: int = 64
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, z: jax.Array, *, train: bool) -> jax.Array:
        """z [B, Z]."""
        *sides, channels = self.shape
        steps = num_grid_halvings(self.shape)
        first = (*(-(-side // 2**steps) for side in sides), self.width * 2 ** (steps - 1))
        options = {"use_bias": False, "dtype": self.dtype, **_START}
        x = nn.Dense(math.prod(first), **options)(z).reshape(len(z), *first)
        for step in range(steps):
            x = nn.relu(BatchNorm(dtype=self.dtype)(x, train=train))
            features = channels if step == steps - 1 else first[-1] // 2 ** (step + 1)
            x = ConvTranspose(features, (4, 4, 4), strides=(2, 2, 2), **options)(x)
        depth, height, width = sides
        return 2 * nn.sigmoid(x[:, :depth, :height, :width]) - 1


class VoxelDiscriminator(nn.Module):
    """4x4x4 convolutions of stride 2 with leaky ReLU, then a linear head: [B, D, H, W, 1] -> heads.

    The mirror of the generator; batch norm in all layers but the first and the last.

    Attributes:
        width: channels after the first convolution; each further one has twice as many (64, 128, 256,
            512 in the paper).
        dtype: of the computation; params stay float32.

    Reference: Wu et al., 2016, arXiv:1610.07584, section 3.1.
    """

    width: int = 64
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> dict[str, jax.Array]:
        """x in [-1, 1]; `logit` [B], `features` [B, F], and `shape_features` [B, P].

        The last are what the paper classifies shapes by: the maps of all layers but the first,
        max-pooled to at most 2x2x2 (by 8, 4 and 2 of the paper's) and side by side.
        """
        x, pooled = 0.5 * (x + 1), []
        for step in range(num_grid_halvings(x.shape[1:])):
            x = Conv(
                self.width * 2**step,
                (4, 4, 4),
                strides=(2, 2, 2),
                use_bias=False,
                dtype=self.dtype,
                **_START,
            )(x)
            x = BatchNorm(dtype=self.dtype)(x, train=train) if step else x
            x = nn.leaky_relu(x, 0.2)
            pooled += [_pool(x)] if step else []
        heads = linear_heads(x.reshape(len(x), -1), None, self.dtype, **_START)
        return {**heads, "shape_features": jnp.concatenate(pooled or [_pool(x)], axis=-1)}


def num_grid_halvings(shape: Sequence[int]) -> int:
    """How often the shortest side of (D, H, W, 1) is halved until it is less than 8; at least once."""
    return max(1, math.floor(math.log2(min(shape[:3]) / 4)))


def _pool(x):
    """Max over windows that leave at most 2x2x2: [B, D, H, W, C] to [B, 8 C]."""
    window = tuple(-(-side // 2) for side in x.shape[1:4])
    return nn.max_pool(x, window, strides=window, padding="SAME").reshape(len(x), -1)
