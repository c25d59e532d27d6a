"""Text read character by character, and networks of images that are conditional on what it says."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.convolution import Conv
from genjax.nets.dcgan import normalize
from genjax.nets.resampling import num_halvings

NUM_SYMBOLS = 128  # ASCII; 0 is padding
_WINDOW, _POOL = 4, 3  # characters


class TextEncoder(nn.Module):
    """Convolutions along the characters, then a GRU over what they find: [B, T] -> [B, features].

    Each of two convolutions has a window of 4 and is followed by a maximum over every 3 places; the
    embedding is a linear map of the mean of the GRU's states.

    Attributes:
        features: numbers in the embedding.
        width: channels of the convolutions, and units of the GRU.
        dtype: of the computation; params stay float32.

    Reference: the char-CNN-RNN of Reed, Akata, Schiele and Lee, 2016, arXiv:1605.05395, section 4.
    """

    features: int
    width: int = 64
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, text: jax.Array, *, train: bool) -> jax.Array:
        """text [B, T], ASCII codes, 0 after the last.

        Raises:
            ValueError: for another rank, or fewer than 9 characters.
        """
        del train
        if text.ndim != 2 or text.shape[1] < _POOL**2:
            raise ValueError(f"text is [B, T] with T at least {_POOL**2}, got shape {text.shape}")
        x = nn.Embed(NUM_SYMBOLS, self.width, dtype=self.dtype)(text)
        x = jnp.where(text[..., None] == 0, jnp.zeros((), x.dtype), x)
        for _ in range(2):
            x = nn.relu(Conv(self.width, (_WINDOW,), dtype=self.dtype)(x))
            places = x.shape[1] // _POOL
            x = x[:, : places * _POOL].reshape(len(x), places, _POOL, -1).max(2)
        x = nn.RNN(nn.GRUCell(self.width, dtype=self.dtype))(x)
        return nn.Dense(self.features, dtype=self.dtype)(x.mean(1)).astype(jnp.float32)


class ImageTrunk(nn.Module):
    """Features of images: a map [B, h, w, F] of strided convolutions, or [B, F] of dense layers.

    Attributes:
        width: channels after the first 4x4 convolution of stride 2; each further one has twice as many.
        hidden: widths of dense layers in place of convolutions, if there are any.
        norm: of all convolutions but the first: `batch`, `layer` or `none`.
        dtype: of the computation; params stay float32.
    """

    width: int = 64
    hidden: Sequence[int] = ()
    norm: str = "batch"
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """x [B, H, W, C]."""
        if self.hidden:
            x = x.reshape(len(x), -1)
            for features in self.hidden:
                x = nn.leaky_relu(nn.Dense(features, dtype=self.dtype)(x), 0.2)
            return x
        for step in range(num_halvings(x.shape[1:])):
            x = Conv(self.width * 2**step, (4, 4), strides=(2, 2), dtype=self.dtype)(x)
            x = normalize(self.norm if step else "none", x, train, self.dtype)
            x = nn.leaky_relu(x, 0.2)
        return x


class ImageEncoder(nn.Module):
    """An image as a vector [B, features], a linear map of what a trunk finds.

    Attributes:
        trunk: the layers before.
        features: numbers in the embedding.
    """

    trunk: ImageTrunk
    features: int

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """x [B, H, W, C]."""
        x = self.trunk(x, train=train)
        return nn.Dense(self.features)(x.reshape(len(x), -1)).astype(jnp.float32)


class TextGenerator(nn.Module):
    """G(z, t): a generator whose input is z beside a projection of the text's embedding t.

    Attributes:
        generator: `(z, train)` -> images.
        projection: numbers that t is brought to, by a leaky ReLU layer.

    Reference: Reed et al., 2016, arXiv:1605.05396, section 4.1.
    """

    generator: nn.Module
    projection: int = 128

    @nn.compact
    def __call__(self, z: jax.Array, text: jax.Array, *, train: bool) -> jax.Array:
        """z [B, D], text [B, E]."""
        text = nn.leaky_relu(nn.Dense(self.projection)(text), 0.2)
        return self.generator(jnp.concatenate([z, text], axis=1), train=train)


class TextDiscriminator(nn.Module):
    """D(x, t): a projection of the text's embedding t joins an image's features, at each place.

    Attributes:
        trunk: features of the image.
        projection: numbers that t is brought to, by a leaky ReLU layer.
        joint: units, or channels of the 1x1 convolution, after they have met.

    Reference: Reed et al., 2016, arXiv:1605.05396, section 4.1.
    """

    trunk: ImageTrunk
    projection: int = 128
    joint: int = 128

    @nn.compact
    def __call__(self, x: jax.Array, text: jax.Array, *, train: bool) -> dict[str, jax.Array]:
        """x [B, H, W, C], text [B, E]; `logit` [B]."""
        x = self.trunk(x, train=train)
        text = nn.leaky_relu(nn.Dense(self.projection)(text), 0.2).astype(x.dtype)
        text = text.reshape(len(text), *(1,) * (x.ndim - 2), -1)
        text = jnp.broadcast_to(text, (*x.shape[:-1], self.projection))
        # On the last axis, so that of a map it is a 1x1 convolution.
        joint = nn.Dense(self.joint, dtype=x.dtype)(jnp.concatenate([x, text], axis=-1))
        joint = nn.leaky_relu(joint, 0.2).reshape(len(x), -1)
        return {"logit": nn.Dense(1)(joint)[:, 0].astype(jnp.float32)}
