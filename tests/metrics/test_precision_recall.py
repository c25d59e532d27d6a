"""Precision, recall, density and coverage: by SciPy's distances, and where the answer is known."""

import importlib

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from genjax.metrics import density_coverage, precision_recall


def radii(x, k):
    return np.sort(cdist(x, x), axis=1)[:, k]  # column 0 is the point itself


@pytest.mark.parametrize("k", [1, 3, 5])
def test_they_are_those_of_the_whole_matrix(monkeypatch, k):
    """In blocks that do not divide the sets, far from the origin."""
    module = importlib.import_module("genjax.metrics.precision_recall")
    monkeypatch.setattr(module, "_BLOCK", 32)
    rng = np.random.default_rng(k)
    real, fake = rng.normal(size=(101, 6)) + 100, 0.7 * rng.normal(size=(83, 6)) + 100.4
    between = cdist(real, fake)
    in_real = between <= radii(real, k)[:, None]
    found = precision_recall(real, fake, num_neighbors=k)
    assert found.precision == pytest.approx(in_real.any(axis=0).mean())
    assert found.recall == pytest.approx((between <= radii(fake, k)[None]).any(axis=1).mean())
    assert found.recall < found.precision <= 1  # the fakes are the narrower
    found = density_coverage(real, fake, num_neighbors=k)
    assert found.density == pytest.approx(in_real.sum() / (k * 83))
    assert found.coverage == pytest.approx(in_real.any(axis=1).mean())
    assert 0 < found.coverage < 1


def test_extremes():
    """A set and itself; sets far apart; and fakes that are copies of one real."""
    real = np.random.default_rng(0).normal(size=(60, 3))
    assert precision_recall(real, real) == (1.0, 1.0)
    assert density_coverage(real, real).coverage == 1.0
    assert precision_recall(real, real + 1e3) == (0.0, 0.0)
    assert density_coverage(real, real + 1e3) == (0.0, 0.0)
    copies = np.tile(real[:1], (60, 1))
    assert precision_recall(real, copies) == (1.0, 1 / 60)
    assert precision_recall(copies, copies) == (1.0, 1.0)


def test_one_distribution():
    """E density is 1, and coverage 1 - C(M, k)-ish: 1 - ((N-1)...(N-k)) / ((2N-1)...(2N-k)), N = M.

    Naeem et al., 2020, lemmas 1 and 2.
    """
    num, k = 400, 5
    found = [
        density_coverage(*np.random.default_rng(seed).normal(size=(2, num, 8))) for seed in range(8)
    ]
    steps = np.arange(1, k + 1)
    expected = 1 - np.prod((num - steps) / (2 * num - steps))
    assert np.mean([each.density for each in found]) == pytest.approx(1.0, abs=0.05)
    assert np.mean([each.coverage for each in found]) == pytest.approx(expected, abs=0.01)


def test_an_outlier_misleads_recall_and_not_coverage():
    """Fakes in one narrow place, and one far off, whose ball holds half the plane."""
    rng = np.random.default_rng(1)
    real = rng.normal(size=(200, 2))
    narrow = 0.05 * rng.normal(size=(200, 2))
    misled = np.concatenate([narrow[1:], [[30.0, 30.0]]])
    assert precision_recall(real, narrow).recall < 0.1
    assert precision_recall(real, misled).recall > 0.3
    assert density_coverage(real, misled).coverage < 0.1


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="3 rows have no 3 neighbours"):
        precision_recall(np.zeros((9, 2)), np.zeros((3, 2)))
    with pytest.raises(ValueError, match="5 rows have no 5 neighbours"):
        density_coverage(np.zeros((5, 2)), np.zeros((9, 2)))
    with pytest.raises(ValueError, match="with one D"):
        density_coverage(np.zeros((9, 2)), np.zeros((9, 3)))
    with pytest.raises(ValueError, match="at least 1, got 0"):
        precision_recall(np.zeros((9, 2)), np.zeros((9, 2)), num_neighbors=0)
