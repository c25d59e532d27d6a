"""Layers whose weights start as N(0, 1) and are scaled when they are used (equalised learning rate).

The scale, gain / sqrt(fan_in), is the deviation with which He et al.'s weights start. An optimizer that
moves every parameter by about its learning rate then moves all layers alike.

Reference: Karras, Aila, Laine and Lehtinen, 2018, arXiv:1710.10196, section 4.1.
"""

import math
from typing import Any

import flax.linen as nn
import jax

from genjax.nets.resampling import resampled_conv


class _Equalized(nn.Module):
    """What both have in common.

    Attributes:
        features: of the output.
        gain: standard deviation of outputs for independent inputs of variance 1.
        dtype: of the computation; None for that of the input. Params stay float32.
    """

    features: int
    gain: float = math.sqrt(2)
    dtype: Any = None

    def _parameters(self, x, shape):
        kernel = self.param("kernel", nn.initializers.normal(1.0), shape)
        kernel = kernel * (self.gain / math.sqrt(math.prod(shape[:-1])))
        bias = self.param("bias", nn.initializers.zeros, (self.features,))
        return nn.dtypes.promote_dtype(x, kernel, bias, dtype=self.dtype)


class EqualizedDense(_Equalized):
    """[B, I] -> [B, features]."""

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """x [B, I]."""
        x, kernel, bias = self._parameters(x, (x.shape[-1], self.features))
        return x @ kernel + bias[None]


class EqualizedConv(_Equalized):
    """[B, H, W, I] -> [B, H, W, features], padded with zeros; twice or half as high and wide if asked.

    Attributes:
        size: of the square window, 1 or 3.
        resampling: `up`, `down` or None, as in `resampled_conv`.
    """

    size: int = 3
    resampling: str | None = None

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """x [B, H, W, I]."""
        shape = (self.size, self.size, x.shape[-1], self.features)
        x, kernel, bias = self._parameters(x, shape)
        return resampled_conv(x, kernel, self.resampling) + bias[None, None, None]
