"""The bounds of InfoGAN at their ceilings, and against SciPy's densities."""

import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from genjax.losses import categorical_information, gaussian_information

RANDOM = np.random.default_rng(0)


def test_ceilings():
    """log K of a category that is read surely; log 2 - log(2 pi)/2 = -0.2258 of a uniform code at 1."""
    codes = jax.nn.one_hot(jnp.arange(10), 10)
    sure = categorical_information(50 * codes, codes)
    np.testing.assert_allclose(sure, math.log(10), rtol=1e-6)
    np.testing.assert_allclose(categorical_information(0 * codes, codes), 0.0, atol=1e-6)
    c = jnp.asarray(RANDOM.uniform(-1, 1, (7, 2)), jnp.float32)
    np.testing.assert_allclose(gaussian_information(c, c), 2 * -0.2258, atol=1e-4)
    normal = 0.5 * math.log(2 * math.pi * math.e)
    blind = gaussian_information(0 * c, c, entropy=normal)
    np.testing.assert_allclose(blind, (0.5 - 0.5 * np.asarray(c) ** 2).sum(1), rtol=1e-4)


def test_against_scipy():
    logits = RANDOM.normal(size=(6, 4)).astype(np.float32)
    label = np.array([0, 1, 2, 3, 3, 0])
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    expected = np.log(4) + np.log(probabilities[np.arange(6), label])
    found = categorical_information(jnp.asarray(logits), jax.nn.one_hot(label, 4))
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    mean, codes = RANDOM.normal(size=(2, 6, 3)).astype(np.float32)
    expected = (np.log(2) + stats.norm.logpdf(codes, mean, 0.3)).sum(1)
    np.testing.assert_allclose(gaussian_information(mean, codes, std=0.3), expected, rtol=1e-4)


def test_extremes_are_finite_and_shapes_are_checked():
    codes = jnp.eye(2)
    far = jnp.asarray([[-1e4, 1e4], [1e4, -1e4]])
    for bound in (categorical_information, gaussian_information):
        value, gradient = jax.value_and_grad(lambda x, f=bound: f(x, codes).sum())(far)
        assert np.isfinite(value) and np.isfinite(gradient).all()
        with pytest.raises(ValueError, match="one shape"):
            bound(jnp.zeros((2, 1)), codes)
    with pytest.raises(ValueError, match="std must be above 0"):
        gaussian_information(codes, codes, std=0.0)
