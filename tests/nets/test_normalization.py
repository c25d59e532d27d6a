"""Conditional batch norm and pixel norm by NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import BatchNorm, ConditionalBatchNorm, pixel_norm

KEY = jax.random.key(0)
X = 3 + 2 * jax.random.normal(KEY, (6, 2, 2, 3))
LABEL = jnp.array([0, 1, 2, 3, 0, 1])
VECTOR = jax.random.normal(jax.random.key(1), (6, 5))


def normalized(x):
    x = np.asarray(x, np.float64)
    return (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-5)


def test_labels_choose_gain_and_shift_that_start_without_effect():
    norm = ConditionalBatchNorm(num_classes=4)
    variables = norm.init(KEY, X, LABEL, train=True)
    apply = lambda variables: norm.apply(variables, X, LABEL, train=True, mutable=["batch_stats"])
    found, updates = apply(variables)
    np.testing.assert_allclose(found, normalized(X), atol=1e-4)
    _, of_plain = BatchNorm(use_bias=False, use_scale=False).init_with_output(KEY, X, train=True)
    assert jax.tree.structure(updates["batch_stats"]["BatchNorm_0"]) == jax.tree.structure(
        of_plain["batch_stats"]
    )
    gain = np.arange(12.0, dtype=np.float32).reshape(4, 3)
    changed = {"gain_embedding": jnp.asarray(gain), "shift_embedding": jnp.asarray(-gain)}
    found, _ = apply({**variables, "params": changed})
    chosen = gain[np.asarray(LABEL)][:, None, None]
    np.testing.assert_allclose(found, normalized(X) * chosen - chosen, atol=1e-3)


def test_vectors_make_gain_and_shift_linearly():
    """1 + A c and B c: without the 1, a condition of 0 would erase the map."""
    norm = ConditionalBatchNorm()
    variables = norm.init(KEY, X, VECTOR, train=True)
    found, _ = norm.apply(variables, X, VECTOR, train=True, mutable=["batch_stats"])
    gain, shift = (np.asarray(variables["params"][n]["kernel"]) for n in ("gain", "shift"))
    by = lambda kernel: (np.asarray(VECTOR) @ kernel)[:, None, None]
    np.testing.assert_allclose(found, normalized(X) * (1 + by(gain)) + by(shift), atol=1e-3)


@pytest.mark.parametrize(
    "norm, condition",
    [
        (ConditionalBatchNorm(4), VECTOR),
        (ConditionalBatchNorm(), LABEL),
        (ConditionalBatchNorm(4), LABEL[:3]),
    ],
)
def test_a_condition_of_another_kind_is_refused(norm, condition):
    with pytest.raises(ValueError, match="labels of num_classes, or"):
        norm.init(KEY, X, condition, train=True)


def test_pixel_norm_has_unit_mean_square_at_every_place():
    found = np.asarray(pixel_norm(X), np.float64)
    np.testing.assert_allclose((found**2).mean(-1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(
        found[0, 0, 1] / np.asarray(X)[0, 0, 1], found[0, 0, 1, 0] / X[0, 0, 1, 0], rtol=1e-5
    )
    for scale in (0.0, 1e-15, 1e15):
        gradient = jax.grad(lambda x: pixel_norm(x).sum())(jnp.full((1, 4), scale))
        assert np.isfinite(gradient).all()
