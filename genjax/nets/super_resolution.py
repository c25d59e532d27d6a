"""Networks that enlarge an image by a whole factor: fully convolutional, so of any height and width."""

import math
from collections.abc import Sequence

import flax.linen as nn
import jax

from genjax.core import Spec, check_at_least
from genjax.nets.convolution import Conv
from genjax.nets.normalization import BatchNorm
from genjax.nets.resampling import num_halvings

_PAPER_SIDE = 96  # of the training patches of SRResNet


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


def pixel_unshuffle(x: jax.Array, scale: int) -> jax.Array:
    """The inverse of `pixel_shuffle`: [B, s H, s W, C] -> [B, H, W, C s^2].

    Raises:
        ValueError: if s does not divide the sides.
    """
    num, height, width, channels = x.shape
    if scale < 1 or height % scale or width % scale:
        raise ValueError(f"scale {scale} does not divide the sides of {height}x{width} images")
    x = x.reshape(num, height // scale, scale, width // scale, scale, channels)
    x = x.transpose(0, 1, 3, 5, 2, 4)
    return x.reshape(num, height // scale, width // scale, channels * scale**2)


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


class SuperResolutionDiscriminator(nn.Module):
    """SRGAN's discriminator: pairs of 3x3 convolutions, the second of stride 2, then two dense layers.

    64, 64/2, 128, 128/2, 256, 256/2, 512, 512/2 with 64 channels and 4 pairs; batch norm on all but the
    first, leaky ReLU; 1024 units; the logit.

    Attributes:
        channels: of the first pair; they double from pair to pair.
        num_pairs: how often the sides are halved, rounded up.
        hidden: units of the dense layer.

    Reference: Ledig et al., 2017, arXiv:1609.04802, figure 4.
    """

    channels: int = 64
    num_pairs: int = 4
    hidden: int = 1024

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> dict[str, jax.Array]:
        """[B, H, W, C] in [-1, 1] -> {"logit": [B]}."""
        for layer in range(2 * self.num_pairs):
            stride = 1 + layer % 2
            x = Conv(
                self.channels * 2 ** (layer // 2),
                (3, 3),
                strides=(stride, stride),
                use_bias=layer == 0,
            )(x)
            x = BatchNorm()(x, train=train) if layer else x
            x = nn.leaky_relu(x, 0.2)
        x = nn.leaky_relu(nn.Dense(self.hidden)(x.reshape(len(x), -1)), 0.2)
        return {"logit": nn.Dense(1)(x)[:, 0]}


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


def super_resolution_resnet(
    name: str,
    spec: Spec,
    scale: int,
    *,
    num_blocks: int | None,
    channels: int | None,
    residual: bool,
) -> SuperResolutionResNet:
    """The network for such images: the paper's 16 blocks and 64 channels from 96x96 on, 4 and 32 below.

    Args:
        name: of the system, for its errors.
        spec: of the images in high resolution.
        scale, num_blocks, channels: of the network; None by the size of the images.
        residual: whether its result starts at 0.

    Raises:
        ValueError: for images that cannot be enlarged so, or no block or channel.
    """
    check_enlargeable(name, spec, scale)
    if scale & (scale - 1):
        raise ValueError(f"scale must be a power of 2, as each shuffle doubles, got {scale}")
    large = min(spec.shape[:2]) >= _PAPER_SIDE
    num_blocks = (16 if large else 4) if num_blocks is None else num_blocks
    channels = (64 if large else 32) if channels is None else channels
    if num_blocks < 1 or channels < 1:
        raise ValueError(f"needs at least 1 block and channel, got {num_blocks} and {channels}")
    return SuperResolutionResNet(scale, spec.shape[-1], channels, num_blocks, residual)


def super_resolution_discriminator(
    spec: Spec, channels: int | None
) -> SuperResolutionDiscriminator:
    """The network for such images: the paper's 64 channels from 96x96 on, 16 below.

    Args:
        spec: of the images in high resolution.
        channels: of the first pair; None by the size of the images.

    Raises:
        ValueError: for no channel.
    """
    check_at_least(1, discriminator_channels=channels)
    if channels is None:
        channels = 64 if min(spec.shape[:2]) >= _PAPER_SIDE else 16
    return SuperResolutionDiscriminator(channels, min(4, num_halvings(spec.shape)), 16 * channels)


def check_enlargeable(name: str, spec: Spec, scale: int) -> None:
    """Refuses what cannot be enlarged.

    Raises:
        ValueError: unless the data is grey or RGB images of at least `scale` pixels a side, and `scale`
            is 2 or more.
    """
    if spec.entry != "image":
        raise ValueError(f"{name} needs images, got examples of shape {tuple(spec.shape)}")
    if spec.shape[-1] not in (1, 3):
        raise ValueError(
            f"{name} takes grey or RGB images, got {spec.shape[-1]} channels: pass channels 1 or 3"
        )
    if scale < 2 or scale > min(spec.shape[:2]):
        raise ValueError(
            f"scale must be a whole number from 2 to {min(spec.shape[:2])}, the shorter side of an "
            f"image, got {scale}"
        )


def _last(features: int, size: int, start_at_zero: bool) -> Conv:
    start = {"kernel_init": nn.initializers.zeros} if start_at_zero else {}
    return Conv(features, (size, size), **start)
