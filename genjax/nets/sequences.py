"""Sequences drawn token by token: at random, greedily, or by beam search.

A `step` is a pure function `(carry, previous) -> (carry, logits)` of the tokens before, [B] int32, and
of a carry whose leaves are [B, ...]; logits are [B, V]. Token 0 ends a sequence, and zeros follow it.
The token before the first is V.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from genjax.core import check_at_least

Step = Callable[[Any, jax.Array], tuple[Any, jax.Array]]


def draw_sequence(
    key: jax.Array | None,
    step: Step,
    carry: Any,
    num: int,
    length: int,
    num_symbols: int,
    *,
    known: jax.Array | None = None,
    num_known: jax.Array | int = 0,
) -> jax.Array:
    """Tokens [num, length], each drawn given all before it, or the likeliest where there is no key.

    Args:
        key: typed key, or None.
        step, carry: see above.
        num: B.
        length: T.
        num_symbols: V.
        known: [num, length], of which the first `num_known` tokens are kept.
        num_known: may be traced.
    """
    keys = None if key is None else jax.random.split(key, length)

    def one(carry, inputs):
        (carry, previous, ended), (place, key) = carry, inputs
        carry, logits = step(carry, previous)
        token = logits.argmax(-1) if key is None else jax.random.categorical(key, logits)
        if known is not None:
            token = jnp.where(place < num_known, known[:, place], token)
        token = jnp.where(ended, 0, token).astype(jnp.int32)
        return (carry, token, ended | (token == 0)), token

    start = (carry, jnp.full(num, num_symbols, jnp.int32), jnp.zeros(num, bool))
    _, tokens = jax.lax.scan(one, start, (jnp.arange(length), keys))
    return tokens.T


def log_probs_of(step: Step, carry: Any, tokens: jax.Array, num_symbols: int) -> jax.Array:
    """log p(y_t | y_<t) of tokens [B, T] int32, nats: [B, T]; 0 after the end: nothing is drawn."""
    before = jnp.concatenate([jnp.full((len(tokens), 1), num_symbols), tokens[:, :-1]], axis=1)

    def one(carry, inputs):
        previous, token = inputs
        carry, logits = step(carry, previous)
        log_p = jax.nn.log_softmax(logits.astype(jnp.float32))
        return carry, jnp.take_along_axis(log_p, token[:, None], axis=1)[:, 0]

    _, found = jax.lax.scan(one, carry, (before.T, tokens.T))
    ended = jnp.cumsum(before == 0, axis=1) > 0
    return jnp.where(ended, 0.0, found.T)


def beam_search(
    step: Step, carry: Any, num: int, length: int, num_symbols: int, *, beam_size: int
) -> tuple[jax.Array, jax.Array]:
    """The likeliest sequences that a beam finds: tokens [num, length] and log p [num], nats.

    Of all continuations of the sequences kept, the `beam_size` likeliest are kept at each step; ended
    ones stay as they are. With as many beams as sequences it is exact; with one it is greedy.

    Args:
        step, carry: see above.
        num, length, num_symbols: as in `draw_sequence`.
        beam_size: at least 1.
    """
    check_at_least(1, beam_size=beam_size)
    beams = lambda x: x.reshape(num, beam_size, *x.shape[1:])
    flat = lambda x: x.reshape(num * beam_size, *x.shape[2:])
    rows = jnp.arange(num)[:, None]
    stay = jnp.full(num_symbols, -jnp.inf).at[0].set(0.0)  # what is ended goes on with zeros

    def one(state, place):
        carry, previous, scores, tokens = state
        carry, logits = step(carry, flat(previous))
        log_p = beams(jax.nn.log_softmax(logits.astype(jnp.float32)))
        log_p = jnp.where((previous == 0)[..., None], stay[None, None], log_p)
        each = (scores[..., None] + log_p).reshape(num, -1)
        scores, best = jax.lax.top_k(each, beam_size)
        parent, token = best // num_symbols, (best % num_symbols).astype(jnp.int32)
        carry = jax.tree.map(lambda x: flat(beams(x)[rows, parent]), carry)
        tokens = tokens[rows, parent].at[:, :, place].set(token)
        return (carry, token, scores, tokens), None

    carry = jax.tree.map(lambda x: jnp.repeat(x, beam_size, axis=0), carry)
    scores = jnp.full((num, beam_size), -jnp.inf).at[:, 0].set(0.0)  # one start, not so many
    previous = jnp.full((num, beam_size), num_symbols, jnp.int32)
    tokens = jnp.zeros((num, beam_size, length), jnp.int32)
    state, _ = jax.lax.scan(one, (carry, previous, scores, tokens), jnp.arange(length))
    return state[3][:, 0], state[2][:, 0]
