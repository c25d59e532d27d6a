"""A, its right inverse, and the projection: against NumPy, and exact at the borders."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.losses import low_resolution
from genjax.nets import REDUCTIONS, affine_projection, reduction
from genjax.nets.affine_projection import reduction_matrix

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("kind", REDUCTIONS)
@pytest.mark.parametrize("shape", [(3, 12), (2, 8, 12, 3)])
def test_what_is_projected_is_reduced_to_x_and_is_the_nearest_such(kind, shape):
    """By NumPy's least squares on the whole matrix; of images one channel, kron of both axes."""
    by, small = reduction(kind, 4), (shape[0], *(n // 4 for n in shape[1:3]), *shape[3:])
    f, x = (jnp.asarray(RNG.normal(size=each), jnp.float32) for each in (shape, small))
    g = affine_projection(f, x, by)
    np.testing.assert_allclose(by.reduce(g), x, atol=1e-5)
    np.testing.assert_allclose(affine_projection(g, x, by), g, atol=1e-5)
    rows = [reduction_matrix(kind, n // 4, 4) for n in shape[1:3]]
    a = rows[0] if len(rows) == 1 else np.kron(*rows)
    flat = lambda each: np.asarray(each if each.ndim == 2 else each[..., 0]).reshape(len(each), -1)
    step = np.linalg.lstsq(a, (flat(x) - flat(f) @ a.T).T, rcond=None)[0].T
    np.testing.assert_allclose(flat(g), flat(f) + step, atol=2e-5)


def test_means_of_blocks_and_their_repetition():
    by = reduction("average", 2)
    y = jnp.array([[1.0, 3.0, 5.0, 6.0]])
    np.testing.assert_allclose(by.reduce(y), [[2.0, 5.5]])
    np.testing.assert_allclose(by.restore(jnp.array([[2.0, 5.5]])), [[2, 2, 5.5, 5.5]], rtol=1e-6)


def test_bicubic_is_how_low_resolution_is_made():
    y = jnp.asarray(0.4 + 0.2 * RNG.random((2, 8, 12, 3)), jnp.float32)
    found = jax.jit(reduction("bicubic", 4).reduce)(y)  # the matrix is made while tracing
    np.testing.assert_allclose(found, low_resolution(y, 4), atol=1e-6)


def test_gaussian_weights_are_centred_and_sum_to_one():
    row = reduction_matrix("gaussian", 8, 4)[4]
    np.testing.assert_allclose(row.sum(), 1.0)
    places = np.arange(32) - 17.5
    np.testing.assert_allclose((row * places).sum(), 0.0, atol=1e-6)
    np.testing.assert_allclose((row * places**2).sum() ** 0.5, 2.0, rtol=1e-3)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="average, gaussian, bicubic"):
        reduction("nearest", 2)
    with pytest.raises(ValueError, match="scale 2 does not divide 5"):
        reduction("average", 2).reduce(jnp.zeros((1, 5)))
    with pytest.raises(ValueError, match="is reduced to"):
        affine_projection(jnp.zeros((1, 4)), jnp.zeros((1, 1)), reduction("average", 2))
    with pytest.raises(ValueError, match="vectors"):
        reduction("average", 2).reduce(jnp.zeros((1, 4, 4)))
