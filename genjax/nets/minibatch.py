"""Minibatch discrimination: a discriminator that sees how close an example is to the others."""

import flax.linen as nn
import jax
import jax.numpy as jnp


def minibatch_similarity(m: jax.Array) -> jax.Array:
    """o_b(x_i) = sum over j other than i of exp(-|M_ib - M_jb|_1).

    Args:
        m: M, [N, B, C]: B rows of C numbers for each of N examples.

    Returns:
        [N, B], between 0 (nobody near) and N - 1 (all alike).

    Raises:
        ValueError: for another rank.

    Reference: Salimans et al., 2016, arXiv:1606.03498, section 3.2.
    """
    if m.ndim != 3:
        raise ValueError(f"rows of examples are [N, B, C], got shape {m.shape}: reshape them")
    distance = jnp.abs(m[:, None] - m[None]).sum(-1)
    return jnp.exp(-distance).sum(1) - 1.0  # an example's distance to itself is 0, exactly


class MinibatchDiscrimination(nn.Module):
    """Features f [N, A] with o(f T) + b beside them: [N, A + num_kernels].

    The others are those of the batch that is given: of a device's own share, where devices see shares.

    Attributes:
        num_kernels: B; the authors' code has 100 (and 50 for MNIST).
        kernel_dim: C, 5 there.
        dtype: of the product with T; distances are in float32.

    Reference: Salimans et al., 2016, arXiv:1606.03498, section 3.2; b, at the start -1, is of the
    authors' code.
    """

    num_kernels: int = 100
    kernel_dim: int = 5
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, features: jax.Array) -> jax.Array:
        """[N, A] to [N, A + num_kernels]."""
        width = self.num_kernels * self.kernel_dim
        start = nn.initializers.normal(0.05)
        rows = nn.Dense(width, use_bias=False, dtype=self.dtype, kernel_init=start)(features)
        rows = rows.reshape(len(rows), self.num_kernels, self.kernel_dim).astype(jnp.float32)
        shift = self.param("bias", nn.initializers.constant(-1.0), (self.num_kernels,))
        near = minibatch_similarity(rows) + shift[None]
        return jnp.concatenate([features, near.astype(features.dtype)], axis=-1)
