"""Generator and discriminator of two domains that have a part of their layers in common."""

import math
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.convolution import Conv, ConvTranspose
from genjax.nets.normalization import BatchNorm
from genjax.nets.resampling import num_halvings


class CoupledGenerator(nn.Module):
    """One z, an image of each domain: z [B, D] -> ([B, *shape], [B, *other_shape]), in [-1, 1].

    A dense layer to a small map, doublings to the image's size, and a 3x3 head. The first layers, which
    decide what is shown, are the domains' common ones; the rest, how it looks, is each one's own. The
    last map is narrow, so that a head has no room for a content of its own.

    Attributes:
        shape, other_shape: (H, W, C) of the domains, alike in H and W.
        width: channels of the map before the last doubling; each one before has twice as many.
        map_channels: of the last map, which the heads read.
        num_shared: common layers, from the first on; None for all but the heads.
        dtype: of the computation; params stay float32.

    Reference: Liu and Tuzel, 2016, arXiv:1606.07536, section 3.
    """

    shape: Sequence[int]
    other_shape: Sequence[int]
    width: int = 32
    map_channels: int = 2
    num_shared: int | None = None
    dtype: jnp.dtype = jnp.float32

    def setup(self):
        steps = num_halvings(self.shape)
        total = 1 + steps
        shared = total if self.num_shared is None else self.num_shared
        check_shared(shared, total)
        self.shared = [self._layer(number) for number in range(shared)]
        self.own = [[self._layer(n) for n in range(shared, total)] for _ in range(2)]
        self.heads = [
            Conv(shape[-1], (3, 3), dtype=self.dtype) for shape in (self.shape, self.other_shape)
        ]

    def _layer(self, number):
        """The linear part of layer `number`, its norm and its activation."""
        steps = num_halvings(self.shape)
        if number == 0:
            size = math.prod(self._first())
            linear = nn.Dense(size, use_bias=False, dtype=self.dtype)
        else:
            channels = (
                self.map_channels if number == steps else self.width * 2 ** (steps - 1 - number)
            )
            linear = ConvTranspose(
                channels, (4, 4), strides=(2, 2), use_bias=False, dtype=self.dtype
            )
        return [linear, BatchNorm(dtype=self.dtype), nn.PReLU(negative_slope_init=0.25)]

    def _first(self):
        steps = num_halvings(self.shape)
        height, width = (-(-side // 2**steps) for side in self.shape[:2])
        return height, width, self.width * 2 ** (steps - 1)

    def _apply(self, layers, x, train):
        for linear, norm, activation in layers:
            x = linear(x)
            x = x.reshape(len(x), *self._first()) if x.ndim == 2 else x
            x = activation(norm(x, train=train))
        return x

    def __call__(self, z: jax.Array, *, train: bool) -> tuple[jax.Array, jax.Array]:
        """z [B, D]; batch norm's statistics are common where the layer is."""
        height, width = self.shape[:2]
        common = self._apply(self.shared, z, train)
        images = []
        for layers, head in zip(self.own, self.heads, strict=True):
            x = head(self._apply(layers, common, train))
            images.append(jnp.tanh(x[:, :height, :width]))
        return tuple(images)


class CoupledDiscriminator(nn.Module):
    """An image of each domain, a logit of each: the last layers are the domains' common ones.

    3x3 convolutions of stride 2 with leaky ReLU, a dense layer, and the logit; no batch norm, whose
    statistics would be of both domains.

    Attributes:
        width: channels after the first convolution; each further one has twice as many.
        hidden: units of the dense layer.
        num_halvings: convolutions.
        num_shared: common layers, from the last on; None for all but the first convolution.
        dtype: of the computation; params stay float32.

    Reference: Liu and Tuzel, 2016, arXiv:1606.07536, section 3.
    """

    width: int = 32
    hidden: int = 128
    num_halvings: int = 1
    num_shared: int | None = None
    dtype: jnp.dtype = jnp.float32

    def setup(self):
        total = self.num_halvings + 2
        shared = total - 1 if self.num_shared is None else self.num_shared
        check_shared(shared, total)
        self.own = [[self._layer(n) for n in range(total - shared)] for _ in range(2)]
        self.shared = [self._layer(n) for n in range(total - shared, total)]

    def _layer(self, number):
        if number < self.num_halvings:
            features = self.width * 2**number
            return Conv(features, (3, 3), strides=(2, 2), dtype=self.dtype)
        return nn.Dense(self.hidden if number == self.num_halvings else 1, dtype=self.dtype)

    def __call__(
        self, x: jax.Array, other: jax.Array, *, train: bool
    ) -> tuple[dict[str, jax.Array], dict[str, jax.Array]]:
        """x [B, H, W, C], other [B', H, W, C'], which need not belong together; `logit` of each."""
        del train
        return tuple(
            self._judge(own, image) for own, image in zip(self.own, (x, other), strict=True)
        )

    def _judge(self, own, x):
        layers = [*own, *self.shared]
        for number, layer in enumerate(layers):
            x = x.reshape(len(x), -1) if number >= self.num_halvings else x
            x = layer(x)
            x = nn.leaky_relu(x, 0.2) if number < len(layers) - 1 else x
        return {"logit": x[:, 0]}


def check_shared(num_shared: int, total: int) -> None:
    """Raises ValueError unless `num_shared` of `total` layers can be common."""
    if not 0 <= num_shared <= total:
        raise ValueError(f"of {total} layers 0 to {total} can be shared, got {num_shared}")
