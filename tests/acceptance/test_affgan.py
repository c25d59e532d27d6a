"""AffGAN on the Swiss roll: half of a sum of two numbers, and points that are likely and consistent."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.data import SWISS_ROLL_STD, draw_swiss_roll, swiss_roll_curve
from genjax.gan import affgan
from tests.acceptance.games import train

BLUR = 0.1  # deviation of the roll with which points are judged: that of its noise would say only "off"
CURVE = np.asarray(swiss_roll_curve(np.linspace(0, 1, 4001)), np.float64)


def log_density(y):
    """log p of points [N, 2], of the roll with noise of deviation BLUR, by quadrature."""
    squares = np.square(y[:, None] - CURVE[None]).sum(-1) / (2 * BLUR**2)
    least = squares.min(1)
    mean = np.exp(least[:, None] - squares).mean(1)
    return np.log(mean) - least - np.log(2 * np.pi * BLUR**2)


def posterior_mean(x):
    """E[y | (y1 + y2) / 2 = x], which has the least squared error, in closed form but for the place."""
    gap = x[:, None] - CURVE.mean(1)[None]
    log_weight = -np.square(gap) / SWISS_ROLL_STD**2
    weight = np.exp(log_weight - log_weight.max(1, keepdims=True))
    weight /= weight.sum(1, keepdims=True)
    return (weight[..., None] * (CURVE[None] + gap[..., None])).sum(1)


Y = np.asarray(draw_swiss_roll(jax.random.key(9), 1000), np.float64)
X = Y.mean(1)
MSE = -log_density(posterior_mean(X)).mean()


def cross_entropies(model, rounds):
    """H[q, p] of three seeds; asserts consistency at first and at last."""
    state, _ = train(model, draw_swiss_roll, (0, 1, 2), rounds, 128)
    x = jnp.asarray(X, jnp.float32)[:, None]
    decode = jax.jit(jax.vmap(lambda variables: model.decode(None, variables, x)))
    keys = jax.random.split(jax.random.key(0), 1)
    at_first = jax.jit(jax.vmap(lambda key: model.init(key, {"vector": jnp.zeros((2, 2))})))(keys)
    for variables in (at_first.variables, state.variables):
        found = np.asarray(decode(variables))
        assert np.abs(found.mean(-1) - X[None]).max() < 1e-5
    return np.array([-log_density(y.astype(np.float64)).mean() for y in found])


@pytest.mark.parametrize(
    "guide, rounds, options",
    [
        (
            "adversarial",
            4000,
            {
                "noise_end": 0.2,
                "noise_rounds": 3000,
                "learning_rate": 5e-4,
                "discriminator_learning_rate": 1e-3,
                "first_moment": 0.0,
            },
        ),
        ("denoiser", 2000, {"noise_rounds": 2000, "learning_rate": 1e-3}),
    ],
)
def test_guesses_are_likely_and_consistent(guide, rounds, options):
    """H[q, p] is 2 nats below that of the posterior mean, the median of three seeds."""
    model = affgan(Spec((2,)), guide=guide, hidden=(64, 64), **options)
    found = cross_entropies(model, rounds)
    print(f"{guide}: H[q, p] {np.round(found, 2)}; of the posterior mean {MSE:.2f}")
    assert np.median(found) <= MSE - 2
