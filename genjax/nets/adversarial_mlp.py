"""Fully connected generator and discriminator, for vectors and small images."""

import math
from collections.abc import Mapping, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.conditioning import beside
from genjax.nets.normalization import BatchNorm


class MlpGenerator(nn.Module):
    """Dense layers with ReLU, then a linear or tanh one: z [B, D] -> [B, *shape].

    Attributes:
        shape: of an example.
        hidden: widths of the hidden layers.
        bounded: whether outputs are in [-1, 1], by tanh.
        num_classes: of the label that is read, one-hot beside z; 0 for none.
        noise_std: of noise added after each hidden layer, in sampling too.
        dropout_rate: of the hidden layers, in sampling too.
        dtype: of the computation; params stay float32.
        batch_norm: whether the hidden layers have it.
    """

    shape: Sequence[int]
    hidden: Sequence[int]
    bounded: bool = True
    num_classes: int = 0
    noise_std: float = 0.0
    dropout_rate: float = 0.0
    dtype: jnp.dtype = jnp.float32
    batch_norm: bool = False

    @nn.compact
    def __call__(
        self, z: jax.Array, label: jax.Array | None = None, *, train: bool = True
    ) -> jax.Array:
        """z [B, D], label [B] int32 or None."""
        # Noise and dropout, where asked for, belong to the generator itself, in training or not.
        x = beside(z, label, self.num_classes)
        for width in self.hidden:
            x = nn.Dense(width, dtype=self.dtype)(x)
            if self.batch_norm:
                x = BatchNorm(dtype=self.dtype)(x, train=train)
            x = nn.relu(x)
            x = disturb(self, x, self.noise_std, self.dropout_rate)
        x = nn.Dense(math.prod(self.shape), dtype=self.dtype)(x)
        return (jnp.tanh(x) if self.bounded else x).reshape(len(x), *self.shape)


class MlpDiscriminator(nn.Module):
    """Dense layers with leaky ReLU or maxout, then linear heads: [B, ...] -> {name: ...}.

    Attributes:
        hidden: widths of the hidden layers.
        num_classes: of the label that is read, one-hot beside the example; 0 for none.
        heads: name -> width of further heads beside `logit`.
        pieces: linear pieces of each maxout unit (Goodfellow et al., 2013, arXiv:1302.4389); 1 for
            leaky ReLUs of slope 0.2.
        input_dropout_rate, dropout_rate: of the input and of the hidden layers, in training.
        dtype: of the computation; params stay float32.
        batch_norm: whether the hidden layers but the first have it.
        logit: whether there is a head of that name; not where it follows from the classes.
    """

    hidden: Sequence[int]
    num_classes: int = 0
    heads: Mapping[str, int] | None = None
    pieces: int = 1
    input_dropout_rate: float = 0.0
    dropout_rate: float = 0.0
    dtype: jnp.dtype = jnp.float32
    batch_norm: bool = False
    logit: bool = True

    @nn.compact
    def __call__(
        self, x: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> dict[str, jax.Array]:
        """x [B, ...], label [B] int32 or None; `logit` [B], `features` [B, F], heads [B, width]."""
        x = beside(x.reshape(len(x), -1), label, self.num_classes)
        x = nn.Dropout(self.input_dropout_rate, deterministic=not train)(x)
        for number, width in enumerate(self.hidden):
            x = nn.Dense(width * self.pieces, dtype=self.dtype)(x)
            if self.batch_norm and number > 0:
                x = BatchNorm(dtype=self.dtype)(x, train=train)
            if self.pieces > 1:
                x = x.reshape(len(x), width, self.pieces).max(-1)
            else:
                x = nn.leaky_relu(x, 0.2)
            x = nn.Dropout(self.dropout_rate, deterministic=not train)(x)
        return linear_heads(x, self.heads, self.dtype, logit=self.logit)


def disturb(module: nn.Module, x: jax.Array, noise_std: float, dropout_rate: float) -> jax.Array:
    """Noise and dropout of a generator's layer, alike in training and in sampling."""
    if noise_std:
        x = x + noise_std * jax.random.normal(module.make_rng("noise"), x.shape, x.dtype)
    if dropout_rate:
        x = nn.Dropout(dropout_rate, deterministic=False)(x)
    return x


def linear_heads(
    features: jax.Array,
    heads: Mapping[str, int] | None,
    dtype,
    *,
    logit: bool = True,
    **start,
) -> dict[str, jax.Array]:
    """A discriminator's outputs from its last features [B, F]: `features`, the heads and `logit`.

    Without a `logit` where that is asked for.

    Called inside a compact module, whose layers `Dense_logit` and so on become.
    """
    outputs = {
        name: nn.Dense(width, dtype=dtype, name=f"{name}_head", **start)(features)
        for name, width in (heads or {}).items()
    }
    if logit:
        outputs["logit"] = nn.Dense(1, dtype=dtype, name="logit_head", **start)(features)[:, 0]
    return {"features": features, **outputs}
