"""The convolution under `genjax.nets.convolution`, with gradients that are fast in loops on the CPU.

XLA on the CPU hands a convolution to its fast kernels only where the axes stand as NHWC, HWIO,
NHWC. It turns other orders into that one at the top of a program, but not in the body of a scan, a
while or a cond; and the gradients that JAX derives have other orders (a kernel gradient takes the
batch for features). There they run as naive code, some twenty to sixty times slower. So on the CPU
both gradients are written here as convolutions with the axes in order, whose values are in
`genjax.nets.convolution_values`. GPU and TPU take lax as is.
"""

import functools

import jax
import jax.numpy as jnp
from jax import lax

from genjax.nets.convolution_values import Window, flip, lax_conv, spread_sizes, value

# The gradients. Both are convolutions again, with strides and dilations exchanged, so that one
# function is closed under differentiation of any order.


@functools.partial(jax.jit, static_argnames="window")
def convolve(x, kernel, window):
    """x [N, *spatial, I] under kernel [*window, I, O] as `window` says: [N, *out, O]."""
    # Resolved when a program is lowered: it holds the one branch and no conditional.
    return lax.platform_dependent(
        x,
        kernel,
        cpu=lambda x, kernel: _cpu_conv(window, x, kernel),
        default=lambda x, kernel: lax_conv(x, kernel, window),
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
    spread = spread_sizes(cotangent.shape[1:-1], window.strides)
    extent = spread_sizes(kernel.shape[:-2], window.kernel_dilation)
    size = spread_sizes(shape, window.input_dilation)
    padding = tuple(
        (e - 1 - low, z - s + low)
        for e, s, z, (low, _) in zip(extent, spread, size, window.padding, strict=True)
    )
    swapped = Window(window.input_dilation, padding, window.strides, window.kernel_dilation)
    return _cpu_conv(swapped, cotangent, flip(kernel))


def _kernel_gradient(window, x, cotangent, shape):
    """dk = x under the cotangent as a kernel, its entries `strides` apart; the batch is summed."""
    spread = spread_sizes(x.shape[1:-1], window.input_dilation)
    extent = spread_sizes(cotangent.shape[1:-1], window.strides)
    size = spread_sizes(shape, window.kernel_dilation)
    padding = tuple(
        (low, e + z - 1 - s - low)
        for e, s, z, (low, _) in zip(extent, spread, size, window.padding, strict=True)
    )
    swapped = Window(window.kernel_dilation, padding, window.input_dilation, window.strides)
    y = _cpu_conv(swapped, jnp.swapaxes(x, 0, -1), jnp.moveaxis(cotangent, 0, -2))
    return jnp.moveaxis(y, 0, -2)


@functools.cache
def _batchable(window):
    """The convolution, with a loop over the members of a `vmap` where each has its own kernel.

    Left to itself JAX makes them groups of one convolution: five to nine times slower on the CPU.
    """

    @jax.custom_batching.custom_vmap
    def function(x, kernel):
        return value(window, x, kernel)

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
