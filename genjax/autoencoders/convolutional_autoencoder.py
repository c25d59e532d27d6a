"""The convolutional autoencoder: Masci et al., 2011, with what has replaced its max-pooling since.

Convolutions of stride 2 down to a small map, a dense code, and back by doubling and convolving: a
transposed convolution covers some pixels more often than others, and leaves a checkerboard (Odena et
al., 2016, "Deconvolution and Checkerboard Artifacts", Distill).

    loss = |x - decoder(encoder(x))|^2
"""

import math
from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from genjax.autoencoders.code_model import code_model
from genjax.core import Model, Spec, check_name
from genjax.nets import Conv, deterministic_autoencoder

_DTYPES = {"float32": jnp.float32, "bf16": jnp.bfloat16}


class Encoder(nn.Module):
    """3x3 convolutions of stride 2 with ReLU, then a linear layer: [B, H, W, C] -> [B, features].

    Attributes:
        channels: of each convolution; every one halves height and width (rounded up).
        features: outputs.
        dtype: of the computation; params stay float32.
    """

    channels: Sequence[int]
    features: int
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """x [B, H, W, C]."""
        for width in self.channels:
            x = nn.relu(Conv(width, (3, 3), strides=(2, 2), dtype=self.dtype)(x))
        return nn.Dense(self.features, dtype=self.dtype)(x.reshape(len(x), -1))


class Decoder(nn.Module):
    """A dense layer, then doubling by repeated pixels and 3x3 convolutions: [B, D] -> [B, *shape].

    Attributes:
        channels: of the map before each doubling, the smallest map first.
        shape: (H, W, C) of an output; what doubling makes too large is cut off.
        dtype: of the computation; params stay float32.
    """

    channels: Sequence[int]
    shape: tuple[int, int, int]
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, z: jax.Array) -> jax.Array:
        """z [B, D]."""
        height, width, features = self.shape
        scale = 2 ** len(self.channels)
        small = (math.ceil(height / scale), math.ceil(width / scale), self.channels[0])
        x = nn.relu(nn.Dense(math.prod(small), dtype=self.dtype)(z)).reshape(len(z), *small)
        for channels in self.channels[1:]:
            x = nn.relu(Conv(channels, (3, 3), dtype=self.dtype)(_doubled(x)))
        return Conv(features, (3, 3), dtype=self.dtype)(_doubled(x))[:, :height, :width]


def _doubled(x: jax.Array) -> jax.Array:
    """Each pixel four times."""
    return x.repeat(2, axis=1).repeat(2, axis=2)


def convolutional_autoencoder(
    spec: Spec,
    *,
    code_dim: int = 16,
    channels: tuple[int, ...] = (16, 32),
    learning_rate: float = 1e-3,
    precision: str = "float32",
) -> Model:
    """Convolutional autoencoder (Masci et al., 2011, "Stacked Convolutional Auto-Encoders", ICANN).

    The paper pools by maxima and trains layer by layer; here strides halve the map, all layers are
    trained at once, and the code is dense.

    Args:
        spec: of images in [0, 1], of any height and width.
        code_dim: numbers in a code.
        channels: of the convolutions, mirrored in the decoder; each halves height and width.
        learning_rate: of Adam.
        precision: of the networks: `float32` or `bf16`.

    Raises:
        ValueError: if the data is no images, no code or layer is asked for, or a precision that is
            none.
    """
    if spec.entry != "image":
        raise ValueError(
            f"convolutional_autoencoder needs images, got examples of shape {tuple(spec.shape)}: take "
            "autoencoder"
        )
    if code_dim < 1 or not channels or min(channels) < 1:
        raise ValueError(
            f"code_dim and all channels must be at least 1, got {code_dim} and {tuple(channels)}"
        )
    check_name("precision", precision, _DTYPES)
    channels, dtype = tuple(channels), _DTYPES[precision]
    parts = deterministic_autoencoder(
        spec,
        code_dim,
        Encoder(channels, code_dim, dtype),
        Decoder(channels[::-1], tuple(spec.shape), dtype),
    )

    def terms(key, variables, x):
        return parts.squared_error(variables, parts.encode(variables, x), x), {}

    return code_model(spec, parts, terms, optax.adam(learning_rate))
