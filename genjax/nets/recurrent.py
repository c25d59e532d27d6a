"""LSTMs that walk over images in raster order: the two layers of PixelRNN.

van den Oord, Kalchbrenner and Kavukcuoglu, 2016, "Pixel Recurrent Neural Networks", arXiv:1601.06759,
sections 3.1 and 3.2. From an input-to-state map z and a state-to-state map K of earlier states,

    o, f, i, g = sigmoid, sigmoid, sigmoid, tanh (z + K h_before)
    c = f c_before + i g,    h = o tanh(c)

Places are named by `at`, as in `genjax.nets.causal`: over whole maps a loop runs over rows, or over
diagonals; place by place the states that will be looked at again are in the collection `cache`. What is
outside of the map has the state zero.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from genjax.nets.causal import (
    At,
    CausalConv,
    channel_groups,
    channel_mask,
    place,
    pointwise,
    raster_mask,
    row_above,
    shift_down,
)
from genjax.nets.convolution import Conv


class RowLstm(nn.Module):
    """An LSTM down the rows; a place sees the three states above it, and so a triangle.

    Input-to-state is a 1x3 convolution of mask B, state-to-state one of 3 columns of the row above.

    Attributes:
        features: units.
        num_groups: channels of the data that features belong to, as in `channel_groups`.
        dtype: of the computation; params and cells stay float32.
    """

    features: int
    num_groups: int = 1
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self, x: jax.Array | None, context: jax.Array | None = None, at: At = ()
    ) -> jax.Array | None:
        """[B, ..., C] -> [B, ..., features], of the places `at`; nothing is computed by the row.

        Args:
            x: the places `at` of a map.
            context: known beforehand: the whole map [B, H, W, K], or one vector [B, K].
            at: as above.
        """
        if len(at) == 1:
            return None
        inputs, gates = _groups(x.shape[-1], self.features, self.num_groups)
        mask, names = raster_mask("B", (1, 3), 1, inputs, gates), ("input_to_state", "context")
        z = CausalConv(len(gates), (1, 3), mask=mask, dtype=self.dtype, name=names[0])(x, at)
        z = z + _of_context(context, at, x, len(gates), self.dtype, names[1])
        shape = (3 * self.features, 4 * self.features)
        kernel = self.param("state_to_state", nn.initializers.lecun_normal(), shape)
        kernel = kernel.astype(self.dtype)
        if at:
            return self._place(z[:, 0, 0], kernel, at)
        batch, _, width, _ = x.shape

        def row(before, z):
            h, c = before
            padded = jnp.pad(h, ((0, 0), (1, 1), (0, 0)))
            # Not a convolution: those have slow gradients inside a loop on the CPU.
            seen = jnp.concatenate([padded[:, k : k + width] for k in range(3)], axis=-1)
            h, c = lstm_cell(z + seen @ kernel, c)
            return (h.astype(self.dtype), c), h.astype(self.dtype)

        if self.is_mutable_collection("cache"):  # two rows, by turns: a place may be computed again
            shape = (width + 2, batch, self.features)
            self.variable("cache", "h", jnp.zeros, (2, *shape), self.dtype)
            self.variable("cache", "c", jnp.zeros, (2, *shape))
        start = jnp.zeros((batch, width, self.features))
        h = lax.scan(row, (start.astype(self.dtype), start), z.transpose(1, 0, 2, 3))[1]
        return h.transpose(1, 0, 2, 3)

    def _place(self, z, kernel, at):
        """h at (i, j) from z [B, 4 features]."""
        (i, j), h, c = at, _kept(self, "h"), _kept(self, "c")
        own, above = i % 2, (i + 1) % 2
        size = (1, 3, *h.value.shape[2:])
        seen = lax.dynamic_slice(h.value, (above, j, 0, 0), size)[0].transpose(1, 0, 2)
        gates = z + seen.reshape(len(z), -1) @ kernel
        new, cell = lstm_cell(gates, _read(c.value, above, j + 1))
        h.value = _write(h.value, new, own, j + 1)
        c.value = _write(c.value, cell, own, j + 1)
        return new.astype(self.dtype)[:, None, None]


class DiagonalBiLstm(nn.Module):
    """Two LSTMs along the diagonals, from the upper corners: a place sees all that comes before it.

    One sees the states to its left and above, the other, of the map flipped, those to its right and
    above. A step computes a diagonal of both. The second is shifted down a row before it is added: in
    its own row it stands on what comes later.

    Attributes:
        features, num_groups, dtype: as in `RowLstm`.
    """

    features: int
    num_groups: int = 1
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(
        self, x: jax.Array | None, context: jax.Array | None = None, at: At = ()
    ) -> jax.Array | None:
        """[B, ..., C] -> [B, ..., features] of the places `at`; of row i None, and x is not looked at.

        Before row i the states from the right are computed for the row above it, whose inputs are then
        all known.

        Args:
            x, context, at: as in `RowLstm`.
        """
        shape = (2, 2 * self.features, 4 * self.features)
        initializer = nn.initializers.lecun_normal(batch_axis=0)
        kernel = self.param("state_to_state", initializer, shape).astype(self.dtype)
        if len(at) == 1:
            return self._row_above(kernel[1], context, at[0])
        z = self._input_to_state("left", x, context, at)
        if at:
            return self._place(z[:, 0, 0], x[:, 0, 0], kernel[0], at)
        if self.is_mutable_collection("cache"):
            (batch, _, width, channels), features = x.shape, self.features
            # As in `RowLstm` two rows of h, by turns; their column 0 is left of the map.
            self.variable("cache", "h", jnp.zeros, (2, width + 1, batch, features), self.dtype)
            self.variable("cache", "c", jnp.zeros, (width + 1, batch, features))
            self.variable("cache", "inputs", jnp.zeros, (width, batch, channels), x.dtype)
            self.variable("cache", "right", jnp.zeros, (width, batch, features), self.dtype)
        right = self._input_to_state("right", x, context, at)[:, :, ::-1]
        left, right = self._diagonals(jnp.stack([skew(z), skew(right)], axis=1), kernel)
        return unskew(left) + shift_down(unskew(right)[:, :, ::-1])

    def _input_to_state(self, name, x, context, at):
        inputs, gates = _groups(x.shape[-1], self.features, self.num_groups)
        mask = channel_mask("B", inputs, gates)
        z = pointwise(len(gates), mask, dtype=self.dtype, name=f"input_to_{name}")(x)
        name = f"context_to_{name}"
        return z + _of_context(context, at, x, len(gates), self.dtype, name)

    def _diagonals(self, z, kernel):
        """h of both directions, each [W + H - 1, H, B, features], from z [W + H - 1, 2, H, B, 4 ...].

        Places outside of the map need no mask: on the left z = 0 and the states before are 0, so that
        g = 0 and the state stays 0, and no place in the map sees one on the right.
        """

        def diagonal(before, z):
            h, c = before
            above = jnp.pad(h, ((0, 0), (1, 0), (0, 0), (0, 0)))[:, :-1]
            seen = jnp.concatenate([h, above], axis=-1)
            h, c = lstm_cell(z + jnp.einsum("dhbi,dio->dhbo", seen, kernel), c)
            return (h.astype(self.dtype), c), h.astype(self.dtype)

        start = jnp.zeros((*z.shape[1:4], self.features))
        h = lax.scan(diagonal, (start.astype(self.dtype), start), z)[1]
        return h[:, 0], h[:, 1]

    def _place(self, z, x, kernel, at):
        """h at (i, j) from z [B, 4 features]; x [B, C] is kept for the other direction."""
        (i, j), h, c = at, _kept(self, "h"), _kept(self, "c")
        inputs, right = _kept(self, "inputs"), _kept(self, "right")
        before, above = _read(h.value, i % 2, j), _read(h.value, (i + 1) % 2, j + 1)
        above = jnp.where(i > 0, above, 0.0)  # a call at (-1, j) may have left something there
        gates = z + jnp.concatenate([before, above], axis=-1) @ kernel
        new, cell = lstm_cell(gates, _read(c.value, j))
        h.value = _write(h.value, new, i % 2, j + 1)
        c.value = _write(c.value, cell, j + 1)
        inputs.value = _write(inputs.value, x, j)
        return (new.astype(self.dtype) + _read(right.value, j))[:, None, None]

    def _row_above(self, kernel, context, i):
        """Keeps the states from the right of row i - 1, which row i adds; zeros for i = 0."""
        inputs, right = _kept(self, "inputs"), _kept(self, "right")
        if context is not None and context.ndim == 4:
            context = row_above(context, i)
        x = inputs.value.transpose(1, 0, 2)[:, None]
        z = self._input_to_state("right", x, context, ())[:, 0].transpose(1, 0, 2)

        def one(before, z_and_above):
            (h, c), (z, above) = before, z_and_above
            h, c = lstm_cell(z + jnp.concatenate([h, above], axis=-1) @ kernel, c)
            return (h.astype(self.dtype), c), h.astype(self.dtype)

        start = jnp.zeros(right.value.shape[1:])
        start = (start.astype(self.dtype), start)
        row = lax.scan(one, start, (z, right.value), reverse=True)[1]
        right.value = jnp.where(i > 0, row, jnp.zeros_like(row))


def lstm_cell(gates: jax.Array, c: jax.Array) -> tuple[jax.Array, jax.Array]:
    """h = o tanh(c_new) and c_new = f c + i g, float32, of o, f, i, g before their activations.

    Args:
        gates: [..., 4 features], o, f, i and g one after the other.
        c: [..., features].
    """
    if gates.shape != (*c.shape[:-1], 4 * c.shape[-1]):
        raise ValueError(f"a cell {c.shape} needs four gates each, got shape {gates.shape}")
    o, f, i, g = jnp.split(gates.astype(jnp.float32), 4, axis=-1)
    c = nn.sigmoid(f) * c + nn.sigmoid(i) * jnp.tanh(g)
    return nn.sigmoid(o) * jnp.tanh(c), c


def skew(x: jax.Array) -> jax.Array:
    """[B, H, W, C] -> [W + H - 1, H, B, C]: row r is moved right by r, zeros beside it; columns first.

    van den Oord et al., 2016, arXiv:1601.06759, Figure 3.
    """
    batch, height, width, channels = x.shape
    # Rows padded to W + H and read as rows of W + H - 1 start one place later each.
    x = jnp.pad(x.transpose(1, 2, 0, 3), ((0, 0), (0, height), (0, 0), (0, 0)))
    x = x.reshape(height * (width + height), batch, channels)[:-height]
    return x.reshape(height, width + height - 1, batch, channels).swapaxes(0, 1)


def unskew(x: jax.Array) -> jax.Array:
    """[W + H - 1, H, B, C] -> [B, H, W, C], the inverse of `skew`."""
    length, height, batch, channels = x.shape
    if length < height:
        raise ValueError(f"W + H - 1 columns of H places, got shape {x.shape}")
    x = x.swapaxes(0, 1).reshape(height * length, batch, channels)
    x = jnp.pad(x, ((0, height), (0, 0), (0, 0))).reshape(height, length + 1, batch, channels)
    return x[:, : length + 1 - height].transpose(2, 0, 1, 3)


def _groups(num_inputs: int, features: int, num_groups: int) -> tuple[np.ndarray, np.ndarray]:
    """Groups of the inputs, and of the four gates of each unit."""
    groups = lambda number: channel_groups(number, num_groups)
    return groups(num_inputs), np.tile(groups(features), 4)


def _of_context(context, at, x, features, dtype, name):
    """What the context adds at the places `at`: an unmasked 1x1 of it, section 3.6."""
    if context is None:
        return jnp.zeros((1, 1, 1, 1), dtype)
    if context.ndim == 2:
        context, at = context[:, None, None], ()
    elif context.ndim != 4 or (not at and context.shape[:3] != x.shape[:3]):
        raise ValueError(
            f"a context is a vector [B, K] or a map [B, H, W, K] of x {x.shape}, got {context.shape}"
        )
    return Conv(features, (1, 1), use_bias=False, dtype=dtype, name=name)(place(context, at))


def _kept(module, name):
    missing = f"{module.name}: no cache; call on whole maps first, with mutable=['cache']"
    if not module.has_variable("cache", name):
        raise ValueError(missing)
    return module.variable("cache", name)


def _read(x, *index):
    """x[*index], [B, features]."""
    sizes = (*(1,) * len(index), *x.shape[-2:])
    return lax.dynamic_slice(x, (*index, 0, 0), sizes).reshape(x.shape[-2:])


def _write(x, value, *index):
    value = value.astype(x.dtype).reshape(*(1,) * len(index), *value.shape)
    return lax.dynamic_update_slice(x, value, (*index, 0, 0))
