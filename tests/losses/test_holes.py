"""Holes lie anywhere inside and are squares; what is known of a filled image stays."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.losses import fill_holes, square_holes

KEY = jax.random.key(0)


def test_each_hole_is_a_square_and_all_places_are_alike_likely():
    known = np.asarray(square_holes(KEY, 2000, (5, 4), 3))
    assert known.shape == (2000, 5, 4, 1) and known.dtype == bool
    corners = []
    for each in ~known[..., 0]:
        rows, columns = (np.flatnonzero(each.any(axis)) for axis in (1, 0))
        assert len(rows) == len(columns) == 3 and each.sum() == 9
        assert rows[-1] - rows[0] == columns[-1] - columns[0] == 2
        corners.append((rows[0], columns[0]))
    counts = np.unique(corners, axis=0, return_counts=True)[1]
    assert len(counts) == 6 and np.abs(counts / 2000 - 1 / 6).max() < 0.04


@pytest.mark.parametrize("side", [0, 5])
def test_a_hole_that_is_none_is_refused(side):
    with pytest.raises(ValueError, match=f"a side of 1 to 4, got {side}"):
        square_holes(KEY, 1, (5, 4), side)


def test_what_is_known_stays_and_the_filling_has_no_gradient_there():
    x, filling = jnp.full((1, 2, 2, 3), 0.1), jnp.full((1, 2, 2, 3), 0.7)
    known = jnp.asarray([[True, False], [False, True]])[None, :, :, None]
    filled = fill_holes(x, known, filling)
    np.testing.assert_array_equal(filled, np.where(known, x, filling))
    slope = jax.grad(lambda filling: fill_holes(x, known, filling).sum())(filling)
    np.testing.assert_array_equal(slope[..., 0], ~np.asarray(known[..., 0]))
    with pytest.raises(ValueError, match="like its images"):
        fill_holes(x, known, filling[:, :1])
