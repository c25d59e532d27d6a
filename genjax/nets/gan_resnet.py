"""The residual generator and discriminator of SNGAN, with what SAGAN and BigGAN add to them.

Sides are halved down to between 4 and 7, as in DCGAN's networks: 128 to 4 in five steps, 28 to 7 in
two.
"""

import math
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.normalization import BatchNorm, ConditionalBatchNorm
from genjax.nets.projection import ProjectionHead
from genjax.nets.resampling import num_halvings
from genjax.nets.self_attention import SelfAttention
from genjax.nets.spectral import SpectralConv, SpectralDense


class ResnetGenerator(nn.Module):
    """A dense layer to a small map, then residual blocks that double it: z -> [B, *shape] in [-1, 1].

    A block is [norm, ReLU, double, 3x3, norm, ReLU, 3x3] + [double, 1x1].

    Attributes:
        shape: (H, W, C).
        channels: of the small map, then of each block's output: `1 + num_halvings(shape)` numbers.
        num_classes: of the label that is read; 0 for none. It chooses the gains and shifts of the
            blocks' batch norms.
        embedding_dim: BigGAN's way: a label is embedded once, in so many numbers, z is cut in as many
            pieces as there are channels, and the embedding with a block's own piece makes its gains and
            shifts, linearly. 0 for SNGAN's way.
        attention_level: the map that gets self-attention has the image's size halved so many times; 0
            for none.
        num_iterations: of spectral normalisation; 0 for none.
        orthogonal: whether kernels start orthogonal, as BigGAN's; else as SNGAN's, by Glorot's uniform
            distribution with a gain of sqrt(2) in 3x3 windows.
        momentum: of batch norms.
        dtype: of the computation; params stay float32.

    Reference: Miyato et al., 2018, arXiv:1802.05957, tables 4 to 6; Brock, Donahue and Simonyan, 2019,
    arXiv:1809.11096, appendix B.
    """

    shape: tuple[int, int, int]
    channels: Sequence[int]
    num_classes: int = 0
    embedding_dim: int = 0
    attention_level: int = 0
    num_iterations: int = 0
    orthogonal: bool = False
    momentum: float = 0.9
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, z: jax.Array, label: jax.Array | None = None, *, train: bool) -> jax.Array:
        """z [B, D], label [B] int32 or None.

        Raises:
            ValueError: for channels that do not fit the shape, or a z that cannot be cut.
        """
        height, width, colours = self.shape
        steps = num_halvings(self.shape)
        _check_channels(self.channels, 1 + steps, self.shape)
        z, *conditions = self._conditions(z, label)
        first = (-(-height // 2**steps), -(-width // 2**steps), self.channels[0])
        layers = _Layers(self.num_iterations, self.orthogonal, self.dtype, train)
        x = layers.dense(math.prod(first), z).reshape(len(z), *first)
        for index, (features, condition) in enumerate(
            zip(self.channels[1:], conditions, strict=True)
        ):
            y = nn.relu(self._norm(x, condition, train))
            y = layers.conv(features, y, resampling="up")
            y = nn.relu(self._norm(y, condition, train))
            x = layers.conv(features, y) + layers.conv(features, x, size=1, resampling="up")
            if self.attention_level and index + 1 == steps - self.attention_level:
                x = layers.attention(x)
        x = nn.relu(BatchNorm(self.momentum, dtype=self.dtype)(x, train=train))
        return jnp.tanh(layers.conv(colours, x)[:, :height, :width])

    def _conditions(self, z, label):
        """What the dense layer reads, then what each block's norms do."""
        if not self.embedding_dim:
            return z, *[label] * (len(self.channels) - 1)
        pieces = len(self.channels)
        if z.shape[-1] % pieces:
            raise ValueError(f"{z.shape[-1]} latents are not {pieces} pieces of one size")
        z, *rest = jnp.split(z, pieces, axis=-1)
        if label is None:
            return z, *rest
        start = _start(self.orthogonal, 1)
        shared = nn.Embed(
            self.num_classes, self.embedding_dim, embedding_init=start, name="shared_embedding"
        )(label)
        return z, *[jnp.concatenate([shared, piece], axis=-1) for piece in rest]

    def _norm(self, x, condition, train):
        if condition is None:
            return BatchNorm(self.momentum, dtype=self.dtype)(x, train=train)
        return ConditionalBatchNorm(
            num_classes=0 if self.embedding_dim else self.num_classes,
            num_iterations=self.num_iterations,
            kernel_init=_start(self.orthogonal, 1),
            momentum=self.momentum,
            dtype=self.dtype,
        )(x, condition, train=train)


class ResnetDiscriminator(nn.Module):
    """Residual blocks, the first few of which halve, then the sum over places and a projection head.

    A block is [ReLU, 3x3, ReLU, 3x3, halve] + [halve, 1x1]; the first has no ReLU before its 3x3. All
    layers have spectral normalisation. The last ReLU's features are summed, not averaged, over places.

    Attributes:
        channels: of each block's output (and between its convolutions: BigGAN's; in SNGAN's code those
            have the channels of its input).
        num_halving: how many blocks halve, from the first on.
        num_classes: of the label that is read; 0 for none.
        attention_level, num_iterations, orthogonal, dtype: as in `ResnetGenerator`.

    Reference: as `ResnetGenerator`'s; Miyato and Koyama, 2018, arXiv:1802.05637, figure 14.
    """

    channels: Sequence[int]
    num_halving: int
    num_classes: int = 0
    attention_level: int = 0
    num_iterations: int = 1
    orthogonal: bool = False
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(
        self, x: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> dict[str, jax.Array]:
        """x [B, H, W, C], label [B] int32 or None; `logit` [B], `features` [B, F]."""
        layers = _Layers(self.num_iterations, self.orthogonal, self.dtype, train)
        for index, features in enumerate(self.channels):
            down = "down" if index < self.num_halving else None
            y = layers.conv(features, nn.relu(x) if index else x)
            y = layers.conv(features, nn.relu(y), resampling=down)
            if down or x.shape[-1] != features:
                x = layers.conv(features, x, size=1, resampling=down)
            x = x + y
            if down and index + 1 == self.attention_level:
                x = layers.attention(x)
        features = nn.relu(x).sum((1, 2))
        head = ProjectionHead(
            self.num_classes,
            self.num_iterations,
            _start(self.orthogonal, 1),
            self.dtype,
        )
        return {"logit": head(features, label, train=train), "features": features}


class _Layers:
    """Layers of one network, made where they are called, inside its compact module."""

    def __init__(self, num_iterations, orthogonal, dtype, train):
        self.options = {"num_iterations": num_iterations, "dtype": dtype}
        self.orthogonal, self.train = orthogonal, train

    def dense(self, features, x):
        start = _start(self.orthogonal, 1)
        return SpectralDense(features, kernel_init=start, **self.options)(x, train=self.train)

    def conv(self, features, x, *, size=3, resampling=None):
        start = _start(self.orthogonal, 2 if size == 3 else 1)
        layer = SpectralConv(
            features, kernel_init=start, size=size, resampling=resampling, **self.options
        )
        return layer(x, train=self.train)

    def attention(self, x):
        start = _start(self.orthogonal, 1)
        return SelfAttention(kernel_init=start, **self.options)(x, train=self.train)


def _start(orthogonal: bool, squared_gain: float) -> nn.initializers.Initializer:
    if orthogonal:
        return nn.initializers.orthogonal()
    return nn.initializers.variance_scaling(squared_gain, "fan_avg", "uniform")


def _check_channels(channels, num, shape):
    if len(channels) != num:
        raise ValueError(
            f"a residual generator of {shape[0]}x{shape[1]} has {num} maps: got channels "
            f"{tuple(channels)}"
        )
