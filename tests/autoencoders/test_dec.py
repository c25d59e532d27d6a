"""DEC's assignment and divergence in NumPy, and what the second stage takes over from the first."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoencoders import dec
from genjax.autoencoders.dec import divergence, log_assignment
from genjax.core import Spec

KEY = jax.random.key(0)


def test_assignment_and_divergence_are_the_papers_equations():
    rng = np.random.default_rng(0)
    z, centres = rng.normal(size=(7, 3)), rng.normal(size=(4, 3))
    q = np.array([[1 / (1 + ((one - mu) ** 2).sum()) for mu in centres] for one in z])
    q /= q.sum(axis=1, keepdims=True)
    log_q = log_assignment(jnp.asarray(z, jnp.float32), jnp.asarray(centres, jnp.float32))
    np.testing.assert_allclose(np.exp(log_q), q, rtol=1e-5)
    f = q.sum(axis=0)
    p = q**2 / f
    p /= p.sum(axis=1, keepdims=True)
    expected = (p * np.log(p / q)).sum(axis=1)
    for factor in (1.0, 1 / 7):  # frequencies or their mean: it cancels
        found = divergence(log_q, jnp.asarray(factor * f, jnp.float32))
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)
    # With P held fixed the gradient is q - p, of log q as logits.
    gradient = jax.grad(lambda logits: divergence(jax.nn.log_softmax(logits), jnp.asarray(f)).sum())
    np.testing.assert_allclose(gradient(jnp.log(q)), q - p, atol=1e-5)


def test_far_away_everything_is_finite():
    far = log_assignment(jnp.full((2, 3), 1e15), jnp.zeros((4, 3)))
    np.testing.assert_allclose(far, np.log(0.25), rtol=1e-5)
    sure = log_assignment(jnp.zeros((1, 3)), jnp.array([[0.0] * 3, [1e15] * 3]))
    gradient = jax.grad(lambda z: divergence(log_assignment(z, jnp.eye(3)), jnp.ones(3)).sum())
    assert np.isfinite(divergence(sure, jnp.array([1.0, 1e-6]))).all()
    assert np.isfinite(gradient(jnp.full((2, 3), 1e6))).all()


def three_blobs():
    rng = np.random.default_rng(1)
    middles = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 9.0]])
    return (middles[np.arange(90) % 3] + 0.1 * rng.normal(size=(90, 2))).astype(np.float32)


def test_the_second_stage_takes_over_the_autoencoder_and_finds_centres_among_codes():
    spec, x = Spec((2,), None, 3), jnp.asarray(three_blobs())
    first, second = dec(spec, code_dim=2, hidden=())
    state = jax.jit(first.model.init)(KEY, {})
    after = jax.jit(second.enter)(KEY, state, {"vector": x})
    for name in ("encoder", "decoder"):
        np.testing.assert_array_equal(
            state.variables[name]["params"]["Dense_0"]["kernel"],
            after.variables[name]["params"]["Dense_0"]["kernel"],
        )
    q = np.exp(second.model.clusters(KEY, after.variables, x))
    np.testing.assert_allclose(after.variables["extra"]["frequencies"], q.mean(axis=0), rtol=1e-4)
    assert len(np.unique(q.argmax(axis=1)[:3])) == 3  # one a blob
    same = q.argmax(axis=1).reshape(30, 3)
    assert (same == same[:1]).all()
    moved, metrics = jax.jit(second.model.update)(KEY, after, {"vector": x[None]})
    assert metrics["clusters/loss"] > 0
    np.testing.assert_array_equal(
        moved.variables["decoder"]["params"]["Dense_0"]["kernel"],
        after.variables["decoder"]["params"]["Dense_0"]["kernel"],
    )


@pytest.mark.parametrize(
    "options, message",
    [
        ({"num_clusters": 1}, "num_clusters must be at least 2"),
        ({"pretraining_rounds": 0}, "pretraining_rounds must be at least 1"),
        ({"start": "labels"}, "start must be one of"),
        ({"dropout_rate": 1.0}, "below 1"),
        ({"code_dim": 0}, "code_dim must be at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        dec(Spec((4,)), **options)
