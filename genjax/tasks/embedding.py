"""Maps of few numbers: PCA, t-SNE, Isomap and UMAP beside a model's codes, and how good a map is."""

import importlib.util
from typing import NamedTuple

import jax
import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, Isomap
from sklearn.neighbors import KNeighborsClassifier

from genjax import metrics


class Embedded(NamedTuple):
    """The same map of two splits, [N, D] each."""

    train: np.ndarray
    test: np.ndarray


METHODS = ("pca", "isomap", "tsne", "umap")
_NEIGHBORS = {"isomap": 10, "umap": 15}  # the first is usual for sets of some hundreds of points
_PERPLEXITY = 30.0


def available() -> tuple[str, ...]:
    """The methods that can be used here: UMAP needs the package umap-learn."""
    return tuple(name for name in METHODS if name != "umap" or importlib.util.find_spec("umap"))


def embed(
    method: str, seed: int, train: np.ndarray, test: np.ndarray, num_dims: int = 2
) -> Embedded:
    """A map of both splits by one method, without labels.

    All but t-SNE are fitted to the training examples and then applied to the test examples. t-SNE has
    no rule for new examples: both splits are laid out together, which flatters it.

    Args:
        method: one of `available()`.
        seed: of its draws.
        train: [N, D].
        test: [M, D].
        num_dims: numbers in the map; t-SNE takes 2 or 3.

    Raises:
        ValueError: if the method is none, or not installed.
    """
    if method not in available():
        hint = ": pip install umap-learn" if method == "umap" else ""
        raise ValueError(f"methods are {', '.join(available())}; {method!r} is none{hint}")
    if method == "tsne":
        together = np.concatenate([train, test])
        perplexity = min(_PERPLEXITY, (len(together) - 1) / 3)
        found = TSNE(num_dims, perplexity=perplexity, init="pca", random_state=seed)
        points = found.fit_transform(together)
        return Embedded(points[: len(train)], points[len(train) :])
    if method == "pca":
        found = PCA(num_dims, random_state=seed)
    elif method == "isomap":
        found = Isomap(n_components=num_dims, n_neighbors=min(_NEIGHBORS["isomap"], len(train) - 1))
    else:
        import umap  # slow to import, and optional

        found = umap.UMAP(
            n_components=num_dims, n_neighbors=_NEIGHBORS["umap"], random_state=seed, n_jobs=1
        )
    return Embedded(np.asarray(found.fit_transform(train)), np.asarray(found.transform(test)))


def quality(x: np.ndarray, embedded: np.ndarray, num_neighbors: int = 5) -> dict[str, float]:
    """`trustworthiness` and `continuity` of a map, with distances in float64.

    Args:
        x: the examples, [N, ...].
        embedded: the map, [N, D].
        num_neighbors: k, below N / 2.
    """
    measures = {"trustworthiness": metrics.trustworthiness, "continuity": metrics.continuity}
    with jax.enable_x64(True):
        arrays = np.asarray(x, np.float64).reshape(len(x), -1), np.asarray(embedded, np.float64)
        return {
            name: float(jax.jit(measure, static_argnames="num_neighbors")(
                *arrays, num_neighbors=num_neighbors
            ))
            for name, measure in measures.items()
        }  # fmt: skip


def neighbor_accuracy(
    embedded: Embedded, train_labels: np.ndarray, test_labels: np.ndarray, num_neighbors: int = 5
) -> float:
    """Share of test examples whose class most of their nearest training examples on the map have.

    Args:
        embedded: the map.
        train_labels, test_labels: classes, [N] and [M].
        num_neighbors: that vote.
    """
    votes = KNeighborsClassifier(min(num_neighbors, len(train_labels)))
    return float(votes.fit(embedded.train, train_labels).score(embedded.test, test_labels))


def pca_errors(train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Squared error of test examples, summed over elements, by 0, 1, 2, ... principal components.

    Args:
        train: whose components they are, [N, D].
        test: [M, D].

    Returns:
        [min(N, D) + 1], from none (the mean alone) to all of them.
    """
    found = PCA().fit(train)
    codes = found.transform(test)
    whole = np.square(test - found.mean_[None]).sum(axis=1).mean()
    explained = np.square(codes).mean(axis=0)
    return np.maximum(whole - np.concatenate([[0.0], np.cumsum(explained)]), 0.0)
