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

    Equal to `lax.conv_general_dilated` with channels last. On the CPU it has no forward mode
    (`jax.jvp`, `jax.jacfwd`); reverse mode composes with itself, so a derivative along a tangent is
    the gradient of a gradient: `jax.vjp(jax.vjp(f, x)[1], y)[1]((tangent,))`. Groups take lax's own
    gradients, which are slow inside loops on the CPU.

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
    if isinstance(padding, str):
        extents = [(k - 1) * d + 1 for k, d in zip(kernel.shape, kernel_dilation, strict=False)]
        padding = lax.padtype_to_pads(x.shape[1:-1], extents, strides, _known(padding))
    window = _Window(strides, _pairs(padding, rank), (1,) * rank, kernel_dilation)
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
    if isinstance(padding, str):
        extents = [(k - 1) * d + 1 for k, d in zip(kernel.shape, kernel_dilation, strict=False)]
        pads = functools.partial(_transposed_pads, padding=_known(padding))
        padding = [pads(extent, stride) for extent, stride in zip(extents, strides, strict=False)]
    window = _Window((1,) * rank, _pairs(padding, rank), strides, kernel_dilation)
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


def _convolve(x, kernel, window):
    return lax.platform_dependent(
        x,
        kernel,
        cpu=functools.partial(_cpu_conv, window=window),
        default=functools.partial(_lax_conv, window=window),
    )


def _cpu_conv(x, kernel, window):
    return _differentiable(window, x, kernel)


@functools.partial(jax.custom_vjp, nondiff_argnums=(0,))
def _differentiable(window, x, kernel):
    return _batchable(window)(x, kernel)


def _forward(window, x, kernel):
    return _differentiable(window, x, kernel), (x, kernel)


def _backward(window, residuals, cotangent):
    x, kernel = residuals
    return (
        _input_gradient(cotangent, kernel, x.shape, window),
        _kernel_gradient(x, cotangent, kernel.shape, window),
    )


_differentiable.defvjp(_forward, _backward)


def _input_gradient(cotangent, kernel, x_shape, window):
    """dx = the cotangent, spread by the strides, under the flipped kernel."""
    padding = []
    for axis, (low, _) in enumerate(window.padding):
        spread = (cotangent.shape[axis + 1] - 1) * window.strides[axis] + 1
        extent = (kernel.shape[axis] - 1) * window.kernel_dilation[axis] + 1
        size = (x_shape[axis + 1] - 1) * window.input_dilation[axis] + 1
        padding.append((extent - 1 - low, size - spread + low))
    swapped = _Window(
        window.input_dilation, tuple(padding), window.strides, window.kernel_dilation
    )
    return _differentiable(swapped, cotangent, _flip(kernel))


def _kernel_gradient(x, cotangent, kernel_shape, window):
    """dk = x under the cotangent as a kernel, its entries `strides` apart; the batch is summed."""
    padding = []
    for axis, (low, _) in enumerate(window.padding):
        spread = (x.shape[axis + 1] - 1) * window.input_dilation[axis] + 1
        extent = (cotangent.shape[axis + 1] - 1) * window.strides[axis] + 1
        size = (kernel_shape[axis] - 1) * window.kernel_dilation[axis] + 1
        padding.append((low, size - 1 + extent - spread - low))
    swapped = _Window(
        window.kernel_dilation, tuple(padding), window.input_dilation, window.strides
    )
    x = jnp.swapaxes(x, 0, -1)
    cotangent = jnp.moveaxis(cotangent, 0, -2)
    return jnp.moveaxis(_differentiable(swapped, x, cotangent), 0, -2)


@functools.cache
def _batchable(window):
    """The convolution with a kernel for each member of a `vmap` as a loop over the members.

    Otherwise JAX makes it one convolution with groups, five to nine times slower on the CPU.
    """

    @jax.custom_batching.custom_vmap
    def function(x, kernel):
        return _cpu_forward(x, kernel, window)

    @function.def_vmap
    def batched(axis_size, in_batched, x, kernel):
        del axis_size
        if all(in_batched):
            return lax.map(lambda pair: function(*pair), (x, kernel)), True
        in_axes = [0 if is_batched else None for is_batched in in_batched]
        # Plain lax lays an axis of one side along the batch or the features: no groups, all fast.
        return jax.vmap(lambda x, kernel: _cpu_forward(x, kernel, window), in_axes)(x, kernel), True

    return function


# The values, on the CPU.


def _cpu_forward(x, kernel, window):
    out = _out_shape(x, kernel, window)
    x, window = _crop(x, window)
    if x.size == 0:
        return jnp.zeros((x.shape[0], *out, kernel.shape[-1]), x.dtype)
    undilated = max(window.input_dilation + window.kernel_dilation) == 1
    if undilated and max(out) == 1 and x.shape[1:-1] == kernel.shape[:-2] and not any(map(any, window.padding)):
        y = jnp.tensordot(x, kernel, axes=x.ndim - 1)
        return y.reshape(x.shape[0], *out, -1)
    start = [k - 1 - low for k, (low, _) in zip(kernel.shape, window.padding)]
    if undilated and max(x.shape[1:-1]) == 1 and max(window.strides)==1 and all(s>=0 and s+m<=k for s,m,k in zip(start,out,kernel.shape)):
        w = jnp.flip(kernel, range(x.ndim - 2))[tuple(slice(s, s + m) for s, m in zip(start, out))]
        return jnp.tensordot(x.reshape(x.shape[0], -1), w, axes=(1, w.ndim - 2))
    for axis, dilation in enumerate(window.input_dilation):
        if (
            dilation > 1
            and window.strides[axis] == window.kernel_dilation[axis] == 1
            and kernel.shape[axis] >= dilation
            and kernel.shape[-1] >= _MIN_FEATURES_FOR_PHASES
        ):
            return _by_phases(x, kernel, window, axis, out[axis])
    return _lax_conv(x, kernel, window)


def _by_phases(x, kernel, window, axis, size):
    dilation, (low, _) = window.input_dilation[axis], window.padding[axis]
    steps = -(-size // dilation)
    phases = []
    for phase in range(dilation):
        first = (low - phase) % dilation
        part = lax.slice_in_dim(kernel, first, None, dilation, axis=axis)
        offset = (phase + first - low) // dilation
        padding = (-offset, steps + part.shape[axis] - 1 - x.shape[axis + 1] + offset)
        phase_window = _Window(
            window.strides,
            _replace(window.padding, axis, padding),
            _replace(window.input_dilation, axis, 1),
            window.kernel_dilation,
        )
        phases.append(_cpu_forward(x, part, phase_window))
    y = jnp.stack(phases, axis=axis + 2)
    y = y.reshape(*y.shape[: axis + 1], -1, *y.shape[axis + 3 :])
    return lax.slice_in_dim(y, 0, size, axis=axis + 1)


def _crop(x, window):
    """Negative padding as slices, since XLA's fast kernels know only positive padding."""
    padding = []
    for axis, (pads, dilation) in enumerate(zip(window.padding, window.input_dilation, strict=True)):
        low_cut, high_cut = (-(min(pad, 0) // dilation) for pad in pads)
        start = min(low_cut, x.shape[axis + 1])
        stop = max(x.shape[axis + 1] - high_cut, start)
        x = lax.slice_in_dim(x, start, stop, axis=axis + 1)
        padding.append((pads[0] + low_cut * dilation, pads[1] + high_cut * dilation))
    return x, window._replace(padding=tuple(padding))


def _lax_conv(x, kernel, window, feature_group_count=1):
    spatial = "".join(chr(ord("0") + axis) for axis in range(x.ndim - 2))
    return lax.conv_general_dilated(
        x,
        kernel,
        window.strides,
        window.padding,
        window.input_dilation,
        window.kernel_dilation,
        dimension_numbers=(f"N{spatial}C", f"{spatial}IO", f"N{spatial}C"),
        feature_group_count=feature_group_count,
    )


def _out_shape(x, kernel, window):
    shape = []
    for axis, (low, high) in enumerate(window.padding):
        spread = (x.shape[axis + 1] - 1) * window.input_dilation[axis] + 1
        extent = (kernel.shape[axis] - 1) * window.kernel_dilation[axis] + 1
        shape.append((low + spread + high - extent) // window.strides[axis] + 1)
    return shape


def _transposed_pads(extent, stride, padding):
    """The padding of `lax.conv_transpose`, where an odd pixel goes to the low side."""
    if padding == "VALID":
        return extent - 1, max(stride, extent) - 1
    total = extent + stride - 2
    low = extent - 1 if stride > extent - 1 else math.ceil(total / 2)
    return low, total - low


def _flip(kernel):
    return jnp.swapaxes(jnp.flip(kernel, range(kernel.ndim - 2)), -1, -2)


def _replace(entries, axis, entry):
    return (*entries[:axis], entry, *entries[axis + 1 :])


def _window_shape(kernel_size):
    return (kernel_size,) if isinstance(kernel_size, int) else tuple(kernel_size)


def _per_axis(value, rank):
    value = (value,) * rank if isinstance(value, int) else tuple(value)
    if len(value) != rank or min(value) < 1:
        raise ValueError(f"{value} is not a positive number for each of {rank} spatial axes")
    return value


def _known(padding):
    if padding not in ("SAME", "VALID"):
        raise ValueError(f"padding {padding!r} is not 'SAME', 'VALID' or explicit numbers")
    return padding


def _pairs(padding, rank):
    padding = (padding,) * rank if isinstance(padding, int) else tuple(padding)
    if len(padding) != rank:
        raise ValueError(f"padding {padding} does not have an entry for each of {rank} axes")
    return tuple((p, p) if isinstance(p, int) else tuple(p) for p in padding)


def _check_shapes(x, kernel, feature_group_count=1):
    if x.ndim != kernel.ndim or x.ndim < 3:
        raise ValueError(f"an input of shape {x.shape} does not fit a kernel of {kernel.shape}")
    if x.shape[-1] != kernel.shape[-2] * feature_group_count:
        raise ValueError(
            f"an input of {x.shape[-1]} features does not fit a kernel of shape {kernel.shape} "
            f"with {feature_group_count} groups"
        )
