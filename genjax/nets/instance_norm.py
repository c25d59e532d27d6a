"""Norms without memory: by an image's own moments, or by those of the minibatch at hand."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.core import check_name, data_axis
from genjax.nets.normalization import BatchNorm

IMAGE_NORMS = ("minibatch", "batch", "instance", "none")


class InstanceNorm(nn.Module):
    """y = (x - mean) / sqrt(variance + epsilon), of each channel of each example over its places.

    Attributes:
        epsilon: added to the variance.
        affine: whether to learn a gain and a shift of each channel (1 and 0 at the start).
        dtype: of the result; None for that of the input. Moments are float32.

    Reference: Ulyanov, Vedaldi and Lempitsky, 2016, arXiv:1607.08022, equation 6.
    """

    epsilon: float = 1e-5
    affine: bool = False
    dtype: jnp.dtype | None = None

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[B, *places, C] to the same shape."""
        y = x.astype(jnp.float32)
        places = tuple(range(1, x.ndim - 1))
        y = y - y.mean(places, keepdims=True)
        y = y * jax.lax.rsqrt(jnp.square(y).mean(places, keepdims=True) + self.epsilon)
        if self.affine:
            y = _gain_and_shift(self, y)
        return y.astype(self.dtype or x.dtype)


class MinibatchNorm(nn.Module):
    """Batch normalisation that keeps no running statistics: the minibatch's own, after training too.

    So an output depends on the minibatch that it is in; of a minibatch of one it is instance norm.
    Under pmap each device's share is taken together with the others', in training alone.

    Attributes:
        epsilon: added to the variance.
        dtype: of the result; None for that of the input. Moments are float32.

    Reference: Isola et al., 2017, arXiv:1611.07004, section 3.4 and appendix 6.1.
    """

    epsilon: float = 1e-5
    dtype: jnp.dtype | None = None

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """[B, ..., C] to the same shape."""
        y = x.astype(jnp.float32)
        all_but_last = tuple(range(x.ndim - 1))
        axis = data_axis() if train else None

        def mean(values):
            values = values.mean(all_but_last, keepdims=True)
            return values if axis is None else jax.lax.pmean(values, axis)

        y = y - mean(y)
        y = y * jax.lax.rsqrt(mean(jnp.square(y)) + self.epsilon)
        return _gain_and_shift(self, y, 0.02).astype(self.dtype or x.dtype)


def image_norm(name: str, x: jax.Array, *, train: bool, dtype: jnp.dtype) -> jax.Array:
    """A norm by name, called inside a compact module: one of `IMAGE_NORMS`.

    Raises:
        ValueError: for another name.
    """
    check_name("norm", name, IMAGE_NORMS)
    if name == "minibatch":
        return MinibatchNorm(dtype=dtype)(x, train=train)
    if name == "batch":
        return BatchNorm(dtype=dtype)(x, train=train)
    return InstanceNorm(dtype=dtype)(x) if name == "instance" else x


def _gain_and_shift(module, y, std=0.0):
    """Gains start at N(1, std^2), shifts at 0."""
    start = lambda key, shape: 1 + std * jax.random.normal(key, shape)
    shape = y.shape[-1:]
    gain = module.param("scale", start if std else nn.initializers.ones, shape)
    shift = module.param("bias", nn.initializers.zeros, shape)
    ones = (1,) * (y.ndim - 1)
    return y * gain.reshape(*ones, -1) + shift.reshape(*ones, -1)
