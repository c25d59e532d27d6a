"""Networks that read examples into codes, and that judge an example and a code together."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.adversarial_mlp import MlpDiscriminator
from genjax.nets.dcgan import dcgan_trunk, normalize


class TrunkEncoder(nn.Module):
    """A discriminator's trunk with a linear head of codes: [B, ...] -> [B, features].

    Attributes:
        features: numbers in a code.
        hidden: widths of dense layers with leaky ReLU, where there are no convolutions.
        width: of DCGAN's convolutions, which take the dense layers' place; 0 for none.
        norm: of all layers but the first: `batch` or `none`.
        dtype: of the computation; params stay float32.
    """

    features: int
    hidden: Sequence[int] = ()
    width: int = 0
    norm: str = "batch"
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """x [B, ...], of images [B, H, W, C]."""
        if self.width:
            x = dcgan_trunk(x, self.width, train=train, norm=self.norm, dtype=self.dtype)
        x = x.reshape(len(x), -1)
        for number, width in enumerate(() if self.width else self.hidden):
            x = nn.Dense(width, dtype=self.dtype)(x)
            x = normalize(self.norm, x, train, self.dtype) if number else x
            x = nn.leaky_relu(x, 0.2)
        return nn.Dense(self.features, dtype=self.dtype)(x)


class JointDiscriminator(nn.Module):
    """D(x, z): what a trunk makes of x, and of z, side by side, through dense layers to a logit.

    Attributes:
        hidden: widths of the dense layers of both, as in `MlpDiscriminator`.
        latent_hidden: widths of dense layers that read z alone.
        width: of DCGAN's convolutions, which read x alone; 0 for none.
        norm: of all layers but the first: `batch` or `none`.
        pieces, dropout_rate: of `hidden`, as in `MlpDiscriminator`.
        input_dropout_rate: of x, in training.
        dtype: of the computation; params stay float32.

    Reference: Dumoulin et al., 2017, arXiv:1606.00704; Donahue, Kraehenbuehl and Darrell, 2017,
    arXiv:1605.09782.
    """

    hidden: Sequence[int]
    latent_hidden: Sequence[int] = ()
    width: int = 0
    norm: str = "none"
    pieces: int = 1
    input_dropout_rate: float = 0.0
    dropout_rate: float = 0.0
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, z: jax.Array, *, train: bool) -> dict[str, jax.Array]:
        """x [B, ...], z [B, D]; `logit` [B] and `features` [B, F]."""
        x = nn.Dropout(self.input_dropout_rate, deterministic=not train)(x)
        if self.width:
            x = dcgan_trunk(x, self.width, train=train, norm=self.norm, dtype=self.dtype)
        for width in self.latent_hidden:
            z = nn.leaky_relu(nn.Dense(width, dtype=self.dtype)(z), 0.2)
        both = jnp.concatenate([x.reshape(len(x), -1), z], axis=1)
        judge = MlpDiscriminator(
            self.hidden,
            pieces=self.pieces,
            dropout_rate=self.dropout_rate,
            dtype=self.dtype,
            batch_norm=self.norm == "batch",
        )
        return judge(both, train=train)
