"""The joint embedding's hinges against a double loop."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.losses import joint_embedding

RANDOM = np.random.default_rng(0)
IMAGES, TEXTS = RANDOM.normal(size=(2, 5, 3)).astype(np.float32)


def test_equals_a_double_loop():
    """Captions 1 and 3 say the same, so neither is wrong for the other."""
    other = ~np.eye(5, dtype=bool)
    other[1, 3] = other[3, 1] = False
    score = lambda n, m: float(IMAGES[n] @ TEXTS[m])
    expected = [
        sum(
            max(0, 1 + score(n, m) - score(n, n)) + max(0, 1 + score(m, n) - score(n, n))
            for m in range(5)
            if other[n, m]
        )
        / 5
        for n in range(5)
    ]
    found = joint_embedding(jnp.asarray(IMAGES), jnp.asarray(TEXTS), jnp.asarray(other))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_zero_where_each_wins_by_a_margin_of_one():
    unit, other = jnp.eye(4), ~jnp.eye(4, dtype=bool)
    np.testing.assert_array_equal(joint_embedding(unit, unit, other), 0.0)
    np.testing.assert_allclose(joint_embedding(0.5 * unit, unit, other), 2 * 3 * 0.5 / 4)
    gradient = jax.jit(jax.grad(lambda x: joint_embedding(1e4 * x, x, other).sum()))(unit)
    assert np.isfinite(gradient).all()


def test_shapes_are_checked():
    unit, other = jnp.eye(4), ~jnp.eye(4, dtype=bool)
    for arguments in ((unit[:1], unit, other), (unit, unit[:, :1], other), (unit, unit, other[0])):
        with pytest.raises(ValueError, match="one shape"):
            joint_embedding(*arguments)
