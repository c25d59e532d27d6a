"""Hamiltonian transitions against the Gaussian that they must keep, and find."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.metrics import adapted, hmc_transition, jittered

MEAN = np.array([1.0, -2.0], np.float32)
COVARIANCE = np.array([[1.0, 0.8], [0.8, 2.0]], np.float32)
PRECISION = np.linalg.inv(COVARIANCE)
CHAINS = 20_000


def log_density(z):
    """Of the Gaussian, and not normalised: a constant must not matter."""
    centred = z - MEAN[None]
    return 7.0 - 0.5 * jnp.sum(centred @ PRECISION * centred, axis=-1)


def transitions(key, z, step_size, num):
    def move(z, key):
        moved = hmc_transition(key, log_density, z, jnp.full(len(z), step_size), num_leapfrog=3)
        return moved.z, moved.accept_rate.mean()

    return jax.jit(lambda z: jax.lax.scan(move, z, jax.random.split(key, num)))(z)


@pytest.mark.parametrize("start, num", [("exact", 3), ("far", 40)])
def test_the_density_is_kept_and_found(start, num):
    """Moments of 20,000 chains, at steps so long that a tenth to a half is rejected."""
    noise = jax.random.normal(jax.random.key(0), (CHAINS, 2))
    exact = MEAN[None] + noise @ np.linalg.cholesky(COVARIANCE).T
    z, rates = transitions(
        jax.random.key(1), exact if start == "exact" else 0 * exact + 6, 0.9, num
    )
    assert 0.5 < rates[-1] < 0.9
    np.testing.assert_allclose(z.mean(axis=0), MEAN, atol=0.04)
    np.testing.assert_allclose(np.cov(z.T), COVARIANCE, atol=0.08)


def test_a_trajectory_by_hand():
    """In NumPy: two leapfrog steps, and the energy that they gain."""
    z, key, step = np.array([[0.5, 0.1]], np.float32), jax.random.key(2), 0.3
    momentum = np.asarray(jax.random.normal(jax.random.split(key)[0], (1, 2)))
    moved = hmc_transition(key, log_density, jnp.asarray(z), jnp.full(1, step), num_leapfrog=2)
    energy = lambda z, p: -float(log_density(jnp.asarray(z))[0]) + 0.5 * np.sum(p**2)
    slope = lambda z: -(z - MEAN) @ PRECISION
    end, p = z, momentum
    for _ in range(2):
        p = p + 0.5 * step * slope(end)
        end = end + step * p
        p = p + 0.5 * step * slope(end)
    rate = min(1.0, np.exp(energy(z, momentum) - energy(end, p)))
    np.testing.assert_allclose(moved.accept_rate, [rate], rtol=1e-4)
    np.testing.assert_allclose(moved.z, end, rtol=1e-4)
    np.testing.assert_allclose(moved.log_density, log_density(moved.z), rtol=1e-6)


def test_examples_do_not_touch_and_a_lost_trajectory_stays():
    """The second example's step leaves the finite numbers; the first one's chain goes on."""
    z = jnp.array([[0.3, 0.4], [0.3, 0.4]])
    density = lambda z: -jnp.sum(z**4, axis=-1)
    moved = hmc_transition(jax.random.key(0), density, z, jnp.array([1e-3, 1e30]), num_leapfrog=4)
    np.testing.assert_allclose(moved.accept_rate, [1.0, 0.0], atol=1e-4)
    assert (moved.z[0] != z[0]).all() and (moved.z[1] == z[1]).all()
    assert np.isfinite(moved.log_density).all()


def test_step_sizes_follow_the_acceptance_and_jitter_by_a_fifth():
    step_size = jnp.array([0.1, 0.1, 1e-30])
    after = adapted(step_size, jnp.array([1.0, 0.0, 0.65]), 0.65)
    assert after[0] > 0.1 > after[1] and after[2] == step_size[2]
    steps = jittered(jax.random.key(0), jnp.ones(1000))
    assert 0.8 <= steps.min() < 0.82 and 1.18 < steps.max() <= 1.2
    assert abs(steps.mean() - 1) < 0.02


def test_wrong_arguments_are_refused():
    z, step_size, key = jnp.zeros((3, 2)), jnp.ones(3), jax.random.key(0)
    with pytest.raises(ValueError, match="num_leapfrog must be positive, got 0"):
        hmc_transition(key, log_density, z, step_size, num_leapfrog=0)
    with pytest.raises(ValueError, match=r"got \(3, 2\), \(3,\) and \(\)"):
        hmc_transition(key, log_density, z, jnp.ones(()))
    with pytest.raises(ValueError, match=r"got \(3, 2\), \(\) and \(3,\)"):
        hmc_transition(key, jnp.sum, z, step_size)
