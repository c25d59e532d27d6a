"""Kingma and Welling's estimator against the marginal of a linear Gaussian model."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.metrics import Joint, reciprocal_log_likelihood
from tests.metrics.models import linear


@pytest.mark.parametrize("latent_dim", [1, 3])
def test_a_gaussian_posterior_is_fitted_well(latent_dim):
    """q = p(z|x) would make every term 1/p(x): what is left is the error of the fit."""
    model = linear(latent_dim)
    estimate = jax.jit(lambda key, z: reciprocal_log_likelihood(key, model.joint, z))
    result = estimate(jax.random.key(0), model.posterior(jax.random.key(1), 40))
    np.testing.assert_allclose(result, model.exact, atol=0.08)


def test_chains_that_cannot_move_give_no_nan():
    z = jnp.zeros((4, 2, 1))
    joint = Joint(None, lambda z: -1e30 * jnp.sum(z**2, axis=-1), lambda z: 0 * z[:, 0])
    result = reciprocal_log_likelihood(jax.random.key(0), joint, z, num_samples=4, burn_in=0)
    assert not np.isnan(result).any()


@pytest.mark.parametrize(
    "shape, options, message",
    [
        ((4, 6, 5), {}, "at most 4 latents, got 5"),
        ((3, 6, 2), {}, "C even"),
        ((6, 2), {}, "C even"),
        ((4, 6, 2), {"num_samples": 3}, "more than 3 samples"),
        ((4, 6, 2), {"burn_in": -1}, "no negative burn_in"),
    ],
)
def test_wrong_arguments_are_refused(shape, options, message):
    with pytest.raises(ValueError, match=message):
        reciprocal_log_likelihood(jax.random.key(0), linear(2).joint, jnp.zeros(shape), **options)
