"""Normalisation layers that mean the same on one device and on many."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.core import data_axis


class BatchNorm(nn.Module):
    """Batch normalisation over the whole minibatch, however it is split.

    Under jit over a mesh the whole minibatch is in sight; under pmap its moments are averaged over
    the data axis, so that both train the same network. Statistics live in `batch_stats`; an
    objective hands their update on through `Aux.updates`.

    Attributes:
        momentum: weight of the old running statistics in [0, 1].
        epsilon: added to the variance.
        use_bias, use_scale: whether to learn a shift and a gain (gain 1 and shift 0 at the start).
        dtype: of the computation; None for that of the input.

    Reference: Ioffe and Szegedy, 2015, arXiv:1502.03167, Algorithm 1.
    """

    momentum: float = 0.9
    epsilon: float = 1e-5
    use_bias: bool = True
    use_scale: bool = True
    dtype: jnp.dtype | None = None

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """[B, ..., C] to the same shape; batch moments where `train`, running ones otherwise."""
        return nn.BatchNorm(
            use_running_average=not train,
            momentum=self.momentum,
            epsilon=self.epsilon,
            use_bias=self.use_bias,
            use_scale=self.use_scale,
            dtype=self.dtype,
            axis_name=data_axis() if train else None,
        )(x)
