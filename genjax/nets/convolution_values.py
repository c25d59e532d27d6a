"""The value of the convolution under `genjax.nets.convolution`, by the fastest way to it on the CPU.

Which way that is was measured with two cores, one way for each shape of window; all are exact.
"""

import itertools
import math
from typing import NamedTuple

import jax.numpy as jnp
from jax import lax

# With fewer output features the interleaving of phases costs more than the zeros it saves:
# 64 images, 4x4, stride 2, backwards to 1 feature 2.2 against 0.9 ms, to 128 features 21 against 43.
_MIN_FEATURES_FOR_PHASES = 16
# Where phases are taken together, and how many of the products may then be with zeros: 5x5 by stride
# 2 has 25 of 36, 4x4 would have 16 of 36.
_MAX_FEATURES_TOGETHER = 64
_MIN_SHARE_OF_TAPS = 0.6


class Window(NamedTuple):
    """How a kernel slides; one entry a spatial axis, all static."""

    strides: tuple[int, ...]
    padding: tuple[tuple[int, int], ...]  # negative entries crop
    input_dilation: tuple[int, ...]
    kernel_dilation: tuple[int, ...]


def value(window, x, kernel):
    """lax's convolution, by whatever is measured to be the fastest way to it."""
    size = output_size(window, x, kernel)
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
    if max(window.input_dilation) == 1 and math.prod(size) < math.prod(kernel.shape[:-2]):
        return _by_rows(window, x, kernel, size)
    # A window larger than the spread image, as in the kernel gradient of a transposed convolution,
    # needs no phases: 47 against 135 ms to 64x32x32x64 from 64x16x16x128, 5x5 and stride 2.
    if math.prod(kernel.shape[:-2]) > math.prod(spread_sizes(x.shape[1:-1], window.input_dilation)):
        return _by_exchange(window, x, kernel)
    # Of other windows the exchange would leave the zeros: 64x4x4x512, 5x5 and stride 2 to 256
    # features, take a third of its time.
    spread = [
        axis
        for axis, dilation in enumerate(window.input_dilation)
        if 1 < dilation <= kernel.shape[axis]
        and window.strides[axis] == window.kernel_dilation[axis] == 1
    ]
    if spread and kernel.shape[-1] >= _MIN_FEATURES_FOR_PHASES:
        together = len(spread) == len(size) and kernel.shape[-1] <= _MAX_FEATURES_TOGETHER
        if together and _share_of_taps(window, kernel) > _MIN_SHARE_OF_TAPS:
            return _by_phases_together(window, x, kernel, size)
        return _by_phases(window, x, kernel, spread[0], size[spread[0]])
    if math.prod(kernel.shape[:-2]) > math.prod(x.shape[1:-1]):
        return _by_exchange(window, x, kernel)
    if len(size) > 2:
        return _by_planes(window, x, kernel, size[0])
    return lax_conv(x, kernel, window)


def _by_rows(window, x, kernel, size):
    """A large window with few places to stand: a product of matrices for each row of the output.

    Such is the kernel gradient: 64x64x64x3 to 64 features under 5x5 and stride 2 takes 21 ms for 123,
    64x32x32x64 to 128 takes 97 for 214.
    """
    x = jnp.pad(x, ((0, 0), *window.padding, (0, 0)))
    extent = spread_sizes(kernel.shape[:-2], window.kernel_dilation)

    def under(place):
        """What the window meets there."""
        starts = [index * stride for index, stride in zip(place, window.strides, strict=True)]
        stops = [start + e for start, e in zip(starts, extent, strict=True)]
        return lax.slice(
            x, (0, *starts, 0), (len(x), *stops, x.shape[-1]), (1, *window.kernel_dilation, 1)
        )

    # Not reshaped to matrices: an axis that devices share would be gathered for that.
    product = lambda met: jnp.tensordot(met, kernel, axes=kernel.ndim - 1)
    rows = [
        product(jnp.concatenate([under((*above, column)) for column in range(size[-1])]))
        for above in itertools.product(*map(range, size[:-1]))
    ]
    y = jnp.stack(rows).reshape(*size, len(x), -1)
    return jnp.moveaxis(y, -2, 0)


def _by_exchange(window, x, kernel):
    """The input as the kernel and the kernel as the input, both reversed.

    XLA does so itself where the window has more entries than the image, but leaves the axes out of
    order; if it is done here, XLA has no reason to.
    """
    spread = spread_sizes(x.shape[1:-1], window.input_dilation)
    extent = spread_sizes(kernel.shape[:-2], window.kernel_dilation)
    padding = tuple(
        (low + s - e, high + s - e)
        for s, e, (low, high) in zip(spread, extent, window.padding, strict=True)
    )
    exchanged = Window(window.strides, padding, window.kernel_dilation, window.input_dilation)
    spatial = range(1, x.ndim - 1)
    image = jnp.flip(jnp.moveaxis(kernel, -1, 0), spatial)
    entries = jnp.flip(jnp.moveaxis(x, 0, -1), range(x.ndim - 2))
    return jnp.swapaxes(value(exchanged, image, entries), 0, -1)


def _by_phases(window, x, kernel, axis, size):
    """An axis with spread input: output pixels of one phase meet the same entries of the kernel."""
    steps = -(-size // window.input_dilation[axis])
    phases = []
    for first, before in _phases(window, axis):
        part = lax.slice_in_dim(kernel, first, None, window.input_dilation[axis], axis=axis)
        after = steps - 1 + part.shape[axis] - x.shape[axis + 1] - before
        phase_window = window._replace(
            padding=_replace(window.padding, axis, (before, after)),
            input_dilation=_replace(window.input_dilation, axis, 1),
        )
        phases.append(value(phase_window, x, part))
    y = jnp.stack(phases, axis=axis + 2)
    y = y.reshape(*y.shape[: axis + 1], -1, *y.shape[axis + 3 :])
    return lax.slice_in_dim(y, 0, size, axis=axis + 1)


def _by_phases_together(window, x, kernel, size):
    """All phases of all axes as features of one convolution, their entries in one window of zeros.

    With few features of its own a phase costs as much to gather its input as to multiply it:
    64x16x16x128, 5x5 and stride 2 to 64 features, takes 70 ms for 95.
    """
    rank = len(size)
    axes = [_placed_phases(window, kernel, axis) for axis in range(rank)]
    parts = []
    for phases in itertools.product(*(phases for phases, _, _ in axes)):
        part, config = kernel, []
        for axis, ((first, before), (_, most, extent)) in enumerate(zip(phases, axes, strict=True)):
            part = lax.slice_in_dim(part, first, None, window.input_dilation[axis], axis=axis)
            start = most - before
            config.append((start, extent - start - part.shape[axis]))
        parts.append(jnp.pad(part, (*config, (0, 0), (0, 0))))
    dilations = window.input_dilation
    steps = [-(-z // dilation) for z, dilation in zip(size, dilations, strict=True)]
    padding = tuple(
        (most, step - 1 + extent - s - most)
        for (_, most, extent), step, s in zip(axes, steps, x.shape[1:-1], strict=True)
    )
    plain = Window((1,) * rank, padding, (1,) * rank, (1,) * rank)
    y = value(plain, x, jnp.concatenate(parts, axis=-1))
    y = y.reshape(len(x), *steps, *dilations, -1)
    pairs = [axis for pair in zip(range(rank), range(rank, 2 * rank), strict=True) for axis in pair]
    y = y.transpose(0, *(axis + 1 for axis in pairs), 2 * rank + 1)
    ends = [step * dilation for step, dilation in zip(steps, dilations, strict=True)]
    return y.reshape(len(x), *ends, -1)[(slice(None), *map(slice, size))]


def _phases(window, axis):
    """(First entry of the kernel, input pixels before) for each phase of an axis."""
    dilation, (low, _) = window.input_dilation[axis], window.padding[axis]
    firsts = [(low - phase) % dilation for phase in range(dilation)]
    return [(first, (low - phase - first) // dilation) for phase, first in enumerate(firsts)]


def _placed_phases(window, kernel, axis):
    """The phases, the most pixels before, and the entries of the window that holds all of them."""
    phases = _phases(window, axis)
    most = max(before for _, before in phases)
    lengths = [-(-(kernel.shape[axis] - f) // window.input_dilation[axis]) for f, _ in phases]
    ends = [most - before + n for (_, before), n in zip(phases, lengths, strict=True)]
    return phases, most, max(ends)


def _share_of_taps(window, kernel):
    """Of the entries of the windows that hold all phases, those that are the kernel's."""
    rank = kernel.ndim - 2
    held = [_placed_phases(window, kernel, axis)[2] for axis in range(rank)]
    return math.prod(kernel.shape[:-2]) / math.prod(window.input_dilation) / math.prod(held)


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
    y = value(Window(*(entries[1:] for entries in window)), planes, kernel)
    return y.reshape(-1, size, *y.shape[1:])


def lax_conv(x, kernel, window, feature_group_count=1):
    """The same by lax, with lax's own gradients."""
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


def output_size(window, x, kernel):
    """The spatial shape of the output; an entry below 1 where the kernel leaves nothing."""
    spread = spread_sizes(x.shape[1:-1], window.input_dilation)
    extent = spread_sizes(kernel.shape[:-2], window.kernel_dilation)
    return tuple(
        (low + s + high - e) // stride + 1
        for s, e, stride, (low, high) in zip(
            spread, extent, window.strides, window.padding, strict=True
        )
    )


def spread_sizes(shape, dilation):
    """The sizes once the entries stand `dilation` apart."""
    return [(size - 1) * d + 1 for size, d in zip(shape, dilation, strict=True)]


def flip(kernel):
    """The window reversed and the features exchanged."""
    return jnp.swapaxes(jnp.flip(kernel, range(kernel.ndim - 2)), -1, -2)


def _replace(entries, axis, entry):
    return (*entries[:axis], entry, *entries[axis + 1 :])
