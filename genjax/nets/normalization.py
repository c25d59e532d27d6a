"""Normalisation layers that mean the same on one device and on many."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.core import data_axis
from genjax.nets.spectral import Initializer, SpectralDense


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


class ConditionalBatchNorm(nn.Module):
    """Batch normalisation whose gain and shift are functions of a condition; it starts without effect.

    Of a label they are rows of two tables, 1 and 0 at the start; of a vector they are 1 + A c and B c,
    of linear maps without bias.

    Attributes:
        num_classes: of the label; 0 where the condition is a vector.
        num_iterations: of spectral normalisation of A and B; 0 for none. Tables have none.
        kernel_init: of A and B.
        momentum, dtype: as in `BatchNorm`.

    Reference: Dumoulin, Shlens and Kudlur, 2017, arXiv:1610.07629, equation 5 (labels); Brock, Donahue
    and Simonyan, 2019, arXiv:1809.11096, appendix B (vectors).
    """

    num_classes: int = 0
    num_iterations: int = 0
    kernel_init: Initializer = nn.initializers.orthogonal()
    momentum: float = 0.9
    dtype: jnp.dtype | None = None

    @nn.compact
    def __call__(self, x: jax.Array, condition: jax.Array, *, train: bool) -> jax.Array:
        """x [B, ..., C], condition [B] int32 or [B, D], to the shape of x.

        Raises:
            ValueError: if the condition is not what `num_classes` says.
        """
        if condition.ndim != (1 if self.num_classes else 2) or len(condition) != len(x):
            raise ValueError(
                f"a condition is [B] labels of num_classes, or [B, D] where that is 0: got shape "
                f"{condition.shape} for {self.num_classes} classes"
            )
        features = x.shape[-1]
        norm = BatchNorm(self.momentum, use_bias=False, use_scale=False, dtype=self.dtype)
        if self.num_classes:
            shape = (self.num_classes, features)
            tables = (
                self.param("gain_embedding", nn.initializers.ones, shape),
                self.param("shift_embedding", nn.initializers.zeros, shape),
            )
            gain, shift = (jnp.take(table, condition, axis=0) for table in tables)
        else:
            linear = lambda name: SpectralDense(
                features,
                self.num_iterations,
                use_bias=False,
                kernel_init=self.kernel_init,
                dtype=self.dtype,
                name=name,
            )(condition, train=train)
            gain, shift = 1 + linear("gain"), linear("shift")
        everywhere = lambda c: c.reshape(len(x), *(1,) * (x.ndim - 2), features).astype(x.dtype)
        return norm(x, train=train) * everywhere(gain) + everywhere(shift)


def pixel_norm(x: jax.Array, epsilon: float = 1e-8) -> jax.Array:
    """x / sqrt(mean over the last axis of x^2 + epsilon): features of length sqrt(C) at every place.

    Reference: Karras et al., 2018, arXiv:1710.10196, section 4.2.
    """
    return x * jax.lax.rsqrt(jnp.square(x).mean(-1, keepdims=True) + epsilon)
