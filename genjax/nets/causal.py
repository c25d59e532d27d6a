"""Convolutions that see only what comes before in raster order, over whole maps or a place at a time.

A layer is told where it stands by `at`: () for whole maps [B, H, W, C], all places in parallel; (i,)
for row i, [B, 1, W, C]; (i, j) for one place, [B, 1, 1, C]. Row by row and place by place it keeps the
few rows of its input that it will look at again in the collection `cache`, and computes what the whole
map would have held (Ramachandran et al., 2017, arXiv:1704.06001). What has no window (1x1 convolutions,
activations) is the same code for all three.
"""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from genjax.nets.convolution import Conv, conv

At = tuple[Any, ...]


class CausalConv(nn.Module):
    """A convolution whose window ends with the row that it stands on.

    Rows or places have to come in raster order. The cache is created by a call on whole maps in which
    the collection `cache` is mutable.

    Attributes:
        features: outputs.
        kernel_size: rows, the last of them its own, and columns.
        left: columns to the left of its own in the window; None for half of the others.
        mask: of the kernel's shape [*kernel_size, C, features]; None for ones.
        of_data: whether x is the whole image at every call, [B, H, W, C]. It is then looked at as it
            is, without a cache, for what is at (i, j) is drawn only afterwards.
        use_bias, dtype, kernel_init: as in `Conv`; params stay float32.
    """

    features: int
    kernel_size: tuple[int, int]
    left: int | None = None
    mask: np.ndarray | None = None
    of_data: bool = False
    use_bias: bool = True
    dtype: Any = jnp.float32
    kernel_init: Callable[..., jax.Array] = nn.initializers.lecun_normal()

    @nn.compact
    def __call__(self, x: jax.Array, at: At = ()) -> jax.Array:
        """[B, ..., C] -> [B, ..., features], of the places `at`."""
        rows, columns = self.kernel_size
        left = (columns - 1) // 2 if self.left is None else self.left
        shape = (rows, columns, x.shape[-1], self.features)
        kernel = self.param("kernel", self.kernel_init, shape)
        if self.mask is not None:
            kernel = kernel * self.mask
        x, kernel = x.astype(self.dtype), kernel.astype(self.dtype)
        if self.of_data and at:
            window = data_window(x, at, rows, columns, left)
        else:
            window = CausalWindow(rows, columns, left, cached=not self.of_data, name="window")(
                x, at
            )
        if len(at) == 2:
            y = jnp.einsum("rcbi,rcio->bo", window, kernel)[:, None, None]
        else:
            y = conv(window, kernel, padding="VALID")
        if not self.use_bias:
            return y
        bias = self.param("bias", nn.initializers.zeros_init(), (self.features,))
        return y + bias.astype(self.dtype).reshape(1, 1, 1, -1)


class CausalWindow(nn.Module):
    """What a causal convolution sees, zeros outside of the map.

    Attributes:
        rows, columns: of the window; its last row is its own.
        left: columns to the left of its own.
        cached: whether a call on whole maps creates the cache.
    """

    rows: int
    columns: int
    left: int
    cached: bool = True

    @nn.compact
    def __call__(self, x: jax.Array, at: At = ()) -> jax.Array:
        """The padded map, or its rows about row i; at (i, j) the window [rows, columns, B, C]."""
        right = self.columns - 1 - self.left
        if not at:
            if self.cached and self.is_mutable_collection("cache"):
                batch, _, width, channels = x.shape
                shape = (self.rows, width + self.columns - 1, batch, channels)
                self.variable("cache", "rows", jnp.zeros, shape, x.dtype)
            return jnp.pad(x, ((0, 0), (self.rows - 1, 0), (self.left, right), (0, 0)))
        # A ring of rows: row i is at i mod `rows`. What is left there of an older row is overwritten
        # before anything looks at it, or lies right of (i, j), where a causal kernel has zeros.
        cache = self.variable("cache", "rows", lambda: _missing(self.name))
        row, column = at[0] % self.rows, at[1] if len(at) == 2 else 0
        seen = lax.dynamic_update_slice(
            cache.value, x.transpose(1, 2, 0, 3), (row, column + self.left, 0, 0)
        )
        cache.value = seen
        if len(at) == 2:
            seen = lax.dynamic_slice_in_dim(seen, column, self.columns, axis=1)
        order = (at[0] + 1 + jnp.arange(self.rows)) % self.rows
        seen = seen[order] if self.rows > 1 else seen
        return seen if len(at) == 2 else seen.transpose(2, 0, 1, 3)


def data_window(x: jax.Array, at: At, rows: int, columns: int, left: int) -> jax.Array:
    """What `CausalWindow` gives at (i, j), [rows, columns, B, C], of the whole image x [B, H, W, C]."""
    i, j = at
    height, width = x.shape[1:3]
    row, column = i - rows + 1 + jnp.arange(rows), j - left + jnp.arange(columns)
    inside = ((row >= 0) & (row < height))[:, None] & ((column >= 0) & (column < width))[None]
    row, column = jnp.clip(row, 0, height - 1), jnp.clip(column, 0, width - 1)
    seen = x[:, row[:, None], column[None]].transpose(1, 2, 0, 3)
    return jnp.where(inside[:, :, None, None], seen, 0.0)


def pointwise(features: int, mask: np.ndarray | None = None, **options) -> Conv:
    """A 1x1 convolution; `mask` [C, features]."""
    mask = None if mask is None else jnp.asarray(mask)[None, None]
    return Conv(features, (1, 1), mask=mask, **options)


def channel_groups(features: int, num_groups: int) -> np.ndarray:
    """Which channel of the data each feature belongs to, [features] in turn: all sizes are taken.

    van den Oord et al., 2016, arXiv:1601.06759, section 3.4.
    """
    return np.arange(features) * num_groups // features


def channel_mask(kind: str, inputs: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """1 where an input of a group may reach an output of a group at the same place, else 0.

    Args:
        kind: `A`, from earlier groups only, or `B`, from the same group too.
        inputs: groups of the inputs, [C].
        outputs: groups of the outputs, [features].

    Returns:
        float32 [C, features].
    """
    if kind not in ("A", "B"):
        raise ValueError(f"a mask is of kind 'A' or 'B', got {kind!r}")
    reaches = np.less if kind == "A" else np.less_equal
    return reaches(inputs[:, None], outputs[None]).astype(np.float32)


def raster_mask(
    kind: str, kernel_size: tuple[int, int], left: int, inputs: np.ndarray, outputs: np.ndarray
) -> np.ndarray:
    """The mask of a `CausalConv`'s kernel: nothing to the right on its own row, there `channel_mask`.

    Args:
        kind, inputs, outputs: as in `channel_mask`.
        kernel_size, left: as in `CausalConv`.

    Returns:
        float32 [*kernel_size, C, features]. van den Oord et al., 2016, arXiv:1601.06759, Figure 4.
    """
    mask = np.ones((*kernel_size, len(inputs), len(outputs)), np.float32)
    mask[-1, left] = channel_mask(kind, inputs, outputs)
    mask[-1, left + 1 :] = 0.0
    return mask


def shift_down(x: jax.Array) -> jax.Array:
    """[B, H, W, C], row i - 1 in place of row i, zeros above."""
    return jnp.pad(x, ((0, 0), (1, 0), (0, 0), (0, 0)))[:, :-1]


def row_above(x: jax.Array, i: jax.Array) -> jax.Array:
    """Row i of `shift_down(x)`, [B, 1, W, C]."""
    row = lax.dynamic_slice_in_dim(x, jnp.maximum(i - 1, 0), 1, axis=1)
    return jnp.where(i > 0, row, jnp.zeros_like(row))


def place(x: jax.Array, at: At) -> jax.Array:
    """x [B, H, W, C] at (i, j): [B, 1, 1, C]; row i where `at` is (i,), all of it where it is ()."""
    for axis, index in enumerate(at, 1):
        x = lax.dynamic_slice_in_dim(x, index, 1, axis=axis)
    return x


def _missing(name):
    raise ValueError(f"{name}: no cache; call on whole maps first, with mutable=['cache']")
