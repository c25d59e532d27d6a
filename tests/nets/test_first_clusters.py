"""Clusters found on the host from inside traced functions: blobs by hand, keys, and vmap."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import STARTS, first_clusters

KEY = jax.random.key(0)
MIDDLES = np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 9.0]])
OF = np.array([0] * 60 + [1] * 30 + [2] * 30)


def blobs():
    """Three clusters, twice as many points in the first, of standard deviations 0.1 and 0.3."""
    noise = np.random.default_rng(1).normal(size=(120, 2)) * [0.1, 0.3]
    return jnp.asarray(MIDDLES[OF] + noise, jnp.float32)


@pytest.mark.parametrize("start", STARTS)
def test_blobs_are_found_under_jit_and_vmap(start):
    x = blobs()
    find = lambda key, x: first_clusters(key, x, 3, start)
    found, keys = jax.jit(find)(KEY, x), jax.random.split(KEY, 2)
    for first, again in zip(found, jax.jit(find)(KEY, x), strict=True):
        np.testing.assert_array_equal(first, again)
    order = np.argsort(np.asarray(found.means) @ [1.0, 2.0])  # of the middles: 0, 6 and 18
    np.testing.assert_allclose(np.asarray(found.means)[order], MIDDLES, atol=0.2)
    variances = np.exp(np.asarray(found.log_variances))
    np.testing.assert_allclose(variances, [[0.01, 0.09]] * 3, rtol=0.6)
    weights = np.exp(np.asarray(found.log_weights))[order]
    np.testing.assert_allclose(weights, [0.5, 0.25, 0.25], rtol=1e-3)
    several = jax.vmap(find, (0, None))(keys, x)
    assert several.means.shape == (2, 3, 2) and several.log_weights.shape == (2, 3)


def test_clusters_of_one_point_keep_a_variance():
    x = jnp.asarray([[0.0, 0.0], [0.0, 0.0], [5.0, 5.0]])
    found = first_clusters(KEY, x, 2, "kmeans")
    assert np.isfinite(found.log_variances).all() and np.isfinite(found.log_weights).all()


def test_an_unknown_start_is_refused():
    with pytest.raises(ValueError, match="start must be one of kmeans, gmm, got 'labels'"):
        first_clusters(KEY, blobs(), 3, "labels")
