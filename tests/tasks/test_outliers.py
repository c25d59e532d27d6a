"""Scores of outliers: closed forms, ties to scikit-learn, and what is refused."""

import math
import zlib

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoencoders import autoencoder
from genjax.core import Spec
from genjax.tasks import outliers as tasks
from genjax.vae import vae

KEY = jax.random.key(0)


def variables_of(model, spec):
    batch = {spec.entry: jnp.zeros((4, *spec.shape))}
    return jax.jit(model.init)(KEY, batch).variables


def test_a_model_has_the_scores_of_its_capabilities():
    spec = Spec((5,), 2)
    x = jnp.asarray(np.random.default_rng(0).integers(0, 2, (6, 5)), jnp.float32)
    bits = vae(spec, hidden=(4,), importance_samples=3, importance_chunk=3)
    variables = variables_of(bits, spec)
    scores = tasks.model_scores(bits, spec, variables)
    assert list(scores) == ["log_prob", "elbo", "reconstruction"]
    values = {name: jax.jit(score)(KEY, variables, x) for name, score in scores.items()}
    exact = jax.jit(bits.log_prob)(KEY, variables, x)
    np.testing.assert_allclose(values["log_prob"], -exact, rtol=1e-5)
    back = jax.jit(lambda v, x: bits.decode(None, v, bits.encode(None, v, x)))
    decoded = back(variables, x)
    np.testing.assert_allclose(values["reconstruction"], ((x - decoded) ** 2).sum(1), rtol=1e-5)
    assert (values["elbo"] > 0).all()
    plain = autoencoder(spec, code_dim=2, hidden=())
    found = tasks.model_scores(plain, spec, variables_of(plain, spec))
    assert list(found) == ["reconstruction"]
    searching = plain._replace(
        encode=None, evaluate=None, search=lambda key, variables, x: (x, x.sum(1))
    )
    found = tasks.model_scores(searching, spec, {})
    assert list(found) == ["search"]
    np.testing.assert_array_equal(found["search"](KEY, {}, x), x.sum(1))
    assert tasks.has_numbers_for_codes(plain, spec, variables_of(plain, spec))


def test_latent_distance_is_mahalanobis():
    """With many codes the shrinkage is nothing: the textbook formula, in NumPy."""
    rng = np.random.default_rng(0)
    train = rng.normal(size=(20_000, 3)) @ np.array([[3.0, 1, 0], [0, 1, 0], [0, 0, 0.2]])
    x = rng.normal(size=(5, 3))
    off = x - train.mean(0)
    expected = np.einsum("ni,ij,nj->n", off, np.linalg.inv(np.cov(train.T)), off)
    np.testing.assert_allclose(tasks.latent_distance(train, x), expected, rtol=0.02)
    wide = tasks.latent_distance(rng.normal(size=(10, 4, 25)), rng.normal(size=(2, 4, 25)))
    assert np.isfinite(wide).all()  # more numbers than codes
    with pytest.raises(ValueError, match="two codes or more of one shape"):
        tasks.latent_distance(train, x[:, :2])


def test_baselines_score_what_is_far_higher():
    rng = np.random.default_rng(0)
    train, x = rng.normal(size=(200, 6, 1)), rng.normal(size=(40, 6, 1))
    x[20:] += 6.0
    scores = tasks.baseline_scores(train, x, num_components=2)
    far = np.arange(40) >= 20
    for name in ("isolation_forest", "local_outlier_factor", "distance_to_mean"):
        assert tasks.ranking(scores[name], far)["roc_auc"] > 0.99, name
    expected = np.linalg.norm((x - train.mean(0))[..., 0], axis=1)
    np.testing.assert_allclose(scores["distance_to_mean"], expected)
    _, _, axes = np.linalg.svd(train[..., 0] - train[..., 0].mean(0), full_matrices=False)
    off = (x - train.mean(0))[..., 0]
    error = ((off - off @ axes[:2].T @ axes[:2]) ** 2).sum(1)
    np.testing.assert_allclose(scores["pca"], error, rtol=1e-6)
    assert set(tasks.baseline_scores(train[:2], x)) == set(scores)  # two examples are enough
    with pytest.raises(ValueError, match="of one shape"):
        tasks.baseline_scores(train, x[:, :3])


def test_ranking_is_larger_for_outliers():
    found = tasks.ranking(np.array([0.1, 0.4, 0.35, 0.8]), np.array([0, 0, 1, 1]))
    assert found["roc_auc"] == pytest.approx(0.75)
    assert found["average_precision"] == pytest.approx(0.8333333)  # scikit-learn's own example
    for score, outlier, message in (
        ([1.0, np.nan], [0, 1], "not finite"),
        ([1.0, 2.0], [1, 1], "outliers and others"),
        ([1.0], [0, 1], r"\[N\] twice"),
    ):
        with pytest.raises(ValueError, match=message):
            tasks.ranking(np.array(score), np.array(outlier))


@pytest.mark.parametrize("levels", [2, 17, None])
def test_spoilt_elements_are_as_many_as_asked_and_levels(levels):
    x = jnp.full((50, 8, 8, 1), 0.5 if levels is None else 1.0)
    noisy = np.asarray(jax.jit(tasks.spoilt, static_argnums=(2, 3))(KEY, x, 0.25, levels))
    kept = 1 - 0.25 * (1 - (1 / levels if levels else 0))  # some draws are what was there
    assert (noisy == np.asarray(x)).mean() == pytest.approx(kept, abs=0.02)
    if levels:
        scaled = noisy * (levels - 1)
        np.testing.assert_allclose(scaled, np.round(scaled), atol=1e-5)
    assert noisy.min() >= 0 and noisy.max() <= 1
    with pytest.raises(ValueError, match="above 0 and at most 1"):
        tasks.spoilt(KEY, x, 0.0, levels)


def test_complexity_is_the_shortest_file():
    rng = np.random.default_rng(0)
    flat = np.full((1, 16, 16, 1), 0.5)
    noise = rng.integers(0, 256, (1, 16, 16, 1)) / 255
    low, high = tasks.complexity(np.concatenate([flat, noise]), 256)
    assert low < high
    assert high >= 256 * 8 * math.log(2)  # 256 random bytes do not get shorter
    vector = rng.integers(0, 2, (1, 40)).astype(float)
    bytes_of = vector[0].astype(np.uint8).tobytes()
    assert tasks.complexity(vector, 2)[0] == pytest.approx(
        len(zlib.compress(bytes_of, 9)) * 8 * math.log(2)
    )
