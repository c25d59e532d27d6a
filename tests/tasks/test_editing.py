"""Latent arithmetic with a decoder that is known: an example is twice its latents."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Latents, Model
from genjax.tasks.editing import arithmetic, mean_latents

KEY = jax.random.key(0)
PRIOR = lambda key, variables, num: jax.random.normal(key, (num, 2))
MODEL = Model(
    None,
    None,
    decode=lambda key, variables, z: 2.0 * z,
    latents=Latents((2,), PRIOR, None),
)


def sign(x):
    """1 where the first element is above 0."""
    return (x[:, 0] > 0).astype(int)


def test_the_mean_is_of_the_first_samples_of_the_group():
    draws = np.asarray(PRIOR(jax.random.split(jax.random.fold_in(KEY, 0))[0], {}, 128))
    for group in (0, 1):
        mean = mean_latents(KEY, MODEL, {}, sign, group, 3)
        expected = draws[(draws[:, 0] > 0) == group][:3].mean(axis=0)
        np.testing.assert_allclose(mean, expected, rtol=1e-6)


def test_the_mean_of_many_is_the_groups_expectation():
    mean = mean_latents(KEY, MODEL, {}, sign, 1, 4000)
    # E[z | z > 0] of N(0, 1) is sqrt(2 / pi); 4000 draws of deviation .60 and 1 leave .04
    np.testing.assert_allclose(mean, [np.sqrt(2 / np.pi), 0.0], atol=0.05)


def test_the_sum_comes_first_and_noise_about_it_is_bounded():
    means = jnp.array([[1.0, 2.0], [0.5, -1.0], [0.0, 4.0]])
    drawn = np.asarray(arithmetic(KEY, MODEL, {}, tuple(means), 200, scale=0.25))
    np.testing.assert_allclose(drawn[0], [1.0, 14.0], rtol=1e-6)
    away = np.abs(drawn[1:] - drawn[:1])
    assert 0.45 < away.max() <= 0.5 and away.min() < 0.02


@pytest.mark.parametrize(
    "model, options, message",
    [
        (MODEL, {"group": 7}, "0 of 256 samples are of group 7, and 3 are needed"),
        (MODEL, {"group": 0, "num": 0}, "at least 1 sample, got 0"),
        (MODEL._replace(condition="label"), {"group": 0}, "unconditional model"),
        (MODEL._replace(latents=None), {"group": 0}, "a prior over latents and decode"),
    ],
)
def test_what_has_no_mean_is_refused(model, options, message):
    with pytest.raises(ValueError, match=message):
        mean_latents(KEY, model, {}, sign, most=256, **options)
