"""Ordinary and transposed convolution, as fast inside a loop as outside of it, with linen's interface.

The functions and the layers are here; `genjax.nets.convolution_gradients` has what makes them fast.
"""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax import lax

from genjax.nets.convolution_gradients import convolve
from genjax.nets.convolution_values import Window, flip, lax_conv, output_size, spread_sizes

Padding = str | int | Sequence[int | tuple[int, int]]


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
    extents = spread_sizes(kernel.shape[:-2], kernel_dilation)
    named = functools.partial(lax.padtype_to_pads, x.shape[1:-1], extents, strides)
    window = Window(strides, _pads(padding, rank, named), (1,) * rank, kernel_dilation)
    _check_size(window, x, kernel)
    if feature_group_count > 1:
        return lax_conv(x, kernel, window, feature_group_count)
    return convolve(x, kernel, window)


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
        kernel = flip(kernel)
    _check_shapes(x, kernel)
    rank = x.ndim - 2
    strides, kernel_dilation = _per_axis(strides, rank), _per_axis(kernel_dilation, rank)
    extents = spread_sizes(kernel.shape[:-2], kernel_dilation)
    named = lambda name: [
        _transposed_pads(*ends, name) for ends in zip(extents, strides, strict=True)
    ]
    window = Window((1,) * rank, _pads(padding, rank, named), strides, kernel_dilation)
    _check_size(window, x, kernel)
    return convolve(x, kernel, window)


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
    size = output_size(window, x, kernel)
    if min(size) < 1:
        raise ValueError(
            f"a kernel of shape {kernel.shape} leaves nothing of an input of shape {x.shape}: "
            f"the output would be {size}"
        )
