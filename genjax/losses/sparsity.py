"""Penalties that keep a code sparse, and the code of which k numbers are kept."""

import jax
import jax.numpy as jnp


def sparsity_kl(activations: jax.Array, rate: float) -> jax.Array:
    """sum_j KL(rho || rho_j) of coins, rho_j the mean activation of unit j over the batch.

    Args:
        activations: [B, D], in [0, 1], such as a sigmoid's.
        rate: rho, the activation that is wanted, above 0 and below 1.

    Returns:
        A scalar, nats; large and finite where a unit is always off or always on.

    Raises:
        ValueError: if the activations are not [B, D] or the rate is no such.

    Reference: A. Ng, "Sparse autoencoder", CS294A lecture notes, Stanford, 2011.
    """
    if activations.ndim != 2:
        raise ValueError(f"activations are [B, D], got shape {activations.shape}")
    if not 0.0 < rate < 1.0:
        raise ValueError(f"rate must be above 0 and below 1, got {rate}")
    mean = jnp.clip(activations.mean(axis=0), 1e-6, 1.0 - 1e-6)
    on, off = rate * jnp.log(rate / mean), (1 - rate) * jnp.log((1 - rate) / (1 - mean))
    return (on + off).sum()


def top_k(activations: jax.Array, k: int) -> jax.Array:
    """The k largest numbers of each code, the others 0; a gradient goes through those that are kept.

    Args:
        activations: [B, D].
        k: how many are kept, 1 to D; of equal numbers the first are.

    Raises:
        ValueError: if the activations are not [B, D] or there are not so many.

    Reference: Makhzani and Frey, 2013, "k-Sparse Autoencoders", arXiv:1312.5663, section 2.1.
    """
    if activations.ndim != 2 or not 1 <= k <= activations.shape[1]:
        raise ValueError(
            f"needs activations [B, D] and k from 1 to D, got shape {activations.shape} and k {k}"
        )
    _, kept = jax.lax.top_k(activations, k)
    mask = jax.nn.one_hot(kept, activations.shape[1], dtype=activations.dtype).sum(axis=1)
    return activations * mask
