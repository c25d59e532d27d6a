"""Where clusters of codes begin: scikit-learn's algorithms, called from inside traced functions."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import check_name

STARTS = ("kmeans", "gmm")
_RESTARTS = {"kmeans": 20, "gmm": 5}
# Larger arguments of a callback are copied by a thread of the pool, for which the callback waits in
# another: with a single core there is none, and it waits for ever.
_BYTES = 65_536
_LEAST_SHARE = 1e-4  # of the mean variance: a cluster may be one point


class Clusters(NamedTuple):
    """K clusters of D numbers, float32.

    Attributes:
        means: [K, D].
        log_variances: of each number within each cluster, [K, D].
        log_weights: of their shares, [K].
    """

    means: jax.Array
    log_variances: jax.Array
    log_weights: jax.Array


def first_clusters(key: jax.Array, codes: jax.Array, num_clusters: int, start: str) -> Clusters:
    """Clusters of codes, found on the host; deterministic given the key, under jit and vmap as well.

    Args:
        key: of the starts.
        codes: [N, D].
        num_clusters: K.
        start: `kmeans`, the best of 20 starts; `gmm`, a mixture of Gaussians with full covariances, the
            best of 5 starts.

    Raises:
        ValueError: for a start that is none.
    """
    check_name("start", start, STARTS)

    def on_host(seed, *pieces):
        # Seconds to import, and these starts alone need it of all that models are made of.
        from sklearn.cluster import KMeans
        from sklearn.mixture import GaussianMixture

        codes = np.concatenate([np.asarray(piece, np.float64) for piece in pieces])
        options = {"n_init": _RESTARTS[start], "random_state": int(seed)}
        if start == "gmm":
            found = GaussianMixture(num_clusters, **options).fit(codes)
            variances = np.diagonal(found.covariances_, axis1=1, axis2=2)
            return _clusters(codes, found.means_, variances, found.weights_)
        labels = KMeans(num_clusters, **options).fit_predict(codes)
        groups = [codes[labels == number] for number in range(num_clusters)]
        means = np.stack([group.mean(axis=0) for group in groups])
        variances = np.stack([group.var(axis=0) for group in groups])
        return _clusters(codes, means, variances, np.array([len(group) for group in groups]))

    seed = jax.random.randint(key, (), 0, 2**31 - 1)
    wide = jax.ShapeDtypeStruct((num_clusters, codes.shape[1]), jnp.float32)
    shapes = Clusters(wide, wide, jax.ShapeDtypeStruct((num_clusters,), jnp.float32))
    num_pieces = -(-codes.size * codes.dtype.itemsize // _BYTES)
    pieces = jnp.array_split(codes, min(num_pieces, len(codes)))
    return jax.pure_callback(on_host, shapes, seed, *pieces, vmap_method="sequential")


def _clusters(codes, means, variances, weights) -> Clusters:
    least = _LEAST_SHARE * codes.var(axis=0).mean() + 1e-12
    found = means, np.log(np.maximum(variances, least)), np.log(weights / weights.sum())
    return Clusters(*(value.astype(np.float32) for value in found))
