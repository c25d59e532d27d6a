"""Boundary-seeking losses: weights, what gradient passes, and the gradient they estimate."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.losses import (
    boundary_seeking,
    effective_sample_size,
    importance_weighted_log_prob,
    importance_weights,
)

LOGITS = jnp.asarray([[0.0, 1.0], [2.0, 1.0], [0.0, -80.0]])
LOG_PROBS = jnp.asarray([[-1.0, -2.0], [-3.0, -4.0], [-5.0, -6.0]])


def test_weights_and_the_loss_by_hand():
    weights = importance_weights(LOGITS)
    e = np.exp(2.0)
    np.testing.assert_allclose(weights[:, 0], np.array([1, e, 1]) / (2 + e), rtol=1e-6)
    np.testing.assert_allclose(weights[:, 1], [0.5, 0.5, 0.0], atol=1e-6)
    expected = [(1 + 3 * e + 5) / (2 + e), 3.0]
    np.testing.assert_allclose(importance_weighted_log_prob(LOGITS, LOG_PROBS), expected, rtol=1e-6)
    np.testing.assert_allclose(effective_sample_size(weights)[1], 2.0, rtol=1e-6)


def test_no_gradient_passes_through_the_weights():
    of_logits, of_probs = jax.grad(
        lambda f, p: importance_weighted_log_prob(f, p).sum(), argnums=(0, 1)
    )(LOGITS, LOG_PROBS)
    assert not of_logits.any()
    np.testing.assert_allclose(of_probs, -importance_weights(LOGITS), rtol=1e-6)


def test_its_mean_gradient_is_that_of_the_cross_entropy_from_data():
    """With f = log p / q and every x once a draw of q: -sum_x p(x) d log g(x)."""
    p = np.array([0.1, 0.2, 0.3, 0.4])
    theta = jnp.asarray([0.3, -0.2, 0.0, 0.5])
    q = np.asarray(jax.nn.softmax(theta))
    draws = np.random.default_rng(0).choice(4, 200_000, p=q)
    f = jnp.asarray(np.log(p / q)[draws], jnp.float32)[:, None]
    loss = lambda t: importance_weighted_log_prob(f, jax.nn.log_softmax(t)[draws][:, None])[0]
    np.testing.assert_allclose(jax.grad(loss)(theta), q - p, atol=0.01)


def test_the_continuous_form_and_what_is_refused():
    pair = boundary_seeking()
    fake = jnp.asarray([-2.0, 0.0, 3.0])
    np.testing.assert_allclose(pair.generator(fake, fake), [2.0, 0.0, 4.5])
    np.testing.assert_allclose(pair.discriminator(fake[1:2], fake[1:2]), 2 * np.log(2), rtol=1e-6)
    with pytest.raises(ValueError, match="one shape"):
        importance_weighted_log_prob(LOGITS, LOG_PROBS[:2])
    with pytest.raises(ValueError, match=r"\[M, B\]"):
        importance_weights(LOGITS[0])
