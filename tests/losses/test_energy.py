"""Energies of reconstructions, BEGAN's controller and its measure, by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.losses import convergence_measure, next_fake_weight, reconstruction_energy


def test_energy_is_a_mean_over_elements():
    x = jnp.asarray([[[1.0, 2.0]], [[0.0, 0.0]]])
    y = jnp.asarray([[[0.0, 4.0]], [[0.0, 0.0]]])
    np.testing.assert_allclose(reconstruction_energy(x, y), [1.5, 0.0])
    np.testing.assert_allclose(reconstruction_energy(x, y, exponent=2.0), [2.5, 0.0])
    for exponent in (1.0, 2.0):
        energy = lambda x, e=exponent: reconstruction_energy(x, 0 * x, exponent=e).sum()
        assert np.isfinite(jax.grad(energy)(jnp.asarray([[0.0, 1e6]]))).all()
    with pytest.raises(ValueError, match="one shape"):
        reconstruction_energy(x, y[:, 0])
    with pytest.raises(ValueError, match="exponent must be at least 1"):
        reconstruction_energy(x, y, exponent=0.5)


def test_the_controller_is_clipped_and_has_no_gradient():
    move = lambda k, real, fake: float(
        next_fake_weight(*map(jnp.float32, (k, real, fake)), ratio=0.5, rate=0.1)
    )
    np.testing.assert_allclose(move(0.2, 4.0, 1.0), 0.3, rtol=1e-6)
    np.testing.assert_allclose(move(0.2, 1.0, 1.0), 0.15, rtol=1e-6)
    assert move(0.0, 1.0, 9.0) == 0.0 and move(0.95, 4.0, 0.0) == 1.0
    gradient = jax.grad(lambda fake: next_fake_weight(0.5, 1.0, fake))(0.3)
    assert gradient == 0.0


def test_the_measure():
    np.testing.assert_allclose(convergence_measure(2.0, 1.0), 2.0)
    np.testing.assert_allclose(convergence_measure(2.0, 1.5, ratio=0.5), 2.5)
    np.testing.assert_allclose(convergence_measure(2.0, 0.5, ratio=0.7), 2.9, rtol=1e-6)
