"""Policy gradients of sequences against sums over all sequences; roll-outs against exact means."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.losses import action_values, policy_gradient, until_end

KEY = jax.random.key(0)
ALL = jnp.asarray(list(itertools.product(range(3), repeat=3)), jnp.int32)  # 27 sequences
TABLE = jax.random.normal(KEY, (3, 16, 3))  # logits by place and by what was before, in base 4
REWARDS = jax.random.uniform(jax.random.key(1), (27,))


def contexts(tokens):
    """Numbers of the prefixes before each token, [B, T]."""
    zero = jnp.zeros_like(tokens[:, 0])
    first = tokens[:, 0] + 1
    return jnp.stack([zero, first, 4 * first + tokens[:, 1]], axis=1) % 16


def log_probs(table, tokens):
    log_p = jax.nn.log_softmax(table[jnp.arange(3), contexts(tokens)])
    return jnp.take_along_axis(log_p, tokens[..., None], axis=-1)[..., 0]


def exact_values(table):
    """E[R | y_<=t] of all sequences, [27, 3]."""
    p = np.exp(np.asarray(log_probs(table, ALL), np.float64).sum(1)).reshape(3, 3, 3)
    r = np.asarray(REWARDS, np.float64).reshape(3, 3, 3)
    second = np.broadcast_to(((p * r).sum(2) / p.sum(2))[:, :, None], r.shape)
    first = np.broadcast_to(((p * r).sum((1, 2)) / p.sum((1, 2)))[:, None, None], r.shape)
    return jnp.asarray(np.stack([first, second, r], axis=-1).reshape(27, 3), jnp.float32)


@pytest.mark.parametrize("values", ["returns of prefixes", "rewards", "less a baseline"])
def test_the_expected_gradient_is_that_of_the_expected_reward(values):
    q = exact_values(TABLE) if values != "rewards" else jnp.repeat(REWARDS[:, None], 3, 1)
    q = q - 0.4 if values == "less a baseline" else q
    p = jax.lax.stop_gradient(jnp.exp(log_probs(TABLE, ALL).sum(1)))
    surrogate = lambda table: (p * policy_gradient(log_probs(table, ALL), q)).sum()
    exact = lambda table: -(jnp.exp(log_probs(table, ALL).sum(1)) * REWARDS).sum()
    want = jax.grad(exact)(TABLE)
    np.testing.assert_allclose(jax.grad(surrogate)(TABLE), want, atol=1e-6)
    assert np.abs(want).max() > 0.01


def test_values_have_no_gradient_and_masked_tokens_none_either():
    log_p, q, mask = -jnp.ones((1, 3)), jnp.asarray([[1.0, 2.0, 3.0]]), jnp.asarray([[1.0, 1, 0]])
    np.testing.assert_allclose(policy_gradient(log_p, q, mask), [3.0])
    of_p, of_q = jax.grad(lambda *a: policy_gradient(*a, mask).sum(), (0, 1))(log_p, q)
    np.testing.assert_array_equal(of_p, [[-1.0, -2.0, 0.0]])
    np.testing.assert_array_equal(of_q, np.zeros((1, 3)))
    with pytest.raises(ValueError, match=r"got shapes \(1, 3\), \(1,\)"):
        policy_gradient(log_p, jnp.ones(1))


def test_rollouts_estimate_the_return_of_each_prefix():
    def complete(key, tokens, num_known):
        for place, key_place in enumerate(jax.random.split(key, 3)):
            logits = TABLE[place, contexts(tokens)[:, place]]
            drawn = jax.random.categorical(key_place, logits)
            tokens = tokens.at[:, place].set(jnp.where(place < num_known, tokens[:, place], drawn))
        return tokens

    reward = lambda tokens: REWARDS[tokens @ jnp.asarray([9, 3, 1])]
    estimate = jax.jit(lambda key: action_values(key, complete, reward, ALL, num_rollouts=4000))
    found, want = estimate(KEY), exact_values(TABLE)
    np.testing.assert_allclose(found, want, atol=0.03)  # 6 standard errors
    np.testing.assert_array_equal(found[:, -1], REWARDS)
    with pytest.raises(ValueError, match="num_rollouts must be at least 1, got 0"):
        action_values(KEY, complete, reward, ALL, num_rollouts=0)


def test_the_end_counts_and_nothing_after_it():
    tokens = jnp.asarray([[2, 0, 0, 0], [1, 2, 3, 4], [0, 5, 0, 1]])
    np.testing.assert_array_equal(until_end(tokens), [[1, 1, 0, 0], [1, 1, 1, 1], [1, 0, 0, 0]])
    np.testing.assert_array_equal(until_end(tokens, end=3)[1], [1, 1, 1, 0])
