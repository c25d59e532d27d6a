"""Six sets of points in the plane and the algorithms that scikit-learn's comparison page shows on them.

The sets, the algorithms and their settings, chosen for each set by eye, are those of "Comparing
different clustering algorithms on toy datasets" in scikit-learn's gallery.
"""

import time
import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from sklearn import cluster, datasets, mixture
from sklearn.neighbors import kneighbors_graph
from sklearn.preprocessing import StandardScaler

from genjax.core import check_at_least

_SEED, _SKEWED_SEED, _RANDOM_STATE = 30, 170, 42  # the page's

_USUAL = {
    "quantile": 0.3,
    "eps": 0.3,
    "damping": 0.9,
    "preference": -200,
    "n_neighbors": 3,
    "n_clusters": 3,
    "min_samples": 7,
    "xi": 0.05,
    "min_cluster_size": 0.1,
}


class ToySet(NamedTuple):
    """Points with their classes, and what the page sets for the algorithms.

    Attributes:
        x: standardised, float32, [N, 2].
        labels: classes, [N]; None where there is no structure to find.
        settings: of the algorithms; `n_clusters` says how many there are to find.
    """

    x: np.ndarray
    labels: np.ndarray | None
    settings: dict[str, Any]


def toy_sets(num_points: int = 500) -> dict[str, ToySet]:
    """The six sets by name, always the same.

    Args:
        num_points: of each.

    Raises:
        ValueError: for fewer than 50 points, with which some algorithms cannot work.
    """
    check_at_least(50, num_points=num_points)
    circles = datasets.make_circles(num_points, factor=0.5, noise=0.05, random_state=_SEED)
    moons = datasets.make_moons(num_points, noise=0.05, random_state=_SEED)
    stds = [1.0, 2.5, 0.5]
    varied = datasets.make_blobs(num_points, cluster_std=stds, random_state=_SKEWED_SEED)
    skewed, of_skewed = datasets.make_blobs(num_points, random_state=_SKEWED_SEED)
    skewed = skewed @ np.array([[0.6, -0.6], [-0.4, 0.8]])
    blobs = datasets.make_blobs(num_points, random_state=_SEED)
    uniform = np.random.RandomState(_SEED).rand(num_points, 2)
    rings = {"damping": 0.77, "preference": -240, "quantile": 0.2, "n_clusters": 2, "xi": 0.08}
    halves = {"damping": 0.75, "preference": -220, "n_clusters": 2, "xi": 0.1}
    large = {"min_cluster_size": 0.2}
    rows = {
        "noisy circles": (*circles, rings),
        "noisy moons": (*moons, halves),
        "varied blobs": (*varied, {"eps": 0.18, "n_neighbors": 2, "xi": 0.01, **large}),
        "anisotropic blobs": (
            skewed,
            of_skewed,
            {"eps": 0.15, "n_neighbors": 2, "xi": 0.1, **large},
        ),
        "blobs": (*blobs, {"xi": 0.1, **large}),
        "no structure": (uniform, None, {}),
    }
    return {
        name: ToySet(
            StandardScaler().fit_transform(x).astype(np.float32), labels, {**_USUAL, **settings}
        )
        for name, (x, labels, settings) in rows.items()
    }


def algorithms() -> dict[str, Callable[[np.ndarray, dict[str, Any]], Any]]:
    """The page's algorithms by name: `(x, settings) -> estimator`, not fitted yet."""
    seeded = {"random_state": _RANDOM_STATE}
    return {
        "MiniBatchKMeans": lambda x, s: cluster.MiniBatchKMeans(s["n_clusters"], **seeded),
        "Affinity propagation": lambda x, s: cluster.AffinityPropagation(
            damping=s["damping"], preference=s["preference"], **seeded
        ),
        "Mean shift": lambda x, s: cluster.MeanShift(
            bandwidth=cluster.estimate_bandwidth(x, quantile=s["quantile"], random_state=0),
            bin_seeding=True,
        ),
        "Spectral": lambda x, s: cluster.SpectralClustering(
            s["n_clusters"], eigen_solver="arpack", affinity="nearest_neighbors", **seeded
        ),
        "Ward": lambda x, s: cluster.AgglomerativeClustering(
            s["n_clusters"], linkage="ward", connectivity=_graph(x, s)
        ),
        "Agglomerative": lambda x, s: cluster.AgglomerativeClustering(
            s["n_clusters"], linkage="average", metric="cityblock", connectivity=_graph(x, s)
        ),
        "DBSCAN": lambda x, s: cluster.DBSCAN(eps=s["eps"]),
        "HDBSCAN": lambda x, s: cluster.HDBSCAN(
            min_samples=3, min_cluster_size=15, allow_single_cluster=True, copy=True
        ),
        "OPTICS": lambda x, s: cluster.OPTICS(
            min_samples=s["min_samples"], xi=s["xi"], min_cluster_size=s["min_cluster_size"]
        ),
        "BIRCH": lambda x, s: cluster.Birch(n_clusters=s["n_clusters"]),
        "Gaussian mixture": lambda x, s: mixture.GaussianMixture(s["n_clusters"], **seeded),
    }


def run(make: Callable[[np.ndarray, dict[str, Any]], Any], toy: ToySet) -> tuple[np.ndarray, float]:
    """Clusters of a set by an algorithm, and the seconds that it took.

    Args:
        make: of `algorithms`.
        toy: the set.

    Returns:
        Integers from 0, and -1 for noise, [N]; seconds, what is prepared for the algorithm included.
    """
    x = toy.x.astype(np.float64)
    began = time.perf_counter()
    with warnings.catch_warnings():
        # Graphs of several parts are completed, as on the page, and it is said on every one.
        warnings.simplefilter("ignore", UserWarning)
        found = make(x, toy.settings).fit_predict(x)
    return found, time.perf_counter() - began


def _graph(x, settings):
    connectivity = kneighbors_graph(x, settings["n_neighbors"], include_self=False)
    return 0.5 * (connectivity + connectivity.T)
