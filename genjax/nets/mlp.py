"""Fully connected networks."""

from collections.abc import Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.initialization import normal_or_default


class Mlp(nn.Module):
    """Hidden layers with one activation, then a linear layer: [B, ...] -> [B, features].

    Attributes:
        hidden: widths of the hidden layers; none makes it a linear map.
        features: outputs.
        activation: of the hidden layers.
        dtype: of the computation; params stay float32.
        initial_std: standard deviation of all weights and biases at the start; None for linen's
            defaults (LeCun normal, zero biases).
    """

    hidden: Sequence[int]
    features: int
    activation: Callable[[jax.Array], jax.Array] = nn.tanh
    dtype: jnp.dtype = jnp.float32
    initial_std: float | None = None

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """x [B, ...], flattened."""
        start = normal_or_default(self.initial_std)
        x = x.reshape(len(x), -1)
        for width in self.hidden:
            x = self.activation(nn.Dense(width, dtype=self.dtype, **start)(x))
        return nn.Dense(self.features, dtype=self.dtype, **start)(x)


class GatedMlp(nn.Module):
    """Hidden layers (A x + b) sigmoid(C x + d), then a linear layer: [B, ...] -> [B, features].

    Dauphin et al., 2016, arXiv:1612.08083, equation 1; He's initialisation, as Tomczak and Welling
    (2017, arXiv:1705.07120) have it.

    Attributes:
        hidden: widths of the hidden layers.
        features: outputs.
        dtype: of the computation; params stay float32.
    """

    hidden: Sequence[int]
    features: int
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """x [B, ...], flattened."""
        x = x.reshape(len(x), -1)
        for width in self.hidden:
            outputs = nn.Dense(2 * width, dtype=self.dtype, kernel_init=nn.initializers.he_normal())
            value, gate = jnp.split(outputs(x), 2, axis=-1)
            x = value * nn.sigmoid(gate)
        return nn.Dense(self.features, dtype=self.dtype)(x)
