"""Ordinary and transposed convolution, as fast inside a loop as outside of it.

XLA on the CPU hands a convolution to its fast kernels only where the axes stand as NHWC, HWIO,
NHWC. It turns other orders into that one at the top of a program, but not in the body of a scan, a
while or a cond; and the gradients that JAX derives have other orders (a kernel gradient takes the
batch for features). There they run as naive code, some twenty to sixty times slower. So on the CPU
both gradients are written here as convolutions with the axes in order. GPU and TPU take lax as is.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

Padding = str | int | Sequence[int | tuple[int, int]]

# With fewer output features the interleaving of phases costs more than the zeros it saves:
# 64 images, 4x4, stride 2, backwards to 1 feature 2.2 against 0.9 ms, to 128 features 21 against 43.
_MIN_FEATURES_FOR_PHASES = 16


class _Window(NamedTuple):
    """How a kernel slides; one entry a spatial axis, all static."""

    strides: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]  # negative entries crop
    input_dilation: tuple[int, ...]
    kernel_dilation: tuple[int, ...]


def conv(
    x: jax.Array,
    kernel: jax.Array,
    strides: int | Sequence[int] = 1,
    padding: Padding = "SAME",
    *,
    kernel_dilation: int | Sequence[int] = 1,
    feature_group_count: int = 1,
) -> jax.Array:
    """y[n, j] = Σ_t x[n, strides·j + kernel_dilation·t - padding] kernel[t].

    Equal to `lax.conv_general_dilated` with channels last. It has no forward mode (`jax.jvp`,
    `jax.jacfwd`); reverse mode composes with itself, so the derivative of y = f(x) along a tangent
    is the pullback of a pullback: `jax.vjp(jax.vjp(f, x)[1], y)[1]((tangent,))`. Groups take lax's
    own gradients, which are slow inside loops on the CPU.

    Args:
        x: [N, *spatial, I], floating.
        kernel: [*window, I / feature_group_count, O], of the same dtype.
        strides: one for all spatial axes, or one each.
        padding: 'SAME', 'VALID', one number, or one number or (low, high) pair a spatial axis.
        kernel_dilation: the distance between the kernel's entries.
        feature_group_count: how many groups the features fall into.

    Returns:
        [N, *out, O], of the same dtype.

    Raises:
        ValueError: if the shapes do not fit each other, or the padding is not one of the above.
    """
    _check_shapes(x, kernel, feature_group_count)
    rank = x.ndim - 2
    strides, kernel_dilation = _per_axis(strides, rank), _per_axis(kernel_dilation, rank)
    extents = _spread(kernel.shape[:-2], kernel_dilation)
    named = functools.partial(lax.padtype_to_pads, x.shape[1:-1], extents, strides)
    window = _Window(strides, _pads(padding, rank, named), (1,) * rank, kernel_dilation)
    _check_size(window, x, kernel)
    if feature_group_count > 1:
        return _lax_conv(x, kernel, window, feature_group_count)
    return _convolve(x, kernel, window)


def conv_transpose(
    x: jax.Array,
    kernel: jax.Array,
    strides: int | Sequence[int] = 1,
    padding: Padding = "SAME",
    *,
    kernel_dilation: int | Sequence[int] = 1,
    transpose_kernel: bool = False,
) -> jax.Array:
    """y[n, j] = Σ_t x̂[n, j + kernel_dilation·t - padding] kernel[t], x̂ = x spread by `strides`.

    Equal to `lax.conv_transpose` with channels last; differentiable as `conv` is.

    Args:
        x: [N, *spatial, I], floating.
        kernel: [*window, I, O], of the same dtype; [*window, O, I] with `transpose_kernel`.
        strides: how many output pixels an input pixel takes; one for all spatial axes, or one each.
        padding: 'SAME' (out = strides · spatial), 'VALID', or the explicit padding of x̂, as in
            `conv`.
        kernel_dilation: the distance between the kernel's entries.
        transpose_kernel: swap the kernel's features and flip its window, so that this is the
            transpose of `conv` with the same kernel.

    Returns:
        [N, *out, O], of the same dtype.

    Raises:
        ValueError: as `conv` does.
    """
    if transpose_kernel:
        kernel = _flip(kernel)
    _check_shapes(x, kernel)
    rank = x.ndim - 2
    strides, kernel_dilation = _per_axis(strides, rank), _per_axis(kernel_dilation, rank)
    extents = _spread(kernel.shape[:-2], kernel_dilation)
    named = lambda name: [
        _transposed_pads(*ends, name) for ends in zip(extents, strides, strict=True)
    ]
    window = _Window((1,) * rank, _pads(padding, rank, named), strides, kernel_dilation)
    _check_size(window, x, kernel)
    return _convolve(x, kernel, window)


class _Convolution(nn.Module):
    """What the two layers share: parameters as linen's, and any number of batch axes."""

    features: int
    kernel_size: int | Sequence[int]
    strides: int | Sequence[int] | None = 1
    padding: Padding = "SAME"
    kernel_dilation: int | Sequence[int] | None = 1
    use_bias: bool = True
    mask: jax.Array | None = None
    dtype: Any = None
    param_dtype: Any = jnp.float32
    kernel_init: Callable[..., jax.Array] = nn.initializers.lecun_normal()
    bias_init: Callable[..., jax.Array] = nn.initializers.zeros_init()

    def _apply(self, x, kernel_shape, function):
        kernel = self.param("kernel", self.kernel_init, kernel_shape, self.param_dtype)
        if self.mask is not None:
            if self.mask.shape != kernel_shape:
                raise ValueError(f"mask has shape {self.mask.shape}, the kernel {kernel_shape}")
            kernel = kernel * self.mask
        bias = None
        if self.use_bias:
            bias = self.param("bias", self.bias_init, (self.features,), self.param_dtype)
        x, kernel, bias = nn.dtypes.promote_dtype(x, kernel, bias, dtype=self.dtype)
        batch_rank = x.ndim - kernel.ndim + 1
        y = function(
            x.reshape(-1, *x.shape[batch_rank:]),
            kernel,
            1 if self.strides is None else self.strides,
            self.padding,
            kernel_dilation=1 if self.kernel_dilation is None else self.kernel_dilation,
        )
        if bias is not None:
            y = y + bias.reshape((1,) * (y.ndim - 1) + (-1,))
        return y.reshape(*x.shape[:batch_rank], *y.shape[1:])


class Conv(_Convolution):
    """`flax.linen.Conv` by `conv`: the same arguments, parameters and initialisation.

    A `mask` of the kernel's shape multiplies the kernel. Circular, reflecting and causal padding
    are left to `jnp.pad` before a 'VALID' layer.
    """

    feature_group_count: int = 1

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Maps [*batch, *spatial, I] to [*batch, *out, features]."""
        groups = self.feature_group_count
        if x.shape[-1] % groups or self.features % groups:
            raise ValueError(
                f"{groups} groups do not divide {x.shape[-1]} input and {self.features} features"
            )
        kernel_shape = (*_window_shape(self.kernel_size), x.shape[-1] // groups, self.features)
        function = functools.partial(conv, feature_group_count=groups)
        return self._apply(x, kernel_shape, function)


class ConvTranspose(_Convolution):
    """`flax.linen.ConvTranspose` by `conv_transpose`: same arguments, parameters, initialisation.

    A `mask` of the kernel's shape multiplies the kernel. Circular padding is not supported.
    """

    transpose_kernel: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """Maps [*batch, *spatial, I] to [*batch, *out, features]."""
        ends = (x.shape[-1], self.features)
        kernel_shape = (
            *_window_shape(self.kernel_size),
            *(ends[::-1] if self.transpose_kernel else ends),
        )
        function = functools.partial(conv_transpose, transpose_kernel=self.transpose_kernel)
        return self._apply(x, kernel_shape, function)


# The gradients. Both are convolutions again, with strides and dilations exchanged, so that one
# function is closed under differentiation of any order.


@functools.partial(jax.jit, static_argnames="window")
def _convolve(x, kernel, window):
    # Resolved when a program is lowered: it holds the one branch and no conditional.
    return lax.platform_dependent(
        x,
        kernel,
        cpu=lambda x, kernel: _cpu_conv(window, x, kernel),
        default=lambda x, kernel: _lax_conv(x, kernel, window),
    )


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _cpu_conv(window, x, kernel):
    return _batchable(window)(x, kernel)


def _forward(window, x, kernel):
    return _cpu_conv(window, x, kernel), (x, kernel)


def _backward(window, residuals, cotangent):
    x, kernel = residuals
    return (
        _input_gradient(window, kernel, cotangent, x.shape[1:-1]),
        _kernel_gradient(window, x, cotangent, kernel.shape[:-2]),
    )


_cpu_conv.defvjp(_forward, _backward)


def _input_gradient(window, kernel, cotangent, shape):
    """dx = the cotangent, spread by the strides, under the flipped kernel."""
    spread = _spread(cotangent.shape[1:-1], window.strides)
    extent = _spread(kernel.shape[:-2], window.kernel_dilation)
    size = _spread(shape, window.input_dilation)
    padding = tuple(
        (e - 1 - low, z - s + low)
        for e, s, z, (low, _) in zip(extent, spread, size, window.padding, strict=True)
    )
    swapped = _Window(window.input_dilation, padding, window.strides, window.kernel_dilation)
    return _cpu_conv(swapped, cotangent, _flip(kernel))


def _kernel_gradient(window, x, cotangent, shape):
    """dk = x under the cotangent as a kernel, its entries `strides` apart; the batch is summed."""
    spread = _spread(x.shape[1:-1], window.input_dilation)
    extent = _spread(cotangent.shape[1:-1], window.strides)
    size = _spread(shape, window.kernel_dilation)
    padding = tuple(
        (low, e + z - 1 - s - low)
        for e, s, z, (low, _) in zip(extent, spread, size, window.padding, strict=True)
    )
    swapped = _Window(window.kernel_dilation, padding, window.input_dilation, window.strides)
    y = _cpu_conv(swapped, jnp.swapaxes(x, 0, -1), jnp.moveaxis(cotangent, 0, -2))
    return jnp.moveaxis(y, 0, -2)


@functools.cache
def _batchable(window):
    """The convolution, with a loop over the members of a `vmap` where each has its own kernel.

    Left to itself JAX makes them groups of one convolution: five to nine times slower on the CPU.
    """

    @jax.custom_batching.custom_vmap
    def function(x, kernel):
        return _value(window, x, kernel)

    @function.def_vmap
    def batched(axis_size, in_batched, x, kernel):
        if all(in_batched):
            return lax.map(lambda pair: function(*pair), (x, kernel)), True
        if in_batched[0]:  # members become further examples
            y = function(x.reshape(-1, *x.shape[2:]), kernel)
            return y.reshape(axis_size, -1, *y.shape[1:]), True
        kernel = jnp.moveaxis(kernel, 0, -2)  # members become further features
        y = function(x, kernel.reshape(*kernel.shape[:-2], -1))
        return jnp.moveaxis(y.reshape(*y.shape[:-1], axis_size, -1), -2, 0), True

    return function


# The value, on the CPU.


def _value(window, x, kernel):
    """lax's convolution, by whatever is measured to be the fastest way to it."""
    size = _output_size(window, x, kernel)
    window, x = _crop(window, x)
    if x.size == 0:  # nothing but padding is left
        return jnp.zeros((x.shape[0], *size, kernel.shape[-1]), x.dtype)
    if max(window.input_dilation + window.kernel_dilation) == 1:
        if max(size) == 1 and x.shape[1:-1] == kernel.shape[:-2] and _is_valid(window):
            # A single position: one product of matrices. Such is the kernel gradient of 1x1
            # (5 against 15 ms at 64x16x16x128) and the last layer of a critic.
            return jnp.tensordot(x, kernel, axes=x.ndim - 1).reshape(x.shape[0], *size, -1)
        if max(x.shape[1:-1] + window.strides) == 1 and _is_covered(window, kernel, size):
            # A single pixel: it meets each entry once, but padding makes lax multiply its zeros.
            # Such is the first layer of a generator (4 against 26 ms, 64x100 to 4x4x512).
            start = [k - 1 - low for k, (low, _) in zip(kernel.shape, window.padding, strict=False)]
            part = tuple(slice(s, s + z) for s, z in zip(start, size, strict=True))
            flipped = jnp.flip(kernel, range(len(size)))[part]
            return jnp.tensordot(x.reshape(x.shape[0], -1), flipped, axes=(1, len(size)))
    if math.prod(kernel.shape[:-2]) > math.prod(x.shape[1:-1]):
        return _by_exchange(window, x, kernel)
    for axis, dilation in enumerate(window.input_dilation):
        if (
            1 < dilation <= kernel.shape[axis]
            and window.strides[axis] == window.kernel_dilation[axis] == 1
            and kernel.shape[-1] >= _MIN_FEATURES_FOR_PHASES
        ):
            return _by_phases(window, x, kernel, axis, size[axis])
    if len(size) > 2:
        return _by_planes(window, x, kernel, size[0])
    return _lax_conv(x, kernel, window)


def _by_exchange(window, x, kernel):
    """The input as the kernel and the kernel as the input, both reversed.

    XLA does so itself where the window has more entries than the image, but leaves the axes out of
    order; if it is done here, XLA has no reason to.
    """
    spread = _spread(x.shape[1:-1], window.input_dilation)
    extent = _spread(kernel.shape[:-2], window.kernel_dilation)
    padding = tuple(
        (low + s - e, high + s - e)
        for s, e, (low, high) in zip(spread, extent, window.padding, strict=True)
    )
    exchanged = _Window(window.strides, padding, window.kernel_dilation, window.input_dilation)
    spatial = range(1, x.ndim - 1)
    image = jnp.flip(jnp.moveaxis(kernel, -1, 0), spatial)
    entries = jnp.flip(jnp.moveaxis(x, 0, -1), range(x.ndim - 2))
    return jnp.swapaxes(_value(exchanged, image, entries), 0, -1)


def _by_phases(window, x, kernel, axis, size):
    """An axis with spread input: output pixels of one phase meet the same entries of the kernel."""
    dilation, (low, _) = window.input_dilation[axis], window.padding[axis]
    steps = -(-size // dilation)
    phases = []
    for phase in range(dilation):
        first = (low - phase) % dilation
        part = lax.slice_in_dim(kernel, first, None, dilation, axis=axis)
        before = (low - phase - first) // dilation
        after = steps - 1 + part.shape[axis] - x.shape[axis + 1] - before
        phase_window = window._replace(
            padding=_replace(window.padding, axis, (before, after)),
            input_dilation=_replace(window.input_dilation, axis, 1),
        )
        phases.append(_value(phase_window, x, part))
    y = jnp.stack(phases, axis=axis + 2)
    y = y.reshape(*y.shape[: axis + 1], -1, *y.shape[axis + 3 :])
    return lax.slice_in_dim(y, 0, size, axis=axis + 1)


def _by_planes(window, x, kernel, size):
    """3-D as 2-D: the first axis of the window becomes features, that of the output examples.

    XLA's own 3-D code has no fast way for dilations: the input gradient of 4x4x4 with stride 2
    (64x16x16x16x32 to 64) takes 27 s by it, 0.16 s like this.
    """
    config = [(0, 0, 0)] * x.ndim
    config[1] = (*window.padding[0], window.input_dilation[0] - 1)
    x = lax.pad(x, jnp.zeros((), x.dtype), config)
    stop = (size - 1) * window.strides[0] + 1
    starts = [entry * window.kernel_dilation[0] for entry in range(kernel.shape[0])]
    planes = [
        lax.slice_in_dim(x, start, start + stop, window.strides[0], axis=1) for start in starts
    ]
    planes = jnp.stack(planes, axis=-2).reshape(-1, *x.shape[2:-1], len(starts) * x.shape[-1])
    kernel = jnp.moveaxis(kernel, 0, -3)
    kernel = kernel.reshape(*kernel.shape[:-3], -1, kernel.shape[-1])
    y = _value(_Window(*(entries[1:] for entries in window)), planes, kernel)
    return y.reshape(-1, size, *y.shape[1:])


def _lax_conv(x, kernel, window, feature_group_count=1):
    axes = "0123456789"[: x.ndim - 2]
    return lax.conv_general_dilated(
        x,
        kernel,
        window.strides,
        window.padding,
        window.input_dilation,
        window.kernel_dilation,
        dimension_numbers=(f"N{axes}C", f"{axes}IO", f"N{axes}C"),
        feature_group_count=feature_group_count,
    )


def _crop(window, x):
    """Negative padding as slices: with it XLA's CPU code may read what is not the image.

    Seen with jax 0.10.2: 3x5 pixels under a 3x5 window with padding ((-1, 1), (-3, 3)) give noise.
    """
    padding = []
    for axis, (pads, dilation) in enumerate(
        zip(window.padding, window.input_dilation, strict=True)
    ):
        low, high = (-(min(pad, 0) // dilation) for pad in pads)
        start = min(low, x.shape[axis + 1])
        stop = max(x.shape[axis + 1] - high, start)
        x = lax.slice_in_dim(x, start, stop, axis=axis + 1)
        # Whole pixels go; the distance to the next one that is left is padding.
        padding.append((pads[0] + low * dilation, pads[1] + high * dilation))
    return window._replace(padding=tuple(padding)), x


def _is_valid(window):
    return not any(low or high for low, high in window.padding)


def _is_covered(window, kernel, size):
    """Whether each output pixel meets the single input pixel."""
    ends = zip(kernel.shape, size, window.padding, strict=False)
    return all(0 <= low < k and z <= low + 1 for k, z, (low, _) in ends)


def _output_size(window, x, kernel):
    spread = _spread(x.shape[1:-1], window.input_dilation)
    extent = _spread(kernel.shape[:-2], window.kernel_dilation)
    return tuple(
        (low + s + high - e) // stride + 1
        for s, e, stride, (low, high) in zip(
            spread, extent, window.strides, window.padding, strict=True
        )
    )


def _spread(shape, dilation):
    """The sizes once the entries stand `dilation` apart."""
    return [(size - 1) * d + 1 for size, d in zip(shape, dilation, strict=True)]


def _flip(kernel):
    """The window reversed and the features exchanged."""
    return jnp.swapaxes(jnp.flip(kernel, range(kernel.ndim - 2)), -1, -2)


def _replace(entries, axis, entry):
    return (*entries[:axis], entry, *entries[axis + 1 :])


# Arguments as linen takes them, made plain.


def _per_axis(value, rank):
    value = (value,) * rank if isinstance(value, int) else tuple(value)
    if len(value) != rank or min(value) < 1:
        raise ValueError(f"{value} is not a positive number for each of {rank} spatial axes")
    return value


def _pads(padding, rank, named):
    """Pairs for each axis; `named(padding)` makes them of 'SAME' and 'VALID'."""
    if isinstance(padding, str):
        if padding not in ("SAME", "VALID"):
            raise ValueError(f"padding {padding!r} is not 'SAME', 'VALID' or explicit numbers")
        padding = named(padding)
    padding = (padding,) * rank if isinstance(padding, int) else tuple(padding)
    if len(padding) != rank:
        raise ValueError(f"padding {padding} does not have an entry for each of {rank} axes")
    return tuple((pad, pad) if isinstance(pad, int) else tuple(pad) for pad in padding)


def _transposed_pads(extent, stride, padding):
    """The padding of `lax.conv_transpose`: of an odd sum the larger half is before."""
    if padding == "VALID":
        return extent - 1, max(stride, extent) - 1
    total = extent + stride - 2
    before = extent - 1 if stride > extent - 1 else math.ceil(total / 2)
    return before, total - before


def _window_shape(kernel_size):
    return (kernel_size,) if isinstance(kernel_size, int) else tuple(kernel_size)


def _check_shapes(x, kernel, feature_group_count=1):
    if x.ndim != kernel.ndim or x.ndim < 3:
        raise ValueError(f"an input of shape {x.shape} does not fit a kernel of {kernel.shape}")
    if x.shape[-1] != kernel.shape[-2] * feature_group_count:
        raise ValueError(
            f"an input of {x.shape[-1]} features does not fit a kernel of shape {kernel.shape} "
            f"in {feature_group_count} groups"
        )


def _check_size(window, x, kernel):
    size = _output_size(window, x, kernel)
    if min(size) < 1:
        raise ValueError(
            f"a kernel of shape {kernel.shape} leaves nothing of an input of shape {x.shape}: "
            f"the output would be {size}"
        )
