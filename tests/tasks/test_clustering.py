"""Algorithms on blobs, agreement by scikit-learn, and the toy sets as the page draws them."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from genjax.tasks import clustering, toy_clustering


@pytest.mark.parametrize("name", clustering.ALGORITHMS)
def test_blobs_are_found_and_new_points_go_where_they_belong(name):
    rng = np.random.default_rng(0)
    labels = np.arange(90) % 3
    x = 8.0 * np.eye(3, 5)[labels] + rng.normal(size=(90, 5))
    x[:, 4] = 1.0  # a pixel that never changes
    found = clustering.ALGORITHMS[name](0, 3, x[:60], x[60:])
    for of, clusters in ((labels[:60], found.train), (labels[60:], found.test)):
        assert clustering.agreement(of, clusters) == {"accuracy": 1.0, "nmi": 1.0, "ari": 1.0}


def test_agreement_by_chance_is_near_nothing():
    rng = np.random.default_rng(0)
    labels, clusters = rng.integers(0, 10, 2000), rng.integers(0, 10, 2000)
    found = clustering.agreement(labels, clusters)
    assert 0.1 <= found["accuracy"] < 0.15 and found["nmi"] < 0.02 and abs(found["ari"]) < 0.01


def test_principal_components_are_those_of_the_training_examples():
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(20, 4)) * [9, 1, 1, 1], rng.normal(size=(5, 4)) * [1, 9, 1, 1]
    of_train, of_test = clustering.principal_components(1, train, test)
    assert of_train.shape == (20, 1) and of_test.shape == (5, 1)
    assert abs(np.corrcoef(of_train[:, 0], train[:, 0])[0, 1]) > 0.99
    assert clustering.principal_components(99, train, test)[0].shape == (20, 4)


def test_the_toy_sets_are_the_pages_and_density_finds_what_k_means_does_not():
    sets = toy_clustering.toy_sets()
    assert len(sets) == 6 and len(toy_clustering.algorithms()) == 11
    for toy in sets.values():
        assert toy.x.shape == (500, 2)
        np.testing.assert_allclose(toy.x.std(axis=0), 1.0, rtol=1e-4)
    assert sets["no structure"].labels is None

    def ari(row, column):
        clusters, seconds = toy_clustering.run(toy_clustering.algorithms()[column], sets[row])
        assert seconds > 0
        return adjusted_rand_score(sets[row].labels, clusters)

    assert ari("noisy circles", "DBSCAN") == 1.0 and ari("noisy moons", "HDBSCAN") == 1.0
    assert ari("noisy circles", "BIRCH") < 0.1
    assert ari("anisotropic blobs", "Gaussian mixture") > 0.99
    assert ari("blobs", "Ward") > 0.9 > 0.7 > ari("anisotropic blobs", "Ward")
    with pytest.raises(ValueError, match="at least 50, got 10"):
        toy_clustering.toy_sets(10)
