"""Feature matching: means of batches, not examples, and a mean over features."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.losses import feature_matching

REAL = jnp.asarray([[1.0, 2.0], [3.0, 2.0]])
FAKE = jnp.asarray([[5.0, 0.0], [-3.0, 0.0], [1.0, 3.0]])


@pytest.mark.parametrize("norm, expected", [("l2", (1.0 + 1.0) / 2), ("l1", 1.0)])
def test_by_hand(norm, expected):
    """Means (2, 2) and (1, 1)."""
    np.testing.assert_allclose(feature_matching(REAL, FAKE, norm=norm), expected, rtol=1e-6)


@pytest.mark.parametrize("norm", ["l2", "l1"])
def test_equal_means_are_a_minimum_and_the_order_says_nothing(norm):
    loss = lambda fake: feature_matching(REAL, fake, norm=norm)
    assert loss(REAL[::-1] + jnp.asarray([[7.0, -1.0], [-7.0, 1.0]])) == 0
    if norm == "l2":  # l1 has a corner there
        assert (jax.grad(loss)(REAL) == 0).all()
    assert jnp.isfinite(loss(1e15 * FAKE))


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="norm must be one of l2, l1"):
        feature_matching(REAL, FAKE, norm="l3")
    with pytest.raises(ValueError, match="one shape"):
        feature_matching(REAL, FAKE[:, :1])
