"""The Inception score by its extremes, where every sample is sure and where none knows anything."""

import numpy as np
import pytest
from scipy.stats import entropy

from genjax.metrics import inception_score


def test_extremes():
    sure = np.eye(10)[np.tile(np.arange(10), 100)]
    assert inception_score(sure, num_splits=1).value == pytest.approx(10.0)
    assert inception_score(np.full((50, 10), 0.1)).value == pytest.approx(1.0)
    assert inception_score(sure[::10], num_splits=4).value == pytest.approx(1.0)  # one class only


def test_it_is_the_mutual_information():
    """exp(H(mean) - mean H), by SciPy's entropy, of float32 probabilities; the splits' deviation."""
    p = np.random.default_rng(0).dirichlet(np.full(6, 0.3), size=200).astype(np.float32)
    expected = np.exp(entropy(p.mean(axis=0)) - entropy(p, axis=1).mean())
    found = inception_score(p, num_splits=1)
    assert found.value == pytest.approx(expected, rel=1e-5) and found.std == 0
    split = inception_score(p, num_splits=4)
    assert split.num_splits == 4 and split.std > 0 and split.value < found.value


def test_samples_sorted_by_class_score_as_shuffled_ones():
    """Split in their own order they would score 1 (a class each) and not the number of classes."""
    found = inception_score(np.eye(10)[np.repeat(np.arange(10), 500)])
    assert 9.8 < found.value < 10 and found.std < 0.1


@pytest.mark.parametrize(
    "p, splits, message",
    [
        (np.ones((20, 2)), 2, "softmax"),
        (np.tile([1.5, -0.5], (20, 1)), 2, "softmax"),
        (np.full((3, 2), 0.5), 10, "N at least 10"),
        (np.full(10, 0.1), 1, "must be"),
        (np.full((4, 2), 0.5), 0, "at least 1, got 0"),
    ],
)
def test_what_is_no_probability_is_refused(p, splits, message):
    with pytest.raises(ValueError, match=message):
        inception_score(p, num_splits=splits)
