"""What an autoencoder says of an example as an energy, and the balance of a game with such energies."""

import jax
import jax.numpy as jnp

from genjax.core import check_at_least


def reconstruction_energy(
    x: jax.Array, reconstruction: jax.Array, *, exponent: float = 1.0
) -> jax.Array:
    """L(x) = mean over elements of |x - D(x)|^exponent.

    Args:
        x: [B, ...].
        reconstruction: D(x), [B, ...].
        exponent: eta, 1 or 2 in the paper.

    Returns:
        [B], at least 0.

    Raises:
        ValueError: if the shapes differ, or the exponent is below 1.

    Reference: Berthelot, Schumm and Metz, 2017, arXiv:1703.10717, section 3.1.
    """
    if x.shape != reconstruction.shape:
        raise ValueError(
            f"an example and its reconstruction need one shape, got {x.shape}, {reconstruction.shape}"
        )
    check_at_least(1, exponent=exponent)
    error = jnp.abs(x - reconstruction)
    error = error if exponent == 1 else error**exponent
    return error.reshape(len(x), -1).mean(1)


def next_fake_weight(
    weight: jax.Array, real: jax.Array, fake: jax.Array, *, ratio: float = 0.5, rate: float = 1e-3
) -> jax.Array:
    """k + rate (ratio L(x) - L(x~)), kept in [0, 1]: BEGAN's controller; no gradient passes.

    Fakes of too little energy, which fool the autoencoder, lower k; so that L(x~) = ratio L(x) where
    it rests.

    Args:
        weight: k, a scalar.
        real, fake: mean energies of a minibatch, scalars.
        ratio: gamma, the diversity ratio.
        rate: lambda_k.

    Reference: Berthelot, Schumm and Metz, 2017, arXiv:1703.10717, section 3.3.
    """
    moved = weight + rate * (ratio * real - fake)
    return jax.lax.stop_gradient(jnp.clip(moved, 0.0, 1.0))


def convergence_measure(real: jax.Array, fake: jax.Array, *, ratio: float = 0.5) -> jax.Array:
    """M = L(x) + |ratio L(x) - L(x~)|, which falls as a game of energies goes well.

    Args:
        real, fake: mean energies, scalars or alike.
        ratio: gamma.

    Reference: Berthelot, Schumm and Metz, 2017, arXiv:1703.10717, section 3.4.
    """
    return real + jnp.abs(ratio * real - fake)
