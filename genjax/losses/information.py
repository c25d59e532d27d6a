"""Lower bounds of the mutual information between codes c and what was made of them.

I(c; x) >= H(c) + E[log q(c | x)], with equality where q is the true posterior (Barber and Agakov, 2003;
Chen et al., 2016, arXiv:1606.03657, equation 4). Values are H(c) + log q(c | x), nats, [B].
"""

import math

import jax
import jax.numpy as jnp

from genjax.core import check_above

_UNIFORM_ENTROPY = math.log(2.0)  # of a number uniform in [-1, 1], nats


def categorical_information(logits: jax.Array, codes: jax.Array) -> jax.Array:
    """log K + sum_k c_k log softmax(logits)_k, of a category drawn uniformly: at most log K.

    Args:
        logits: of q, [B, K].
        codes: one-hot, [B, K].

    Returns:
        [B].

    Raises:
        ValueError: if the shapes differ, or have another rank.
    """
    _check(logits, codes)
    log_q = jax.nn.log_softmax(logits, axis=-1)
    return math.log(logits.shape[-1]) + (codes * log_q).sum(-1)


def gaussian_information(
    mean: jax.Array, codes: jax.Array, *, std: float = 1.0, entropy: float = _UNIFORM_ENTROPY
) -> jax.Array:
    """sum over codes of H(c) + log N(c; mean, std^2).

    At most H(c) - log(2 pi)/2 - log std for each code: -0.2258 of a code uniform in [-1, 1] at std 1.
    The deviation is fixed, for a generator that hides c exactly could otherwise raise it without end.

    Args:
        mean: of q, [B, D].
        codes: [B, D].
        std: of q.
        entropy: H of one code, nats; of the uniform distribution in [-1, 1] if not given.

    Returns:
        [B].

    Raises:
        ValueError: if the shapes differ, or have another rank, or std is not positive.
    """
    _check(mean, codes)
    check_above(0, std=std)
    log_q = -0.5 * jnp.square((codes - mean) / std) - 0.5 * math.log(2 * math.pi) - math.log(std)
    return (entropy + log_q).sum(-1)


def _check(guess, codes):
    if guess.shape != codes.shape or codes.ndim != 2:
        raise ValueError(
            f"codes and what is guessed of them need one shape [B, D], got {codes.shape} and "
            f"{guess.shape}"
        )
