"""Networks of images that are conditional on a layout of classes and on attributes in [0, 1]."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.convolution import Conv, ConvTranspose
from genjax.nets.dcgan import normalize

_START = {"kernel_init": nn.initializers.normal(0.02)}
_CODED = 8  # pixels a side of the code of a large layout


def num_layout_halvings(shape: Sequence[int]) -> int:
    """How often sides are halved: until the shorter of (H, W, C) is 8 or less, twice at least."""
    return max(2, (-(-min(shape[:2]) // _CODED) - 1).bit_length())


class LayoutGenerator(nn.Module):
    """G(z, s, a): strided convolutions of the layout s, then z and a beside their code, and up.

    Attributes:
        features: channels of the image.
        width: channels of the first convolution, and of the last but one; each further from the edge
            of the network has twice as many.
        norm: of all layers but the first and the last: `batch`, `layer` or `none`.
        dtype: of the computation; params stay float32.
    """

    features: int
    width: int = 64
    norm: str = "batch"
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(
        self, z: jax.Array, layout: jax.Array, attributes: jax.Array, *, train: bool
    ) -> jax.Array:
        """z [B, D], layout [B, H, W, C], attributes [B, A] -> [B, H, W, features] in [-1, 1]."""
        steps = num_layout_halvings(layout.shape[1:])
        options = {"strides": (2, 2), "dtype": self.dtype, **_START}
        x = layout
        for step in range(steps):
            x = Conv(self.width * 2**step, (4, 4), **options)(x)
            x = normalize(self.norm if step else "none", x, train, self.dtype)
            x = nn.leaky_relu(x, 0.2)
        x = tiled(x, jnp.concatenate([z, 2 * attributes - 1], axis=1))
        for step in reversed(range(steps)):
            x = ConvTranspose(self.width * 2**step, (4, 4), **options)(x)
            x = nn.relu(normalize(self.norm, x, train, self.dtype))
        x = Conv(self.features, (3, 3), dtype=self.dtype, **_START)(x)
        return jnp.tanh(x[:, : layout.shape[1], : layout.shape[2]]).astype(jnp.float32)


class LayoutDiscriminator(nn.Module):
    """D(x, s, a): one stack of convolutions over the image and over the layout, which meet at its end.

    The streams share the weights of all convolutions but the first, and each has batch statistics of
    its own, for their inputs differ. Attributes join the two codes at each place; a 1x1 convolution
    and a linear map of all places make the logit.

    Attributes:
        width: channels of the first convolution; each further one has twice as many.
        norm: of the streams' convolutions but the first: `batch`, `layer` or `none`.
        dtype: of the computation; params stay float32.
    """

    width: int = 64
    norm: str = "batch"
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(
        self, x: jax.Array, layout: jax.Array, attributes: jax.Array, *, train: bool
    ) -> dict[str, jax.Array]:
        """x [B, H, W, F], layout [B, H, W, C], attributes [B, A]; `logit` [B]."""
        steps = num_layout_halvings(x.shape[1:])
        options = {"strides": (2, 2), "dtype": self.dtype, **_START}
        tied = [
            Conv(self.width * 2**step, (4, 4), name=f"tied_{step}", **options)
            for step in range(1, steps)
        ]
        codes = []
        for stream, given in (("image", x), ("layout", layout)):
            code = Conv(self.width, (4, 4), name=f"first_of_{stream}", **options)(given)
            code = nn.leaky_relu(code, 0.2)
            for conv in tied:
                code = nn.leaky_relu(normalize(self.norm, conv(code), train, self.dtype), 0.2)
            codes.append(code)
        joint = tiled(jnp.concatenate(codes, axis=-1), 2 * attributes - 1)
        joint = Conv(codes[0].shape[-1], (1, 1), dtype=self.dtype, **_START)(joint)
        joint = nn.leaky_relu(joint, 0.2).reshape(len(x), -1)
        return {"logit": nn.Dense(1, dtype=self.dtype, **_START)(joint)[:, 0].astype(jnp.float32)}


def tiled(x: jax.Array, values: jax.Array) -> jax.Array:
    """A map [B, h, w, C] with the vector [B, A] beside its channels, the same at each place."""
    values = values.astype(x.dtype)[:, None, None]
    return jnp.concatenate([x, jnp.broadcast_to(values, (*x.shape[:-1], values.shape[-1]))], -1)
