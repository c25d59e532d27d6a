"""How unusual an example is: scores of a model and of common methods, larger for what is stranger.

A score is a function `(key, variables, x) -> [B]` of a capability that the model has. Likelihoods of
deep
models have a known failure: simpler images get higher ones, even of other kinds than the model has
seen (Nalisnick et al., 2018, arXiv:1810.09136). Two remedies compare with what is likely of any image:

    likelihood ratio  log p_background(x) - log p(x)     (Ren et al., 2019, arXiv:1906.02845)
    input complexity  -log p(x) - L(x)                   (Serra et al., 2020, arXiv:1909.11480)

where p_background is the same model trained on spoilt examples, and L(x) the length of a file in
nats.
"""

import bz2
import io
import math
import zlib
from collections.abc import Callable, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from PIL import Image
from sklearn.covariance import LedoitWolf
from sklearn.decomposition import PCA
from sklearn.ensemble import IsolationForest
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import LocalOutlierFactor

from genjax.core import Model, Spec

Score = Callable[..., jax.Array]
# Which score stands for a model that has several: fixed, for the best one of a test would flatter it.
PREFERENCE = ("log_prob", "elbo", "search", "reconstruction", "latent_distance")


def model_scores(model: Model, spec: Spec, variables: Any) -> dict[str, Score]:
    """The scores by name that need no training examples, for what the model can do.

    `log_prob` and `elbo` are their negatives, nats; `search` is the distance that a search of the
    latents leaves; `reconstruction` is the squared error, summed.

    Args:
        model: an unconditional one.
        spec: of its data.
        variables: of the model; only shapes matter.
    """
    scores = {}
    if model.log_prob is not None:
        scores["log_prob"] = lambda key, variables, x: -model.log_prob(key, variables, x)
    if "elbo" in _evaluated(model, spec, variables):
        scores["elbo"] = lambda key, variables, x: (
            -model.evaluate(key, variables, {spec.entry: x})["elbo"]
        )
    if model.search is not None:
        scores["search"] = lambda key, variables, x: model.search(key, variables, x)[1]
    if model.encode is not None and model.decode is not None:

        def reconstruction(key, variables, x):
            key_encode, key_decode = jax.random.split(key)
            z = model.encode(key_encode, variables, x)
            error = jnp.square(x - model.decode(key_decode, variables, z))
            return error.reshape(len(x), -1).sum(-1)

        scores["reconstruction"] = reconstruction
    return scores


def has_numbers_for_codes(model: Model, spec: Spec, variables: Any) -> bool:
    """Whether codes are numbers, between which there are distances, and not indices."""
    if model.encode is None:
        return False
    x = jnp.zeros((1, *spec.shape))
    code = jax.eval_shape(model.encode, jax.random.key(0), variables, x)
    return hasattr(code, "dtype") and jnp.issubdtype(code.dtype, jnp.floating)


def latent_distance(train: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """The squared Mahalanobis distance of codes to those of the training examples, [N].

    The covariance is shrunk as Ledoit and Wolf (2004) have it: codes may be as wide as there are
    examples.

    Args:
        train: [M, ...], at least 2.
        codes: [N, ...].

    Raises:
        ValueError: if the codes are of different shapes, or there are fewer than 2 to learn from.
    """
    if train.shape[1:] != codes.shape[1:] or len(train) < 2:
        raise ValueError(f"needs two codes or more of one shape, got {train.shape}, {codes.shape}")
    flat = lambda z: np.asarray(z, np.float64).reshape(len(z), -1)
    return LedoitWolf().fit(flat(train)).mahalanobis(flat(codes))


def baseline_scores(
    train: np.ndarray, x: np.ndarray, *, num_components: int = 8, seed: int = 0
) -> dict[str, np.ndarray]:
    """Scores of what one would use without a model, on elements as they are, [N] each, by name.

    `isolation_forest` (200 trees) and `local_outlier_factor` (20 neighbours) are scikit-learn's;
    `distance_to_mean` is the Euclidean one; `pca` is the squared error of the projection on the first
    principal components.

    Args:
        train: [M, ...], at least 2.
        x: [N, ...].
        num_components: of `pca`; at most one less than there are examples or elements.
        seed: of the forest.

    Raises:
        ValueError: if the examples are of different shapes, or there are fewer than 2 to learn from.
    """
    if train.shape[1:] != x.shape[1:] or len(train) < 2:
        raise ValueError(f"needs two examples or more of one shape, got {train.shape}, {x.shape}")
    train, x = (np.asarray(a, np.float64).reshape(len(a), -1) for a in (train, x))
    forest = IsolationForest(n_estimators=200, random_state=seed).fit(train)
    neighbours = min(20, len(train) - 1)
    factor = LocalOutlierFactor(n_neighbors=neighbours, novelty=True).fit(train)
    pca = PCA(max(1, min(num_components, *(n - 1 for n in train.shape)))).fit(train)
    return {
        "isolation_forest": -forest.score_samples(x),
        "local_outlier_factor": -factor.score_samples(x),
        "distance_to_mean": np.linalg.norm(x - train.mean(0, keepdims=True), axis=1),
        "pca": ((x - pca.inverse_transform(pca.transform(x))) ** 2).sum(1),
    }


def ranking(score: np.ndarray, is_outlier: np.ndarray) -> dict[str, float]:
    """`roc_auc` and `average_precision` of a score that is to be larger for outliers.

    Args:
        score: [N], finite.
        is_outlier: [N], bools, of both kinds.

    Raises:
        ValueError: if lengths differ, a score is not finite, or there are not both kinds.
    """
    score, is_outlier = np.asarray(score, np.float64), np.asarray(is_outlier, bool)
    if score.shape != is_outlier.shape or score.ndim != 1:
        raise ValueError(f"needs [N] twice, got {score.shape} and {is_outlier.shape}")
    if not np.isfinite(score).all():
        raise ValueError(f"{(~np.isfinite(score)).sum()} of {len(score)} scores are not finite")
    if is_outlier.all() or not is_outlier.any():
        raise ValueError(f"needs outliers and others, got {is_outlier.sum()} of {len(score)}")
    return {
        "roc_auc": float(roc_auc_score(is_outlier, score)),
        "average_precision": float(average_precision_score(is_outlier, score)),
    }


def spoilt(key: jax.Array, x: jax.Array, rate: float, num_levels: int | None) -> jax.Array:
    """x with elements replaced at random by uniform draws from their levels, or from [0, 1].

    What a background model learns from (Ren et al., 2019, arXiv:1906.02845, section 2).

    Args:
        key: for the draws.
        x: [B, ...], in [0, 1].
        rate: mu, how probable it is for each element, in (0, 1].
        num_levels: of an element; None where it is continuous.

    Raises:
        ValueError: if the rate is not such.
    """
    if not 0 < rate <= 1:
        raise ValueError(f"the rate must be above 0 and at most 1, got {rate}")
    key_which, key_value = jax.random.split(key)
    if num_levels is None:
        values = jax.random.uniform(key_value, x.shape)
    else:
        values = jax.random.randint(key_value, x.shape, 0, num_levels) / (num_levels - 1)
    return jnp.where(jax.random.bernoulli(key_which, rate, x.shape), values, x)


def complexity(x: np.ndarray, num_levels: int | None) -> np.ndarray:
    """L(x): the length of each example's shortest file, nats, [N].

    The shortest of zlib, bz2 and, of images, PNG; continuous values are rounded to 256 levels.

    Args:
        x: [N, ...], in [0, 1].
        num_levels: of an element; None where it is continuous.

    Serra et al., 2020, arXiv:1909.11480, section 3, who take the shortest of several coders, too.
    """
    levels = min(num_levels or 256, 256) - 1
    bytes_of = np.round(np.clip(x, 0, 1) * levels).astype(np.uint8)
    shortest = [min(map(len, _files(each))) for each in bytes_of]
    return np.array(shortest) * 8 * math.log(2)


def _files(x: np.ndarray) -> list[bytes]:
    files = [zlib.compress(x.tobytes(), 9), bz2.compress(x.tobytes(), 9)]
    if x.ndim == 3 and x.shape[-1] in (1, 3):
        buffer = io.BytesIO()
        Image.fromarray(x[..., 0] if x.shape[-1] == 1 else x).save(buffer, "png", optimize=True)
        files.append(buffer.getvalue())
    return files


def _evaluated(model: Model, spec: Spec, variables: Any) -> Mapping[str, Any]:
    if model.evaluate is None:
        return {}
    batch = {spec.entry: jnp.zeros((1, *spec.shape))}
    return jax.eval_shape(model.evaluate, jax.random.key(0), variables, batch)
