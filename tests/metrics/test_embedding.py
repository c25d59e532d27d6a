"""Trustworthiness and continuity equal scikit-learn's, also where points are many or tied."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.manifold import trustworthiness as of_sklearn

from genjax.metrics import continuity, trustworthiness


@pytest.mark.parametrize("num, num_neighbors", [(61, 5), (61, 30), (16, 1)])
def test_values_are_those_of_scikit_learn(num, num_neighbors):
    rng = np.random.default_rng(num)
    x = rng.normal(size=(num, 4, 3))
    embedded = x[:, :2, 0] + 0.5 * rng.normal(size=(num, 2))
    flat = x.reshape(num, -1)
    with jax.enable_x64(True):
        found = trustworthiness(jnp.asarray(x), jnp.asarray(embedded), num_neighbors=num_neighbors)
        swapped = continuity(jnp.asarray(x), jnp.asarray(embedded), num_neighbors=num_neighbors)
        expected = of_sklearn(flat, embedded, n_neighbors=num_neighbors)
        assert float(found) == pytest.approx(expected, abs=1e-12) and found < 1
        expected = of_sklearn(embedded, flat, n_neighbors=num_neighbors)
        assert float(swapped) == pytest.approx(expected, abs=1e-12) and swapped < 1


def test_extremes_by_hand():
    """The map itself, at any scale; a line folded in two; and all points in one place."""
    line = jnp.arange(10.0)[:, None]
    for scale in (1e-8, 1e8):
        assert trustworthiness(line, scale * line, num_neighbors=4) == 1.0
    folded = jnp.abs(line - 4.5)  # every point's nearest on the map is its mirror image
    # Point i and its image are 9 - 2 i apart; the ranks of the images, ties by position, by hand.
    ranks = np.array([9, 8, 7, 6, 2, 1, 5, 7, 8, 9])
    expected = 1 - (ranks - 1).sum() * 2 / (10 * (20 - 3 - 1))
    assert trustworthiness(line, folded, num_neighbors=1) == pytest.approx(expected, abs=1e-6)
    same = jnp.zeros((10, 2))
    assert 0 <= trustworthiness(line, same, num_neighbors=3) < 1
    assert trustworthiness(same, same, num_neighbors=3) == 1.0


@pytest.mark.parametrize(
    "x, embedded, num_neighbors, message",
    [
        (np.zeros((8, 2)), np.zeros((7, 2)), 2, "of the same points"),
        (np.zeros(8), np.zeros((8, 2)), 2, "of the same points"),
        (np.zeros((8, 2)), np.zeros((8, 2)), 4, "below N / 2 = 4, got 4"),
        (np.zeros((8, 2)), np.zeros((8, 2)), 0, "from 1"),
    ],
)
def test_what_does_not_fit_is_refused(x, embedded, num_neighbors, message):
    with pytest.raises(ValueError, match=message):
        trustworthiness(x, embedded, num_neighbors=num_neighbors)
