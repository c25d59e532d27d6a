"""The layers of PixelCNN++: shifted convolutions, weight-normalised, at several resolutions.

Two streams of maps: u at (i, j) has seen the rows above i; ul what comes before (i, j) in raster order.
Each is a plain convolution of a map that is padded on the sides from which it may look.

As in `genjax.nets.causal`, `at` is () for whole maps, (i,) for row i or (i, j) for one place. The rows
compute u, the places ul, which reads what the rows left in the collection `cache`. A map of half the
height and width gets a new row or place only where the stride divides i, or i and j; what lies between
reads its last row.

Salimans et al., 2017, arXiv:1701.05517; Ramachandran et al., 2017, arXiv:1704.06001.
"""

import functools
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

from genjax.nets.causal import At, CausalWindow, place
from genjax.nets.convolution import conv, conv_transpose

Operation = Callable[[jax.Array, jax.Array], jax.Array]


def concat_elu(x: jax.Array) -> jax.Array:
    """elu of x and of -x: [..., C] -> [..., 2C]."""
    return nn.elu(jnp.concatenate([x, -x], axis=-1))


class WeightNorm(nn.Module):
    """y = operation(x, g v / |v|) + b, linear in the kernel; |v| is taken for each output.

    On the first batch, that of `init`, g and b make y's mean 0 and its standard deviation `scale`; a
    feature that does not vary there keeps g = `scale`. Salimans and Kingma, 2016, arXiv:1602.07868.

    Attributes:
        features: outputs.
        window: of the kernel [*window, C, features].
        scale: standard deviation of the outputs on the first batch.
        dtype: of the computation; params stay float32.
    """

    features: int
    window: tuple[int, int] = (1, 1)
    scale: float = 1.0
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, operation: Operation, x: jax.Array) -> jax.Array:
        """[..., C] -> [..., features]."""
        shape = (*self.window, x.shape[-1], self.features)
        direction = self.param("direction", _directions, shape)
        norm = jnp.sqrt(jnp.square(direction).sum(axis=(0, 1, 2), keepdims=True) + 1e-12)
        x, gain, bias = x.astype(self.dtype), jnp.ones(self.features), jnp.zeros(self.features)
        if self.is_initializing():
            y = operation(x, (direction / norm).astype(self.dtype)).astype(jnp.float32)
            mean, variance = y.mean(axis=(0, 1, 2)), y.var(axis=(0, 1, 2))
            varies = variance > 1e-6 * (1 + mean**2)  # by more than the rounding of a constant
            gain = self.scale * jnp.where(varies, lax.rsqrt(variance + 1e-12), 1.0)
            bias = -mean * gain
        gain = self.param("gain", lambda key: gain).reshape(1, 1, 1, -1)
        bias = self.param("bias", lambda key: bias).reshape(1, 1, 1, -1)
        kernel = direction * (gain / norm)
        return operation(x, kernel.astype(self.dtype)) + bias.astype(self.dtype)


def _directions(key: jax.Array, shape: tuple[int, ...]) -> jax.Array:
    """N(0, 0.05^2), not by threefry: to compile that for every kernel took longer than the layers."""
    seed = jnp.resize(jax.random.key_data(key), 4)
    return 0.05 * jax.random.normal(jax.random.wrap_key_data(seed, impl="rbg"), shape)


def window_conv(at: At, strides: int = 1) -> Operation:
    """The convolution of what a `CausalWindow` gives `at` some places."""
    if len(at) == 2:
        return lambda x, kernel: jnp.einsum("rcbi,rcio->bo", x, kernel)[:, None, None]
    return lambda x, kernel: conv(x, kernel, strides, padding="VALID")


def pointwise_product(x: jax.Array, kernel: jax.Array) -> jax.Array:
    """The 1x1 convolution as an `Operation`."""
    return jnp.einsum("bhwi,io->bhwo", x, kernel[0, 0])


class ShiftedConv(nn.Module):
    """A weight-normalised `CausalConv`: its window ends with the row that it stands on.

    Attributes:
        features, scale, dtype: as in `WeightNorm`.
        kernel_size: rows, the last of them its own, and columns.
        left: columns to the left of its own; None for half of the others.
    """

    features: int
    kernel_size: tuple[int, int]
    left: int | None = None
    scale: float = 1.0
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, at: At = ()) -> jax.Array:
        """[B, ..., C] -> [B, ..., features], of the places `at`."""
        rows, columns = self.kernel_size
        left = (columns - 1) // 2 if self.left is None else self.left
        window = CausalWindow(rows, columns, left, name="window")(x, at)
        normed = WeightNorm(self.features, self.kernel_size, self.scale, self.dtype, name="conv")
        return normed(window_conv(at), window)


class Upsample(nn.Module):
    """From half the height and width: y[2I + t, 2J + s] is of x[I, J], of columns J and J + 1 if three.

    Attributes:
        features, dtype: as in `WeightNorm`.
        columns: 2, or 3 for maps that may look to the right.
    """

    features: int
    columns: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, size: tuple[int, int], at: At = ()) -> jax.Array:
        """x: of all places, or of the row or the place that `at` is in; y: the first of `size`."""

        def operation(x, kernel):
            strides = (2, 2)
            if at:  # one row of the kernel, and of two columns one: the others make other places
                kernel = lax.dynamic_slice_in_dim(kernel, 1 - at[0] % 2, 1, axis=0)
                strides = (1, 2)
            if len(at) == 2:
                kernel = lax.dynamic_slice_in_dim(kernel, 1 - at[1] % 2, 1, axis=1)
                return pointwise_product(x, kernel)
            above = 0 if at else 1
            padding = ((above, above), (1, self.columns - 1))
            y = conv_transpose(x, kernel, strides, padding)
            return y[:, : size[0], : size[1]]

        return WeightNorm(self.features, (2, self.columns), dtype=self.dtype)(operation, x)


class LastRow(nn.Module):
    """Keeps the row of a map that was computed last; a call on whole maps creates the cache."""

    @nn.compact
    def __call__(self, x: jax.Array | None, at: At = ()) -> jax.Array:
        """x itself, kept as the row or at the place `at`; where x is None, what is kept there."""
        if not at:
            if self.is_mutable_collection("cache"):
                self.variable("cache", "row", jnp.zeros, (len(x), 1, *x.shape[2:]), x.dtype)
            return x
        cache = self.variable("cache", "row")
        if x is not None:
            column = at[1] if len(at) == 2 else 0
            cache.value = lax.dynamic_update_slice_in_dim(cache.value, x, column, axis=2)
            return x
        return cache.value if len(at) == 1 else place(cache.value, (0, at[1]))


class GatedLayer(nn.Module):
    """x + a sigmoid(b), [a, b] = conv(dropout(f(conv(f(x)) + W f(side)))) + V context, f = concat_elu.

    Attributes:
        kernel_size, left: of the convolutions, as in `ShiftedConv`.
        dropout_rate: in training.
        dtype: as in `WeightNorm`.
    """

    kernel_size: tuple[int, int]
    left: int
    dropout_rate: float
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x, side, context, *, train: bool, at: At) -> jax.Array:
        """x, and side where it is not None, [B, ..., C]; context None or [B, K]."""
        features = x.shape[-1]

        def shifted(outputs, name, **options):
            options |= {"left": self.left, "dtype": self.dtype, "name": name}
            return ShiftedConv(outputs, self.kernel_size, **options)

        y = shifted(features, "first")(concat_elu(x), at)
        if side is not None:
            normed = WeightNorm(features, dtype=self.dtype, name="side")
            y = y + normed(pointwise_product, concat_elu(side))
        y = nn.Dropout(self.dropout_rate)(concat_elu(y), deterministic=not train)
        y = shifted(2 * features, "second", scale=0.1)(y, at)
        if context is not None:
            start = nn.initializers.normal(0.05)
            dense = nn.Dense(2 * features, use_bias=False, kernel_init=start, dtype=self.dtype)
            y = y + dense(context)[:, None, None]
        a, b = jnp.split(y, 2, axis=-1)
        return x + a * nn.sigmoid(b)


class GatedPair(nn.Module):
    """A gated layer of u, then one of ul with u at its side; each takes a short cut if there is one."""

    dropout_rate: float
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, u, ul, skip, context, *, train: bool, at: At):
        """u is None at a place, where its row is known; ul is None in a row."""
        skip_u, skip_ul = (None, None) if skip is None else skip
        options = {"dropout_rate": self.dropout_rate, "dtype": self.dtype}
        call = {"context": context, "train": train, "at": at}
        if len(at) < 2:
            u = GatedLayer((2, 3), 1, name="down", **options)(u, skip_u, **call)
        u = LastRow(name="row")(u if len(at) < 2 else None, at)
        if len(at) != 1:
            side = u if skip is None else jnp.concatenate([u, skip_ul], axis=-1)
            ul = GatedLayer((2, 2), 1, name="down_right", **options)(ul, side, **call)
        return u, ul


class Level(nn.Module):
    """The layers of one resolution: down, what is at half of it and below, and up again.

    Attributes:
        num_blocks: pairs of layers down, and up one more, for the map that the level began with has a
            short cut too; at the lowest level the way up begins with the last layer down.
        halvings: how many resolutions are below.
        dropout_rate, dtype: of the layers.
    """

    num_blocks: int
    halvings: int
    dropout_rate: float
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, u, ul, context, *, train: bool, at: At):
        """u and ul [B, ..., C], as in `GatedPair`."""
        call = {"context": context, "train": train, "at": at}
        pair = lambda: GatedPair(self.dropout_rate, self.dtype)
        skips = [(u, ul)]
        for _ in range(self.num_blocks):
            skips.append(pair()(*skips[-1], None, **call))
        u, ul = self.below(*skips[-1], **call) if self.halvings else skips.pop()
        while skips:
            u, ul = pair()(u, ul, skips.pop(), **call)
        return u, ul

    def below(self, u, ul, context, *, train: bool, at: At):
        """The lower levels, computed where they have something new, brought up to this resolution."""
        features = (u if ul is None else ul).shape[-1]
        shape = (u if ul is None else ul).shape[1:3]
        windows = (
            CausalWindow(2, 3, 1, name="down_window")(u, at) if len(at) < 2 else None,
            CausalWindow(2, 2, 1, name="down_right_window")(ul, at) if len(at) != 1 else None,
        )
        half = Half(
            features, self.num_blocks, self.halvings - 1, self.dropout_rate, self.dtype, name="half"
        )
        low_at = tuple(index // 2 for index in at)
        compute = lambda half: half(windows, context, train=train, at=low_at)
        if at:
            new = functools.reduce(jnp.logical_and, [index % 2 == 0 for index in at])
            u, ul = nn.cond(new, compute, lambda half: half.last(low_at), half)
        else:
            u, ul = compute(half)
        if u is not None:
            u = Upsample(features, 3, self.dtype, name="up")(u, shape, at)
        if ul is not None:
            ul = Upsample(features, 2, self.dtype, name="up_right")(ul, shape, at)
        return u, ul


class Half(nn.Module):
    """A level at half the resolution of the windows that it is given, whose last row it keeps."""

    features: int
    num_blocks: int
    halvings: int
    dropout_rate: float
    dtype: Any = jnp.float32

    def setup(self):
        self.down = WeightNorm(self.features, (2, 3), dtype=self.dtype)
        self.down_right = WeightNorm(self.features, (2, 2), dtype=self.dtype)
        self.level = Level(self.num_blocks, self.halvings, self.dropout_rate, self.dtype)
        self.rows = LastRow(), LastRow()

    def __call__(self, windows, context, *, train: bool, at: At):
        """u and ul at half the resolution; None of what its window is None of."""
        operation = window_conv(at, strides=2)
        layers = zip((self.down, self.down_right), windows, strict=True)
        streams = [None if window is None else conv(operation, window) for conv, window in layers]
        u, ul = self.level(*streams, context, train=train, at=at)
        u_row, ul_row = self.rows
        if len(at) < 2:
            u = u_row(u, at)
        if len(at) != 1:
            ul = ul_row(ul, at)
        return (None if len(at) == 2 else u), ul

    def last(self, at: At):
        """What the last call that computed the row or the place `at` gave."""
        u_row, ul_row = self.rows
        return (u_row(None, at), None) if len(at) == 1 else (None, ul_row(None, at))
