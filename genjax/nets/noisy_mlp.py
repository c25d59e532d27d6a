"""Fully connected networks of Salimans et al., 2016: noise in every layer, normalised weights."""

import math
from collections.abc import Callable, Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.minibatch import MinibatchDiscrimination
from genjax.nets.normalization import BatchNorm
from genjax.nets.virtual_batch_norm import VirtualBatchNorm, reference_batch

_LEAST_STD = 1e-6


class WeightNormDense(nn.Module):
    """y = g (v x / |v|) + b, a length |v| and a direction for each unit, started from data.

    The batch that the layer is initialised with sets g = 1 / std and b = -mean / std of v x / |v|, so
    that its outputs there have mean 0 and deviation 1; a unit that does not vary there has g = 1.

    Attributes:
        features: units.
        dtype: of the computation; params stay float32.

    Reference: Salimans and Kingma, 2016, arXiv:1602.07868, equations 2 and 5 to 6.
    """

    features: int
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[B, D] to [B, features]."""
        shape = (x.shape[-1], self.features)
        direction = self.param("direction", nn.initializers.normal(0.05), shape)
        unit = direction / jnp.linalg.norm(direction, axis=0, keepdims=True)
        y = x.astype(self.dtype) @ unit.astype(self.dtype)
        seen = y.astype(jnp.float32)
        std = seen.std(0)
        gain = jnp.where(std > _LEAST_STD, 1 / jnp.maximum(std, _LEAST_STD), 1.0)
        scale = self.param("scale", lambda key: gain)
        bias = self.param("bias", lambda key: -seen.mean(0) * gain)
        return y * scale[None].astype(self.dtype) + bias[None].astype(self.dtype)


class NoisyClassifier(nn.Module):
    """Dense layers with Gaussian noise before each: a classifier, whose features can be matched.

    Attributes:
        hidden: widths; the authors' for MNIST are 1000, 500, 250, 250, 250.
        num_classes: K.
        input_noise, hidden_noise: standard deviations, in training; of the input, and of each hidden
            layer's outputs.
        minibatch_kernels: of a `MinibatchDiscrimination` before the last layer; 0 for none.
        weight_norm: whether layers are `WeightNormDense`, and start from the data.
        dtype: of the computation; params stay float32.

    Reference: Salimans et al., 2016, arXiv:1606.03498, section 6.1, and the authors' code.
    """

    hidden: Sequence[int]
    num_classes: int
    input_noise: float = 0.3
    hidden_noise: float = 0.5
    minibatch_kernels: int = 0
    weight_norm: bool = True
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> dict[str, jax.Array]:
        """x [B, ...]; `class` [B, K], the logits, and `features` [B, F] of the last hidden layer."""
        layer = WeightNormDense if self.weight_norm else nn.Dense
        x = self._noisy(x.reshape(len(x), -1), self.input_noise, train)
        features = x
        for width in self.hidden:
            features = nn.relu(layer(width, dtype=self.dtype)(x))
            x = self._noisy(features, self.hidden_noise, train)
        if self.minibatch_kernels:
            x = MinibatchDiscrimination(self.minibatch_kernels, dtype=self.dtype)(x)
        logits = layer(self.num_classes, dtype=self.dtype)(x).astype(jnp.float32)
        return {"class": logits, "features": features}

    def _noisy(self, x, std, train):
        if not train or std == 0:
            return x
        return x + std * jax.random.normal(self.make_rng("noise"), x.shape, x.dtype)


class SoftplusGenerator(nn.Module):
    """Dense layers with softplus, each normalised over examples: z [B, D] -> [B, *shape].

    Attributes:
        shape: of an example.
        hidden: widths; the authors' for MNIST are 500, 500.
        bounded: whether outputs are in [-1, 1], by tanh.
        reference: `key -> z [n, D]`, the batch of virtual batch normalisation; None for that of each
            minibatch. Either is without a gain.
        dtype: of the computation; params stay float32.

    Reference: as of `NoisyClassifier`.
    """

    shape: Sequence[int]
    hidden: Sequence[int]
    bounded: bool = True
    reference: Callable[[jax.Array], jax.Array] | None = None
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, z: jax.Array, *, train: bool) -> jax.Array:
        """z [B, D]."""
        x, start = z, nn.initializers.normal(0.05)
        if self.reference is not None:
            reference = reference_batch(self, "latents", self.reference)
        for width in self.hidden:
            layer = nn.Dense(width, use_bias=False, dtype=self.dtype, kernel_init=start)
            if self.reference is None:
                x = nn.softplus(BatchNorm(use_scale=False, dtype=self.dtype)(layer(x), train=train))
            else:
                norm = VirtualBatchNorm(use_scale=False)
                x, reference = norm(layer(x), layer(reference))
                x, reference = nn.softplus(x), nn.softplus(reference)
        x = nn.Dense(math.prod(self.shape), dtype=self.dtype, kernel_init=start)(x)
        return (jnp.tanh(x) if self.bounded else x).reshape(len(x), *self.shape)
