"""Active units by hand, and the aggregate posterior's distance to the prior on Gaussians."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.losses import inverse_multiquadratic, mmd
from genjax.metrics import active_units, aggregate_mmd


def test_a_unit_is_active_where_its_mean_varies_over_examples():
    """Variances 1, 0.0099, 0.0101 and 0 around means that must not count."""
    signs = np.tile([1.0, -1.0], 50)[:, None]
    codes = np.sqrt([[1.0, 0.0099, 0.0101, 0.0]]) * signs + np.array([[0.0, 5.0, -5.0, 100.0]])
    codes = jnp.asarray(codes, jnp.float32)
    np.testing.assert_array_equal(active_units(codes), [True, False, True, False])
    np.testing.assert_array_equal(active_units(codes, 0.001), [True, True, True, False])
    assert not active_units(codes[:1]).any()  # one example tells nothing


def test_the_distance_is_zero_at_the_prior_and_grows_away_from_it():
    key_z, key_prior = jax.random.split(jax.random.key(0))
    z, prior = jax.random.normal(key_z, (850, 3)), jax.random.normal(key_prior, (850, 3))
    distance = jax.jit(lambda z: aggregate_mmd(z, prior, block=400))
    near, half, far = (float(distance(z + shift)) for shift in (0.0, 0.5, 50.0))
    # The null's deviation at 400 draws, twice averaged, is 0.004; see the test of `mmd`.
    assert abs(near) < 0.015 < half < far <= 14
    std = np.sqrt(np.var(prior, axis=0).mean())
    kernel = functools.partial(inverse_multiquadratic, std=float(std))
    blocks = [mmd(z[i : i + 400] + 0.5, prior[i : i + 400], kernel) for i in (0, 400)]
    assert half == pytest.approx(float(np.mean(blocks)), rel=1e-4)
    # It is the prior's scale that counts.
    wide = jax.jit(lambda z: aggregate_mmd(z, 100 * prior, block=400))(100 * (z + 0.5))
    assert half == pytest.approx(float(wide), rel=1e-3)


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match=r"codes must be \[N, D\], got shape \(3,\)"):
        active_units(jnp.zeros(3))
    with pytest.raises(ValueError, match=r"\[N, D\] twice, got \(3, 2\) and \(4, 2\)"):
        aggregate_mmd(jnp.zeros((3, 2)), jnp.zeros((4, 2)))
    with pytest.raises(ValueError, match="at least two draws"):
        aggregate_mmd(jnp.zeros((1, 2)), jnp.zeros((1, 2)))
