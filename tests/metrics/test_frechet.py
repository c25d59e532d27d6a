"""The Frechet distance by its closed forms and SciPy's matrix root, singular covariances too."""

import jax.numpy as jnp
import numpy as np
import pytest
from scipy.linalg import sqrtm

from genjax.metrics import fid, frechet_distance


def covariance(rng, size, rank=None):
    factor = rng.normal(size=(size, rank or 2 * size))
    return factor @ factor.T / factor.shape[1]


def by_scipy(mean1, cov1, mean2, cov2):
    root = sqrtm(cov1 @ cov2).real
    return np.square(mean1 - mean2).sum() + np.trace(cov1 + cov2 - 2 * root)


@pytest.mark.parametrize("size", [1, 5, 64])
def test_it_is_scipys(size):
    rng = np.random.default_rng(size)
    mean1, mean2 = rng.normal(size=(2, size))
    cov1, cov2 = covariance(rng, size), 3 * covariance(rng, size)
    expected = by_scipy(mean1, cov1, mean2, cov2)
    assert frechet_distance(mean1, cov1, mean2, cov2) == pytest.approx(expected, rel=1e-8)
    assert frechet_distance(mean2, cov2, mean1, cov1) == pytest.approx(expected, rel=1e-8)


def test_diagonal_covariances_have_a_closed_form():
    """|mu1 - mu2|^2 + sum (sigma1 - sigma2)^2, singular where a deviation is 0, at any scale."""
    rng = np.random.default_rng(0)
    mean1, mean2 = rng.normal(size=(2, 6))
    std1, std2 = np.array([0, 1, 2, 0, 1e-6, 3]), np.array([1, 0, 2, 0, 1e-3, 1])
    for scale in (1e-6, 1.0, 1e6):
        expected = scale**2 * (np.square(mean1 - mean2).sum() + np.square(std1 - std2).sum())
        found = frechet_distance(
            scale * mean1, scale**2 * np.diag(std1**2), scale * mean2, scale**2 * np.diag(std2**2)
        )
        assert found == pytest.approx(expected, rel=1e-12)


def test_singular_covariances():
    """Rank 3 of 40 in one subspace: the distance of the 3 x 3 blocks, turned; from itself, 0."""
    rng = np.random.default_rng(1)
    small1, small2 = covariance(rng, 3), covariance(rng, 3)
    turn = np.linalg.qr(rng.normal(size=(40, 40)))[0][:, :3]
    zeros = np.zeros(40)
    expected = by_scipy(zeros[:3], small1, zeros[:3], small2)
    cov1, cov2 = turn @ small1 @ turn.T, turn @ small2 @ turn.T
    assert frechet_distance(zeros, cov1, zeros, cov2) == pytest.approx(expected, rel=1e-6)
    assert frechet_distance(zeros, cov1, zeros, cov1) < 1e-6
    assert frechet_distance(zeros, 0 * cov1, zeros, cov2) == pytest.approx(np.trace(cov2))


def test_fid_is_that_of_the_sample_moments():
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(50, 8)), 2 * rng.normal(size=(70, 8)) + 1
    expected = by_scipy(a.mean(0), np.cov(a, rowvar=False), b.mean(0), np.cov(b, rowvar=False))
    assert fid(a, b) == pytest.approx(expected, rel=1e-8)
    assert fid(jnp.asarray(a), jnp.asarray(b)) == pytest.approx(expected, rel=1e-4)  # float32 in
    # Far from the origin, fewer rows than features, one feature; and from itself, 0.
    assert fid(a + 1e4, b + 1e4) == pytest.approx(expected, rel=1e-6)
    few = fid(a[:5], b[:5])
    few_expected = by_scipy(
        a[:5].mean(0), np.cov(a[:5], rowvar=False), b[:5].mean(0), np.cov(b[:5], rowvar=False)
    )
    assert few == pytest.approx(few_expected, rel=1e-6)
    one = (a[:, :1].mean() - b[:, :1].mean()) ** 2 + (
        a[:, 0].std(ddof=1) - b[:, 0].std(ddof=1)
    ) ** 2
    assert fid(a[:, :1], b[:, :1]) == pytest.approx(one, rel=1e-8)
    assert fid(a, a) < 1e-12


def test_what_does_not_fit_is_refused():
    good = np.zeros((4, 3))
    with pytest.raises(ValueError, match="with one D"):
        fid(good, np.zeros((4, 2)))
    with pytest.raises(ValueError, match="N at least 2"):
        fid(good, np.zeros((1, 3)))
    with pytest.raises(ValueError, match="1 of 4 rows are not finite"):
        fid(good, np.where(np.arange(4)[:, None] == 2, np.nan, good))
    with pytest.raises(ValueError, match="needs"):
        frechet_distance(np.zeros(3), np.eye(3), np.zeros(2), np.eye(2))
    with pytest.raises(ValueError, match="not finite"):
        frechet_distance(np.zeros(2), np.eye(2), np.full(2, np.inf), np.eye(2))
