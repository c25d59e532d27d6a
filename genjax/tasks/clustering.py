"""Clustering without labels, of pixels or of codes, and how well it agrees with classes.

Everything is fitted to training examples alone, and their labels are for the judge only.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from sklearn.cluster import AgglomerativeClustering, KMeans
from sklearn.decomposition import PCA
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KNeighborsClassifier

from genjax.metrics import clustering_accuracy

_FULL_UP_TO = 100  # dimensions: beyond, a mixture's covariances are diagonal
_REGULARIZATION = 1e-3  # of covariances, as a share of the mean variance: pixels may be constant


class Clusters(NamedTuple):
    """Clusters of the examples of two splits, integers from 0, [N] each."""

    train: np.ndarray
    test: np.ndarray


def k_means(seed: int, num_clusters: int, train: np.ndarray, test: np.ndarray) -> Clusters:
    """k-means, the best of 20 starts; test examples go to the nearest centre.

    Args:
        seed: of the starts.
        num_clusters: K.
        train: what it is fitted to, [N, D].
        test: [M, D].
    """
    found = KMeans(num_clusters, n_init=20, random_state=seed).fit(train)
    return Clusters(found.labels_, found.predict(test))


def gaussian_mixture(seed: int, num_clusters: int, train: np.ndarray, test: np.ndarray) -> Clusters:
    """The likeliest component of a Gaussian mixture, the best of 3 starts.

    Covariances are full up to 100 dimensions, and diagonal beyond; a thousandth of the mean variance is
    added to each.

    Args:
        seed, num_clusters, train, test: as in `k_means`.
    """
    found = GaussianMixture(
        num_clusters,
        covariance_type="full" if train.shape[1] <= _FULL_UP_TO else "diag",
        reg_covar=_REGULARIZATION * float(train.var(axis=0).mean()) + 1e-12,
        n_init=3,
        random_state=seed,
    ).fit(train)
    return Clusters(found.predict(train), found.predict(test))


def agglomerative(seed: int, num_clusters: int, train: np.ndarray, test: np.ndarray) -> Clusters:
    """Ward's agglomeration; it has no rule for new examples, so these go with the nearest old one.

    Args:
        seed: of nothing, for it draws nothing.
        num_clusters, train, test: as in `k_means`.
    """
    del seed
    labels = AgglomerativeClustering(num_clusters).fit_predict(train)
    nearest = KNeighborsClassifier(1).fit(train, labels)
    return Clusters(labels, nearest.predict(test))


Algorithm = Callable[[int, int, np.ndarray, np.ndarray], Clusters]
ALGORITHMS: dict[str, Algorithm] = {
    "kmeans": k_means,
    "gmm": gaussian_mixture,
    "agglomerative": agglomerative,
}


def principal_components(
    num_components: int, train: np.ndarray, test: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Both splits on the first principal components of the first.

    Args:
        num_components: at most as many as there are dimensions or training examples.
        train: [N, D].
        test: [M, D].

    Returns:
        [N, num_components] and [M, num_components].
    """
    found = PCA(min(num_components, *train.shape), random_state=0).fit(train)
    return found.transform(train), found.transform(test)


def agreement(labels: np.ndarray, clusters: np.ndarray) -> dict[str, float]:
    """`accuracy` (by the best pairing), `nmi` and `ari` of clusters with classes.

    Args:
        labels: classes, integers from 0, [N].
        clusters: integers from 0, [N].

    Returns:
        The three by name; chance is one over the number of classes, or more where classes differ in
        size, for the first, and 0 for the last.
    """
    return {
        "accuracy": clustering_accuracy(labels, clusters),
        "nmi": float(normalized_mutual_info_score(labels, clusters)),
        "ari": float(adjusted_rand_score(labels, clusters)),
    }
