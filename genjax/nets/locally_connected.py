"""Convolutions whose kernel is another one at every place."""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

_INIT = nn.initializers.variance_scaling(
    1.0, "fan_in", "truncated_normal", in_axis=-2, out_axis=-1, batch_axis=(0, 1)
)


class LocallyConnected(nn.Module):
    """y[n, i, j] = patch(x, i, j) K[i, j] + b[i, j]: [B, H, W, C] to [B, H', W', features], no padding.

    As `flax.linen.ConvLocal`, by one batched product, which is fast inside a loop too.

    Attributes:
        features: channels of the output.
        kernel_size: of the patch.
        strides: from patch to patch.
        use_bias: whether there is b, one number for each place and feature.
        kernel_init: of K, [H', W', h w C, features]; by default LeCun's of each place by itself.
        bias_init: of b, [H', W', features].
        dtype: of the computation; params stay float32.
    """

    features: int
    kernel_size: tuple[int, int]
    strides: tuple[int, int] = (1, 1)
    use_bias: bool = True
    kernel_init: Callable[..., jax.Array] = _INIT
    bias_init: Callable[..., jax.Array] = nn.initializers.zeros
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """x [B, H, W, C].

        Raises:
            ValueError: if the patch does not fit the map.
        """
        patches = window_patches(x, self.kernel_size, self.strides).astype(self.dtype)
        rows, columns = patches.shape[1:3]
        shape = (rows, columns, patches.shape[-1], self.features)
        kernel = self.param("kernel", self.kernel_init, shape).astype(self.dtype)
        y = jnp.einsum("bhwc,hwcf->bhwf", patches, kernel)
        if self.use_bias:
            bias = self.param("bias", self.bias_init, (rows, columns, self.features))
            y = y + bias[None].astype(self.dtype)
        return y


def window_patches(
    x: jax.Array, kernel_size: tuple[int, int], strides: tuple[int, int] = (1, 1)
) -> jax.Array:
    """What a window sees at each place: [B, H, W, C] to [B, H', W', h w C], without padding.

    A dense layer of it is a convolution. One gather and not a slice for each tap: stacks of many small
    layers would compile for minutes.

    Args:
        x: [B, H, W, C].
        kernel_size: (h, w) of the window.
        strides: from place to place.

    Raises:
        ValueError: if the window does not fit the map.
    """
    (high, wide), (down, across) = kernel_size, strides
    rows, columns = (x.shape[1] - high) // down + 1, (x.shape[2] - wide) // across + 1
    if min(rows, columns) < 1:
        raise ValueError(f"patches of {high}x{wide} do not fit a map of {x.shape[1:3]}")
    down_at = (down * np.arange(rows))[:, None, None, None] + np.arange(high)[:, None]
    across_at = (across * np.arange(columns))[:, None, None] + np.arange(wide)
    cells = (down_at * x.shape[2] + across_at).reshape(-1)
    found = jnp.take(x.reshape(len(x), -1, x.shape[3]), cells, axis=1)
    return found.reshape(len(x), rows, columns, high * wide * x.shape[3])
