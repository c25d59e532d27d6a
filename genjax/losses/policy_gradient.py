"""Policy gradients of sequences of tokens: returns of prefixes by roll-outs, and their loss.

A policy p(y_t | y_<t) draws tokens one by one, and only whole sequences have a reward R(y). Then

    grad E[R] = E[sum_t Q_t grad log p(y_t | y_<t)],   Q_t = E[R | y_1, ..., y_t]

(Sutton et al., 2000; for sequences Yu et al., 2017, arXiv:1609.05473, equations 2, 4 and 6).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from genjax.core import check_at_least


def policy_gradient(
    log_probs: jax.Array, values: jax.Array, mask: jax.Array | None = None
) -> jax.Array:
    """-sum_t m_t Q_t log p(y_t | y_<t) of sequences that the policy drew; Q has no gradient.

    Its expected gradient is that of -E[R] for Q_t = E[R | y_<=t], or R itself, and either less a
    baseline that does not depend on y_t. Sequences are not to be weighted by p again.

    Args:
        log_probs: [B, T], nats, of the tokens drawn.
        values: Q, [B, T].
        mask: m, [B, T]; ones if not given.

    Returns:
        [B].

    Raises:
        ValueError: if the shapes differ, which would broadcast.
    """
    mask = jnp.ones_like(log_probs) if mask is None else mask
    if not log_probs.shape == values.shape == mask.shape or log_probs.ndim != 2:
        raise ValueError(
            "log-probabilities, values and mask are of tokens, [B, T] each, got shapes "
            f"{log_probs.shape}, {values.shape} and {mask.shape}"
        )
    return -(mask * jax.lax.stop_gradient(values) * log_probs).sum(1)


def action_values(
    key: jax.Array,
    complete: Callable[[jax.Array, jax.Array, jax.Array], jax.Array],
    reward: Callable[[jax.Array], jax.Array],
    tokens: jax.Array,
    *,
    num_rollouts: int,
) -> jax.Array:
    """Q_t of each prefix: the mean reward of `num_rollouts` completions, and at the end R(y) itself.

    One scan over the prefixes, whose roll-outs are side by side.

    Args:
        key: typed key.
        complete: `(key, tokens, num_known) -> tokens`, that keeps the first `num_known` tokens of each
            sequence [B, T] and draws the others from the policy, each given all before it.
        reward: tokens [B, T] -> R [B].
        tokens: [B, T] int32, drawn from the policy.
        num_rollouts: N, at least 1.

    Returns:
        [B, T] float32, without gradient.

    Raises:
        ValueError: for no roll-outs.

    Reference: Yu, Zhang, Wang and Yu, 2017, arXiv:1609.05473, equation 4.
    """
    check_at_least(1, num_rollouts=num_rollouts)

    def of_prefix(_, key_and_length):
        key, length = key_and_length
        one = lambda key: reward(complete(key, tokens, length))
        return None, jax.vmap(one)(jax.random.split(key, num_rollouts)).mean(0)

    lengths = jnp.arange(1, tokens.shape[1])
    keys = jax.random.split(key, len(lengths))
    _, values = jax.lax.scan(of_prefix, None, (keys, lengths))
    values = jnp.concatenate([values, reward(tokens)[None]]).T
    return jax.lax.stop_gradient(values.astype(jnp.float32))


def until_end(tokens: jax.Array, end: int = 0) -> jax.Array:
    """1 up to the first token `end`, which counts as well, and 0 after it: [B, T] -> float32 [B, T]."""
    ended = jnp.cumsum(tokens == end, axis=1)
    return (ended - (tokens == end) == 0).astype(jnp.float32)
