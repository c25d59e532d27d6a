"""Annealing against the marginal of a linear Gaussian model, from below and from above."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.metrics import (
    Joint,
    ais_log_likelihood,
    reverse_ais_log_likelihood,
    sigmoid_schedule,
)
from tests.metrics.models import linear

SETTINGS = {"num_steps": 50, "num_leapfrog": 4}
LEVELS = (0.0, -1e4, 300.0)


@pytest.fixture(scope="module")
def errors():
    """The bounds minus the truth, [30, B] each, and the constants, from 30 runs of one program.

    After the linear model's examples come three whose likelihood does not depend on z.
    """
    model = linear(3, deviation=2.0)
    num = len(model.exact)
    joint = Joint(
        lambda key: jax.random.normal(key, (num + len(LEVELS), 3)),
        model.joint.log_prior,
        lambda z: jnp.concatenate([model.joint.log_likelihood(z[:num]), jnp.array(LEVELS)]),
    )

    @jax.jit
    def bounds(key):
        key_lower, key_posterior, key_upper = jax.random.split(key, 3)
        z = model.posterior(key_posterior, 8)
        z = jnp.pad(z, ((0, 0), (0, len(LEVELS)), (0, 0)))
        return (
            ais_log_likelihood(key_lower, joint, num_chains=8, **SETTINGS),
            reverse_ais_log_likelihood(key_upper, joint, z, **SETTINGS),
        )

    found = jax.lax.map(bounds, jax.random.split(jax.random.key(0), 30))
    return [(each[:, :num] - model.exact[None], each[:, num:]) for each in found]


def test_the_truth_lies_between_the_bounds(errors):
    """In the mean over runs; and the means of w / p and of p / w are 1."""
    (lower, _), (upper, _) = errors
    assert -0.1 < lower.mean() < -0.005
    assert 0.005 < upper.mean() < 0.1
    assert abs(jnp.exp(lower).mean() - 1) < 0.05
    assert abs(jnp.exp(-upper).mean() - 1) < 0.05


def test_a_constant_likelihood_comes_back_whatever_the_chains_do(errors):
    """The weights' exponents sum to 1, at extremes too."""
    for _, constants in errors:
        expected = np.broadcast_to(LEVELS, constants.shape)
        np.testing.assert_allclose(constants, expected, rtol=1e-5, atol=1e-5)


def test_the_schedule_runs_from_0_to_1_and_is_slow_at_both_ends():
    schedule = np.asarray(sigmoid_schedule(100))
    sigmoid = lambda t: 1 / (1 + np.exp(-4 * (2 * t - 1)))
    expected = (sigmoid(np.linspace(0, 1, 101)) - sigmoid(0)) / (sigmoid(1) - sigmoid(0))
    np.testing.assert_allclose(schedule, expected, atol=1e-6)
    assert schedule[0] == 0 and schedule[-1] == 1
    steps = np.diff(schedule)
    assert (steps > 0).all() and steps[0] < steps[50] / 10 and steps[-1] < steps[50] / 10


def test_wrong_arguments_are_refused():
    joint, key = linear(2).joint, jax.random.key(0)
    with pytest.raises(ValueError, match="needs a step and a positive delta, got 0"):
        ais_log_likelihood(key, joint, num_steps=0)
    with pytest.raises(ValueError, match="positive delta, got 3 and -1"):
        sigmoid_schedule(3, delta=-1)
    with pytest.raises(ValueError, match="at least one chain, got 0"):
        ais_log_likelihood(key, joint, num_chains=0)
    with pytest.raises(ValueError, match=r"log_prior of z \(6, 2\) must be \[B\], got shape \(\)"):
        ais_log_likelihood(key, joint._replace(log_prior=jnp.sum))
    with pytest.raises(ValueError, match=r"log_likelihood of z \(6, 2\) must be \[B\]"):
        reverse_ais_log_likelihood(
            key, joint._replace(log_likelihood=jnp.sum), jnp.zeros((1, 6, 2))
        )
