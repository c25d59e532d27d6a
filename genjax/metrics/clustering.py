"""How well clusters agree with classes that nobody told."""

import numpy as np
from scipy.optimize import linear_sum_assignment


def clustering_accuracy(labels: np.ndarray, clusters: np.ndarray) -> float:
    """max over pairings of clusters with classes of the share of examples that their pairs agree on.

    Each cluster stands for at most one class, and each class for at most one cluster; the best pairing
    is found by the Hungarian algorithm. Normalised mutual information and the adjusted Rand index,
    which need no pairing, are scikit-learn's.

    Args:
        labels: classes, integers from 0, [N].
        clusters: integers from 0, [N]; -1 for examples in none (noise), which count as wrong.

    Returns:
        In [0, 1].

    Raises:
        ValueError: if the shapes differ or there is no example.

    Xie, Girshick and Farhadi, 2016, arXiv:1511.06335, equation 10.
    """
    labels, clusters = np.asarray(labels), np.asarray(clusters)
    if labels.shape != clusters.shape or labels.ndim != 1 or not len(labels):
        raise ValueError(f"labels and clusters are [N], got {labels.shape} and {clusters.shape}")
    found = clusters >= 0
    counts = np.zeros((labels.max() + 1, max(clusters.max(), 0) + 1), np.int64)
    np.add.at(counts, (labels[found], clusters[found]), 1)
    return float(counts[linear_sum_assignment(counts, maximize=True)].sum() / len(labels))
