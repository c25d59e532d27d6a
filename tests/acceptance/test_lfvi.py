"""A likelihood-free posterior against the conjugate one."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import lfvi
from tests.acceptance.games import train

NUM = 20
X = np.random.default_rng(0).normal(1.4, 1.0, (NUM, 1)).astype(np.float32)


def draw(key, num):
    return jnp.asarray(X)[jax.random.randint(key, (num,), 0, NUM)]


@pytest.mark.acceptance
def test_the_posterior_of_a_mean_is_the_exact_one():
    """x_n ~ N(beta, 1), beta ~ N(0, 1): N(sum x / (N + 1), 1 / (N + 1)).

    The mean within 0.1, the deviation within 20%, the median of three seeds.
    Without N the posterior is of one example: it was seen to fail.
    """
    mean, std = X.sum() / (NUM + 1), (NUM + 1) ** -0.5
    model = lfvi(
        Spec((1,)),
        simulator="location",
        num_examples=NUM,
        ema_decay=0.998,
        hidden=(32,),
        learning_rate=2e-3,
        ratio_learning_rate=5e-3,
    )
    state, _ = train(model, draw, (0, 1, 2), 4000, 200)
    means = np.asarray(state.ema["posterior"]["params"]["mean"][:, 0])
    stds = np.exp(np.asarray(state.ema["posterior"]["params"]["log_std"][:, 0]))
    print(f"means {means} of {mean:.3f}, deviations {stds} of {std:.3f}")
    assert abs(np.median(means) - mean) <= 0.1
    assert abs(np.median(stds) / std - 1) <= 0.2
