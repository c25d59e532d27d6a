"""Accuracy of clusters by the best pairing: all pairings tried, and cases by hand."""

import itertools

import numpy as np
import pytest

from genjax.metrics import clustering_accuracy


def test_the_pairing_is_the_best_of_all():
    rng = np.random.default_rng(0)
    labels, clusters = rng.integers(0, 4, 50), rng.integers(0, 4, 50)
    shares = [
        (np.array(order)[clusters] == labels).mean() for order in itertools.permutations(range(4))
    ]
    assert clustering_accuracy(labels, clusters) == pytest.approx(max(shares), abs=1e-12)


@pytest.mark.parametrize(
    "labels, clusters, expected",
    [
        ([0, 0, 1, 1, 2], [2, 2, 0, 0, 1], 1.0),
        ([0, 0, 1, 1], [0, 1, 2, 3], 0.5),  # a class has one cluster, however many there are
        ([0, 0, 1, 1], [0, 0, 0, 0], 0.5),  # and a cluster one class
        ([0, 0, 1, 1], [0, 0, -1, 1], 0.75),  # noise is wrong
        ([0, 1], [-1, -1], 0.0),
        ([3], [0], 1.0),
    ],
)
def test_by_hand(labels, clusters, expected):
    assert clustering_accuracy(np.array(labels), np.array(clusters)) == expected


def test_what_does_not_fit_is_refused():
    for labels, clusters in (([0, 1], [0]), ([], []), ([[0]], [[0]])):
        with pytest.raises(ValueError, match="labels and clusters are"):
            clustering_accuracy(np.array(labels, int), np.array(clusters, int))
