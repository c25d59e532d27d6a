"""PatchGAN: a discriminator that judges each patch of an image by itself."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.convolution import Conv
from genjax.nets.instance_norm import image_norm

MOST_PATCH_LAYERS = 6
_MOST_WIDTHS = 8
_START = nn.initializers.normal(0.02)  # pix2pix, section 6.2


class PatchDiscriminator(nn.Module):
    """4x4 convolutions, `num_layers` of stride 2 and then two of stride 1: {"logit": [B, h, w]}.

    A logit sees a square of 16, 34, 70, 142, 286 or 574 pixels for 1 to 6 layers, and of a 256x256
    image there are 30x30 for 3. Without a layer it is three 1x1 convolutions, and judges pixels. Leaky
    ReLU, a norm on all layers but the first and the last.

    Attributes:
        width: channels after the first convolution; they double with every further one, up to eight
            times as many.
        num_layers: 0 to 6; the paper has 3.
        norm: `minibatch`, `batch`, `instance` or `none`, see `UNet`.
        dtype: of the computation; params stay float32.

    Reference: Isola, Zhu, Zhou and Efros, 2017, arXiv:1611.07004, sections 3.3 and 6.1.2; as in the
    authors' code.
    """

    width: int = 64
    num_layers: int = 3
    norm: str = "minibatch"
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, *condition: jax.Array, train: bool) -> dict[str, jax.Array]:
        """x and what it is to fit, [B, H, W, ...] each, side by side in the channels.

        Raises:
            ValueError: for more or fewer layers, or images too small for them.
        """
        if not 0 <= self.num_layers <= MOST_PATCH_LAYERS:
            raise ValueError(f"num_layers must be 0 to {MOST_PATCH_LAYERS}, got {self.num_layers}")
        x = jnp.concatenate([*condition, x], axis=-1)
        if self.num_layers == 0:
            layers = [(1, 1), (2, 1)]
        else:
            layers = [(min(2**i, _MOST_WIDTHS), 2) for i in range(self.num_layers)]
            layers.append((min(2**self.num_layers, _MOST_WIDTHS), 1))
        for index, (widths, stride) in enumerate(layers):
            normed = index > 0 and self.norm != "none"
            x = self._layer(widths * self.width, stride, not normed)(x)
            x = image_norm(self.norm, x, train=train, dtype=self.dtype) if normed else x
            x = nn.leaky_relu(x, 0.2)
        return {"logit": self._layer(1, 1, True)(x)[..., 0]}

    def _layer(self, features, stride, use_bias):
        size, padding = (4, 1) if self.num_layers else (1, 0)
        return Conv(
            features,
            (size, size),
            strides=(stride, stride),
            padding=padding,
            use_bias=use_bias,
            kernel_init=_START,
            dtype=self.dtype,
        )


def num_patch_layers(side: int) -> int:
    """Layers of stride 2 for images of this shorter side: the paper's 3 from 64 on, fewer below."""
    return 3 if side >= 64 else 2 if side >= 32 else 1 if side >= 8 else 0
