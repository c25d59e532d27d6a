"""Virtual batch normalisation: the combined moments, and examples that do not know of each other."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import VirtualBatchNorm, reference_batch

RANDOM = np.random.default_rng(0)
X = (2 + 3 * RANDOM.normal(size=(4, 3, 2, 5))).astype(np.float32)
REFERENCE = (1 + RANDOM.normal(size=(6, 3, 2, 5))).astype(np.float32)


@jax.jit
def apply(x, reference):
    layer = VirtualBatchNorm()
    return layer.apply(layer.init(jax.random.key(0), x, reference), x, reference)


def test_moments_are_those_of_the_example_among_the_reference():
    """As NumPy normalises an example by the batch of the reference and that example: all n + 1."""
    found, of_reference = apply(X, REFERENCE)
    for x, y in zip(X, found, strict=True):
        batch = np.concatenate([REFERENCE, x[None]]).astype(np.float64)
        mean, variance = batch.mean((0, 1, 2)), batch.var((0, 1, 2))
        np.testing.assert_allclose(y, (x - mean) / np.sqrt(variance + 1e-5), rtol=1e-4, atol=1e-5)
    mean, std = REFERENCE.mean((0, 1, 2)), REFERENCE.std((0, 1, 2))
    np.testing.assert_allclose(of_reference, (REFERENCE - mean) / std, rtol=1e-4, atol=1e-4)


def test_gains_and_shifts_are_of_the_channels_of_both():
    scale, bias = np.arange(5, dtype=np.float32), np.arange(5, dtype=np.float32) - 7
    layer = VirtualBatchNorm()
    found = layer.apply({"params": {"scale": scale, "bias": bias}}, X, REFERENCE)
    for y, plain in zip(found, apply(X, REFERENCE), strict=True):
        np.testing.assert_allclose(y, np.asarray(plain) * scale + bias, rtol=1e-4, atol=1e-5)


def test_another_example_changes_nothing_and_its_own_moments_count():
    changed = X.copy()
    changed[1:] *= 7
    before, after = apply(X, REFERENCE)[0], apply(changed, REFERENCE)[0]
    np.testing.assert_array_equal(before[0], after[0])
    assert np.abs(before[1] - 7 * after[1]).max() > 0.1


def test_extremes_are_finite_and_shapes_are_checked():
    constant = np.full((3, 5), 1e4, np.float32)
    for leaf in apply(constant, constant[:2]):
        np.testing.assert_allclose(leaf, 0.0, atol=1e-3)
    loss = lambda x: apply(x, constant[:2])[0].sum()
    assert np.isfinite(jax.jit(jax.grad(loss))(constant)).all()
    with pytest.raises(ValueError, match="one shape"):
        apply(X, REFERENCE[..., :1])


def test_a_reference_batch_is_drawn_once():
    class Net(nn.Module):
        @nn.compact
        def __call__(self, x):
            return x + reference_batch(self, "z", lambda key: jax.random.normal(key, (2, 3)))

    start = jax.jit(Net().init)
    variables, other = (start(jax.random.key(seed), jnp.zeros((2, 3))) for seed in (0, 1))
    kept = variables["reference"]["z"]
    np.testing.assert_array_equal(Net().apply(variables, jnp.zeros((2, 3))), kept)
    assert np.abs(kept - other["reference"]["z"]).min() > 0
