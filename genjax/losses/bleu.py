"""BLEU of single sentences: how many of its n-grams a reference has too."""

import jax
import jax.numpy as jnp

from genjax.core import check_at_least


def sentence_bleu(
    candidate: jax.Array,
    reference: jax.Array,
    *,
    max_order: int = 4,
    smoothing: float = 1.0,
    end: int = 0,
) -> jax.Array:
    """min(1, exp(1 - r / c)) (p_1 ... p_N)^(1/N), of lengths c and r before the first `end`.

    p_n is the share of the candidate's n-grams that the reference has, each at most as often as there
    (Papineni, Roukos, Ward and Zhu, 2002, sections 2.1 to 2.3). Of one sentence most p_n are 0, and so
    for n > 1 both sides of the share grow by `smoothing` (Lin and Och, 2004, with 1); an empty
    candidate has 0. There is no gradient.

    Args:
        candidate, reference: int [B, T] and [B, S].
        max_order: N.
        smoothing: see above; 0 for none.
        end: the token after a sentence; what follows it is not looked at.

    Returns:
        [B], in [0, 1].

    Raises:
        ValueError: for other ranks or numbers of sentences, or no order.
    """
    if candidate.ndim != 2 or reference.ndim != 2 or len(candidate) != len(reference):
        raise ValueError(
            "sentences are [B, T], as many candidates as references, got shapes "
            f"{candidate.shape} and {reference.shape}"
        )
    check_at_least(1, max_order=max_order)
    length, of_reference = _lengths(candidate, end), _lengths(reference, end)
    total = jnp.zeros(len(candidate))
    for order in range(1, max_order + 1):
        extra = smoothing if order > 1 else 0.0
        matches = _matches(candidate, reference, length, of_reference, order)
        possible = jnp.maximum(length - order + 1, 0) + extra
        share = (matches + extra) / jnp.where(possible > 0, possible, 1.0)
        total += jnp.where(share > 0, jnp.log(jnp.where(share > 0, share, 1.0)), -jnp.inf)
    brevity = jnp.minimum(0.0, 1 - of_reference / jnp.maximum(length, 1))
    return jnp.where(length > 0, jnp.exp(brevity + total / max_order), 0.0)


def _lengths(tokens, end):
    return jnp.cumprod(tokens != end, axis=1).sum(1)


def _matches(candidate, reference, length, of_reference, order):
    """Sum over different n-grams of the smaller of its two counts, [B]."""
    if min(candidate.shape[1], reference.shape[1]) < order:
        return jnp.zeros(len(candidate))
    grams = lambda x: jnp.stack(
        [x[:, n : x.shape[1] - order + 1 + n] for n in range(order)], axis=-1
    )
    own, other = grams(candidate), grams(reference)
    there = lambda x, length: jnp.arange(x.shape[1])[None] < (length - order + 1)[:, None]
    own_there, other_there = there(own, length), there(other, of_reference)
    same = lambda x: (own[:, :, None] == x[:, None]).all(-1)
    count = (same(own) & own_there[:, None]).sum(2)
    in_reference = (same(other) & other_there[:, None]).sum(2)
    # Each of `count` equal n-grams adds its part, so that together they add the smaller count.
    return (own_there * jnp.minimum(count, in_reference) / jnp.maximum(count, 1)).sum(1)
