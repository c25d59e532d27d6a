"""Networks that enlarge an image by a whole factor: fully convolutional, so of any height and width."""

import math
from collections.abc import Sequence

import flax.linen as nn
import jax

from genjax.nets.convolution import Conv
from genjax.nets.normalization import BatchNorm


def pixel_shuffle(x: jax.Array, scale: int) -> jax.Array:
    """Channels to places: out[b, s i + u, s j + v, c] = x[b, i, j, (s c + u) s + v].

    Args:
        x: [B, H, W, C s^2].
        scale: s.

    Returns:
        [B, s H, s W, C].

    Raises:
        ValueError: if s^2 does not divide the channels.

    Reference: Shi et al., 2016, arXiv:1609.05158, equation 4; the order of channels is PyTorch's.
    """
    num, height, width, channels = x.shape
    if scale < 1 or channels % scale**2:
        raise ValueError(f"the square of scale {scale} does not divide {channels} channels")
    x = x.reshape(num, height, width, channels // scale**2, scale, scale)
    x = x.transpose(0, 1, 4, 2, 5, 3)
    return x.reshape(num, height * scale, width * scale, channels // scale**2)


class SubPixelNet(nn.Module):
    """Convolutions at low resolution whose last one gives each pixel its s^2 (ESPCN).

    Attributes:
        scale: s.
        hidden: channels of the hidden layers: the first has a 5x5 kernel, the others 3x3.
        features: channels of the result.
        start_at_zero: whether the last kernel starts at 0, and with it the result.

    Reference: Shi et al., 2016, arXiv:1609.05158, section 3.2.
    """

    scale: int
    hidden: Sequence[int]
    features: int
    start_at_zero: bool = False

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[B, H, W, C] -> [B, s H, s W, features]."""
        for index, width in enumerate(self.hidden):
            x = nn.tanh(Conv(width, (3, 3) if index else (5, 5))(x))
        last = _last(self.features * self.scale**2, 3, self.start_at_zero)
        return pixel_shuffle(last(x), self.scale)


class SuperResolutionResNet(nn.Module):
    """SRResNet, which is SRGAN's generator: residual blocks at low resolution, then x2 pixel shuffles.

    9x9 PReLU, `num_blocks` of {3x3, batch norm, PReLU, 3x3, batch norm, add}, 3x3 and batch norm with
    a skip over all the blocks, {3x3 of 4 times the channels, pixel shuffle, PReLU} for each doubling,
    and 9x9.

    Attributes:
        scale: 2, 4 or another power of 2.
        features: channels of the result.
        channels: of all layers between.
        num_blocks: residual blocks.
        start_at_zero: whether the last kernel starts at 0, and with it the result.

    Reference: Ledig et al., 2017, arXiv:1609.04802, figure 4.
    """

    scale: int
    features: int
    channels: int = 64
    num_blocks: int = 16
    start_at_zero: bool = False

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """[B, H, W, C] -> [B, s H, s W, features]; batch statistics where `train`."""
        prelu = lambda: nn.PReLU(negative_slope_init=0.25)  # He et al. (2015), section 2.1
        x = first = prelu()(Conv(self.channels, (9, 9))(x))
        for _ in range(self.num_blocks):
            y = BatchNorm()(Conv(self.channels, (3, 3), use_bias=False)(x), train=train)
            y = Conv(self.channels, (3, 3), use_bias=False)(prelu()(y))
            x = x + BatchNorm()(y, train=train)
        x = first + BatchNorm()(Conv(self.channels, (3, 3), use_bias=False)(x), train=train)
        for _ in range(round(math.log2(self.scale))):
            x = prelu()(pixel_shuffle(Conv(4 * self.channels, (3, 3))(x), 2))
        return _last(self.features, 9, self.start_at_zero)(x)


def _last(features: int, size: int, start_at_zero: bool) -> Conv:
    start = {"kernel_init": nn.initializers.zeros} if start_at_zero else {}
    return Conv(features, (size, size), **start)
