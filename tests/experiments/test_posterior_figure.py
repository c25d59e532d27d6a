"""Draws of an exact posterior, weighed: of a conjugate one, and none where they would be of no use."""

import jax
import numpy as np
import pytest

from experiments.posterior_figure import weighed
from experiments.subject import Unsuitable
from genjax.core import Spec
from genjax.gan import lfvi

SHARED = lfvi(Spec((2,)), simulator="location").shared
RNG = np.random.default_rng(0)
X = RNG.normal([1.0, -0.5], 1.0, (24, 2)).astype(np.float32)


def test_the_exact_posterior_of_a_mean_is_found_about_what_was_learned():
    """N(sum x / 25, I / 25), though what was learned is off and too wide."""
    learned = RNG.normal(X.mean(0) + 0.2, 0.3, (2000, 2))
    exact = weighed(jax.random.key(0), SHARED, learned, X)
    np.testing.assert_allclose(exact.mean(0), X.sum(0) / 25, atol=0.03)
    np.testing.assert_allclose(exact.std(0), 0.2, rtol=0.1)


def test_nothing_is_drawn_about_what_misses_it():
    with pytest.raises(Unsuitable, match="too far from the exact posterior"):
        weighed(jax.random.key(0), SHARED, RNG.normal(9.0, 0.1, (2000, 2)), X)
