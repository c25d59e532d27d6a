"""Layers whose kernel is divided by its largest singular value, found by power iteration.

u, the vector of the iteration, is a variable in the collection `spectral`: every pass takes its steps
from it, and a training pass (where the collection is mutable) keeps where they led.
"""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.convolution import conv
from genjax.nets.resampling import resampled_conv

Initializer = Callable[..., jax.Array]


def largest_singular_value(
    matrix: jax.Array, u: jax.Array, num_iterations: int = 1, epsilon: float = 1e-12
) -> tuple[jax.Array, jax.Array]:
    """(sigma, u): sigma = v^T W u after steps of v = W u / |W u|, u = W^T v / |W^T v|.

    sigma is at most the largest singular value of W and rises to it. Its gradient is v u^T: u and v
    are constants.

    Args:
        matrix: W [I, O].
        u: [O], where to start.
        num_iterations: at least 1.
        epsilon: the least length that is divided by.

    Raises:
        ValueError: for no iteration, or a u of another length.

    Reference: Miyato et al., 2018, arXiv:1802.05957, Algorithm 1 (whose W is [O, I]).
    """
    if num_iterations < 1 or u.shape != matrix.shape[1:]:
        raise ValueError(
            f"power iteration takes at least 1 step from u [{matrix.shape[-1]}], got {num_iterations} "
            f"from {u.shape}"
        )
    unit = lambda x: x / jnp.maximum(jnp.linalg.norm(x), epsilon)
    constant = jax.lax.stop_gradient(matrix)
    u = jax.lax.stop_gradient(u)
    for _ in range(num_iterations):
        v = unit(constant @ u)
        u = unit(constant.T @ v)
    return v @ matrix @ u, u


def spectrally_normalized(
    module: nn.Module, kernel: jax.Array, num_iterations: int, train: bool, epsilon: float = 1e-12
) -> jax.Array:
    """kernel / sigma, of the kernel as a matrix [-1, O]; called inside a compact module.

    The bound is on that matrix: a 3x3 convolution by it can be somewhat longer than 1.
    """
    matrix = kernel.reshape(-1, kernel.shape[-1])
    start = lambda: jax.random.normal(module.make_rng("params"), matrix.shape[1:])
    u = module.variable("spectral", "u", start)
    sigma, moved = largest_singular_value(matrix, u.value, num_iterations, epsilon)
    if train and not module.is_initializing():
        u.value = moved
    return kernel / jnp.maximum(sigma, epsilon)


class _Layer(nn.Module):
    """What the three have in common.

    Attributes:
        features: O.
        num_iterations: power iterations a pass; 0 for an ordinary layer.
        use_bias: whether to add one.
        epsilon: the least length and value that are divided by.
        kernel_init: of the kernel.
        dtype: of the computation; None for that of the input. Params stay float32, as does sigma.
    """

    features: int
    num_iterations: int = 1
    use_bias: bool = True
    epsilon: float = 1e-12
    kernel_init: Initializer = nn.initializers.lecun_normal()
    dtype: Any = None

    def _kernel(self, shape, train, name="kernel"):
        kernel = self.param(name, self.kernel_init, shape)
        if not self.num_iterations:
            return kernel
        return spectrally_normalized(self, kernel, self.num_iterations, train, self.epsilon)

    def _cast(self, x, kernel):
        bias = (
            self.param("bias", nn.initializers.zeros, (self.features,)) if self.use_bias else None
        )
        return nn.dtypes.promote_dtype(x, kernel, bias, dtype=self.dtype)


class SpectralDense(_Layer):
    """[..., I] -> [..., features]."""

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """x [..., I]."""
        kernel = self._kernel((x.shape[-1], self.features), train)
        x, kernel, bias = self._cast(x, kernel)
        y = x @ kernel
        return y if bias is None else y + bias.reshape((1,) * (y.ndim - 1) + (-1,))


class SpectralConv(_Layer):
    """[B, H, W, I] -> [B, H, W, features], padded with zeros; twice or half as high and wide if asked.

    Attributes:
        size: of the square window.
        resampling: `up`, `down` or None, as in `resampled_conv`: windows of 1 and 3 only.
    """

    size: int = 3
    resampling: str | None = None

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """x [B, H, W, I]."""
        kernel = self._kernel((self.size, self.size, x.shape[-1], self.features), train)
        x, kernel, bias = self._cast(x, kernel)
        y = resampled_conv(x, kernel, self.resampling) if self.resampling else conv(x, kernel)
        return y if bias is None else y + bias[None, None, None]


class SpectralEmbed(_Layer):
    """int32 [...] -> [..., features].

    Attributes:
        num_embeddings: rows of the table.
    """

    num_embeddings: int = 0

    @nn.compact
    def __call__(self, index: jax.Array, *, train: bool) -> jax.Array:
        """index [...] in [0, num_embeddings)."""
        table = self._kernel((self.num_embeddings, self.features), train, name="embedding")
        return jnp.take(table.astype(self.dtype or table.dtype), index, axis=0)
