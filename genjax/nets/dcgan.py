"""DCGAN's generator and discriminator: strided convolutions alone, for images of any size.

Sides are halved down to between 4 and 7 (64 to 4 in four steps, 28 to 7 in two); what doubling makes
too large, of sides that are no such number, is cut off.
"""

import math
from collections.abc import Mapping

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.core import check_name
from genjax.nets.adversarial_mlp import disturb, linear_heads
from genjax.nets.conditioning import beside
from genjax.nets.convolution import Conv, ConvTranspose
from genjax.nets.normalization import BatchNorm
from genjax.nets.resampling import num_halvings
from genjax.nets.super_resolution import pixel_shuffle

UPSAMPLINGS = ("transposed", "nearest", "pixel_shuffle")
NORMS = ("batch", "layer", "none")
_START = {"kernel_init": nn.initializers.normal(0.02)}  # section 4


class DcganGenerator(nn.Module):
    """A dense layer to a small map, then up by 2 and 2: z [B, D] -> [B, *shape] in [-1, 1].

    Attributes:
        shape: (H, W, C).
        width: channels of the last hidden map; each one before has twice as many. The paper's 64x64
            network has 128: 1024, 512, 256, 128.
        num_classes: of the label that is read, one-hot beside the input of every layer; 0 for none.
        norm: `batch`, `layer` or `none`.
        upsampling: `transposed` (5x5, stride 2, the paper's), `nearest` (doubled pixels, then 5x5; no
            checkerboards) or `pixel_shuffle` (a 5x5 to four times the channels).
        noise_std, dropout_rate: after each hidden layer, in sampling too.
        dtype: of the computation; params stay float32.
        label_once: whether the label is beside the input of the first layer alone.
        bounded: whether outputs are in [-1, 1], by tanh.

    Reference: Radford, Metz and Chintala, 2016, arXiv:1511.06434, figure 1; labels as in its code for
    MNIST.
    """

    shape: tuple[int, int, int]
    width: int = 128
    num_classes: int = 0
    norm: str = "batch"
    upsampling: str = "transposed"
    noise_std: float = 0.0
    dropout_rate: float = 0.0
    dtype: jnp.dtype = jnp.float32
    label_once: bool = False
    bounded: bool = True

    @nn.compact
    def __call__(self, z: jax.Array, label: jax.Array | None = None, *, train: bool) -> jax.Array:
        """z [B, D], label [B] int32 or None."""
        height, width, channels = self.shape
        steps = num_halvings(self.shape)
        first = (-(-height // 2**steps), -(-width // 2**steps), self.width * 2 ** (steps - 1))
        dense = nn.Dense(math.prod(first), use_bias=False, dtype=self.dtype, **_START)
        x = dense(beside(z, label, self.num_classes)).reshape(len(z), *first)
        for step in range(steps):
            x = nn.relu(normalize(self.norm, x, train, self.dtype))
            x = disturb(self, x, self.noise_std, self.dropout_rate)
            last = step == steps - 1
            features = channels if last else first[-1] // 2 ** (step + 1)
            x = x if self.label_once else beside(x, label, self.num_classes)
            x = self._double(x, features, use_bias=last)
        x = x[:, :height, :width]
        return jnp.tanh(x) if self.bounded else x

    def _double(self, x, features, use_bias):
        options = {"use_bias": use_bias, "dtype": self.dtype, **_START}
        if self.upsampling == "transposed":
            return ConvTranspose(features, (5, 5), strides=(2, 2), **options)(x)
        if self.upsampling == "nearest":
            return Conv(features, (5, 5), **options)(x.repeat(2, axis=1).repeat(2, axis=2))
        return pixel_shuffle(Conv(4 * features, (5, 5), **options)(x), 2)


class DcganDiscriminator(nn.Module):
    """5x5 convolutions of stride 2 with leaky ReLU, then linear heads: [B, H, W, C] -> {name: ...}.

    Attributes:
        width: channels after the first convolution; each further one has twice as many. The paper's
            64x64 network has 128, 256, 512, 1024.
        num_classes: of the label that is read, one-hot beside the input of every layer; 0 for none.
        heads: name -> width of further heads beside `logit`.
        norm: of all layers but the first: `batch`, `layer` or `none`.
        dtype: of the computation; params stay float32.
        logit: whether there is a head of that name; not where it follows from the classes.
        label_once: whether the label is beside the image alone.

    Reference: Radford, Metz and Chintala, 2016, arXiv:1511.06434, section 3.
    """

    width: int = 128
    num_classes: int = 0
    heads: Mapping[str, int] | None = None
    norm: str = "batch"
    dtype: jnp.dtype = jnp.float32
    logit: bool = True
    label_once: bool = False

    @nn.compact
    def __call__(
        self, x: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> dict[str, jax.Array]:
        """x [B, H, W, C], label [B] int32 or None; `logit` [B], `features` [B, F], heads."""
        x = dcgan_trunk(
            x,
            self.width,
            train=train,
            label=label,
            num_classes=self.num_classes,
            norm=self.norm,
            label_once=self.label_once,
            dtype=self.dtype,
        )
        x = x.reshape(len(x), -1)
        features = x if self.label_once else beside(x, label, self.num_classes)
        return linear_heads(features, self.heads, self.dtype, logit=self.logit, **_START)


def dcgan_trunk(
    x: jax.Array,
    width: int,
    *,
    train: bool,
    label: jax.Array | None = None,
    num_classes: int = 0,
    norm: str = "batch",
    label_once: bool = False,
    dtype: jnp.dtype = jnp.float32,
) -> jax.Array:
    """The discriminator's convolutions, [B, H, W, C] -> [B, h, w, F], called in a compact module.

    Args:
        x: images.
        width, num_classes, norm, label_once, dtype: as of `DcganDiscriminator`.
        train: whether batch norm uses the batch's statistics.
        label: [B] int32 or None.
    """
    for step in range(num_halvings(x.shape[1:])):
        normed = step > 0 and norm != "none"
        x = x if label_once and step > 0 else beside(x, label, num_classes)
        x = Conv(
            width * 2**step,
            (5, 5),
            strides=(2, 2),
            use_bias=not normed,
            dtype=dtype,
            **_START,
        )(x)
        x = normalize(norm, x, train, dtype) if normed else x
        x = nn.leaky_relu(x, 0.2)
    return x


def normalize(norm: str, x: jax.Array, train: bool, dtype) -> jax.Array:
    """A normalisation layer by name, called inside a compact module: one of `NORMS`.

    Raises:
        ValueError: for another name.
    """
    check_name("norm", norm, NORMS)
    if norm == "batch":
        return BatchNorm(dtype=dtype)(x, train=train)
    return nn.LayerNorm(dtype=dtype)(x) if norm == "layer" else x
