"""Doubling and halving of images, alone and with the 3x3 convolution beside it done at once."""

import math
from collections.abc import Sequence

import jax
import jax.numpy as jnp
import numpy as np

from genjax.nets.convolution import conv, conv_transpose

RESAMPLINGS = (None, "up", "down")

# [tap, entry]: a 3-tap kernel and itself a pixel further, added up.
_TWICE = np.array([[1, 0, 0], [1, 1, 0], [0, 1, 1], [0, 0, 1]], np.float32)


def double(x: jax.Array) -> jax.Array:
    """[B, H, W, C] -> [B, 2H, 2W, C], each pixel four times."""
    return x.repeat(2, axis=1).repeat(2, axis=2)


def halve(x: jax.Array) -> jax.Array:
    """[B, H, W, C] -> [B, H // 2, W // 2, C], means of 2x2; an odd last row or column is left."""
    num, height, width, channels = x.shape
    x = x[:, : height // 2 * 2, : width // 2 * 2]
    return x.reshape(num, height // 2, 2, width // 2, 2, channels).mean((2, 4))


def resampled_conv(x: jax.Array, kernel: jax.Array, resampling: str | None) -> jax.Array:
    """`conv(double(x), kernel)` for up, `halve(conv(x, kernel))` for down, `conv(x, kernel)` for None.

    Padding is SAME. With a 3x3 kernel either pair is one 4x4 convolution with less than half of the
    products, transposed or of stride 2, whose kernel is the 3x3 one added up over its four places.

    Args:
        x: [B, H, W, I].
        kernel: [1, 1, I, O] or [3, 3, I, O].
        resampling: one of `RESAMPLINGS`.

    Raises:
        ValueError: for another resampling or window.

    Reference: Karras et al., 2018, arXiv:1710.10196, the fused layers of its code.
    """
    if resampling not in RESAMPLINGS or kernel.shape[:2] not in ((1, 1), (3, 3)):
        raise ValueError(
            f"resampling is one of {RESAMPLINGS} around a 1x1 or 3x3 kernel, got {resampling!r} "
            f"around {kernel.shape[:2]}"
        )
    if resampling is None:
        return conv(x, kernel)
    if kernel.shape[0] == 1:  # a linear map of each pixel: done where there are fewer of them
        return double(conv(x, kernel)) if resampling == "up" else conv(halve(x), kernel)
    twice = jnp.asarray(_TWICE, kernel.dtype)
    kernel = jnp.einsum("pt,qs,tsio->pqio", twice, twice, kernel)
    if resampling == "up":
        return conv_transpose(x, kernel, 2, 2)
    ends = [(1, 1 - size % 2) for size in x.shape[1:3]]
    return conv(x, kernel / 4, 2, ends)


def num_halvings(shape: Sequence[int]) -> int:
    """How often the shorter side of (H, W, C) is halved until it is less than 8; at least once."""
    return max(1, math.floor(math.log2(min(shape[:2]) / 4)))
