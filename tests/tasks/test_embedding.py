"""PCA's errors by hand, the measures by scikit-learn, and methods on a set that is easy."""

import warnings

import numpy as np
import pytest
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from genjax.tasks import embedding

RNG = np.random.default_rng(0)
X = RNG.normal(size=(60, 6)) * [5, 4, 3, 1, 0.5, 0.1]


def test_errors_of_principal_components_are_those_of_reconstructions():
    train, test = X[:40], X[40:]
    errors = embedding.pca_errors(train, test)
    assert errors.shape == (7,) and errors[6] == pytest.approx(0, abs=1e-9)
    for size in range(1, 7):
        found = PCA(size).fit(train)
        back = found.inverse_transform(found.transform(test))
        expected = np.square(test - back).sum(axis=1).mean()
        assert errors[size] == pytest.approx(expected, abs=1e-9)
    mean = np.square(test - train.mean(axis=0)[None]).sum(axis=1).mean()
    assert errors[0] == pytest.approx(mean)


def test_quality_is_scikit_learns_whatever_the_type():
    x = X.astype(np.float32)
    found = embedding.quality(x, x[:, :2], 7)
    exact = x.astype(np.float64)
    assert found["trustworthiness"] == pytest.approx(
        trustworthiness(exact, exact[:, :2], n_neighbors=7), abs=1e-12
    )
    assert found["continuity"] == pytest.approx(
        trustworthiness(exact[:, :2], exact, n_neighbors=7), abs=1e-12
    )


@pytest.mark.parametrize("method", ["pca", "isomap", "tsne"])
def test_classes_that_lie_apart_stay_apart_on_the_map(method):
    labels = np.arange(60) % 2
    x = X.copy()
    x[:, 0] += 60 * labels
    split = np.arange(60) < 40
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Isomap's graph falls into two parts, which it joins
        found = embedding.embed(method, 0, x[split], x[~split])
    assert found.train.shape == (40, 2) and found.test.shape == (20, 2)
    assert embedding.neighbor_accuracy(found, labels[split], labels[~split]) == 1.0
    half = embedding.neighbor_accuracy(found, labels[split], 1 - labels[~split])
    assert half == 0.0


def test_an_unknown_method_is_refused():
    with pytest.raises(ValueError, match=r"methods are pca, isomap, tsne.*'som' is none"):
        embedding.embed("som", 0, X, X)
