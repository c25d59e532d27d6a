"""The squared Frobenius norm of a code's Jacobian, |dz/dx|^2: how much a code moves with its input."""

from collections.abc import Callable

import jax
import jax.numpy as jnp


def sigmoid_layer_jacobian(z: jax.Array, kernel: jax.Array) -> jax.Array:
    """|dz/dx|_F^2 of z = sigmoid(x W + b): sum_j (z_j (1 - z_j))^2 sum_i W_ij^2.

    Args:
        z: [B, D], the codes.
        kernel: W [N, D].

    Returns:
        [B].

    Raises:
        ValueError: if the shapes do not fit.

    Reference: Rifai et al., 2011, "Contractive Auto-Encoders", ICML, equation 4.
    """
    if z.ndim != 2 or kernel.ndim != 2 or z.shape[1] != kernel.shape[1]:
        raise ValueError(f"needs z [B, D] and kernel [N, D], got {z.shape} and {kernel.shape}")
    return (z * (1 - z)) ** 2 @ (kernel**2).sum(axis=0)


def jacobian_norm(encode: Callable[[jax.Array], jax.Array], x: jax.Array) -> jax.Array:
    """|d encode(x) / dx|_F^2 of any differentiable code, exactly: a product backwards for each number.

    Backwards, for a code is mostly shorter than its input, and the convolutions of `genjax.nets` have
    no forward mode.

    Args:
        encode: [B, ...] -> [B, D], each code of its own example alone.
        x: [B, ...].

    Returns:
        [B].

    Raises:
        ValueError: if the code is not [B, D].
    """
    z, backwards = jax.vjp(encode, x)
    if z.ndim != 2:
        raise ValueError(f"a code is [B, D], got shape {z.shape}")
    rows = jnp.broadcast_to(jnp.eye(z.shape[1], dtype=z.dtype)[:, None], (z.shape[1], *z.shape))
    (of_each,) = jax.vmap(backwards)(rows)  # [D, B, ...]
    return (of_each**2).reshape(*of_each.shape[:2], -1).sum(axis=(0, 2))
