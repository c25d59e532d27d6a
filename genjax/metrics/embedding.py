"""Whether a map of few dimensions keeps the neighbours that points have in many."""

import jax
import jax.numpy as jnp

_ROWS_AT_A_TIME = 16  # what is held in memory is so many times N D numbers


def trustworthiness(x: jax.Array, embedded: jax.Array, *, num_neighbors: int = 5) -> jax.Array:
    """1 - 2 / (n k (2n - 3k - 1)) sum_i sum_{j in N_k(i)} max(0, r(i, j) - k).

    N_k(i) are the k nearest of i on the map, and r(i, j) says how far down the list of i's neighbours
    by true distance j stands (1 is the nearest). 1 where all neighbours on the map are true ones, 0.5
    or so for a map at random; Euclidean distances.

    The ranks are counted in integers, so a type matters only where it decides which of two distances
    is the smaller: in float64 the value is that of `sklearn.manifold.trustworthiness` to 1e-12.
    Whoever lies at the same distance is ranked by position, as a stable sort would; scikit-learn's
    sort leaves that order to the machine.

    Args:
        x: the points, [N, ...].
        embedded: the same points on the map, [N, D].
        num_neighbors: k, below N / 2.

    Returns:
        Scalar in [0, 1].

    Raises:
        ValueError: if the lengths differ, or k is not from 1 to below N / 2.

    Venna and Kaski, 2001, "Neighborhood preservation in nonlinear projection methods".
    """
    num, k = len(x), num_neighbors
    if jnp.ndim(x) < 2 or jnp.ndim(embedded) < 2 or len(embedded) != num:
        raise ValueError(
            "x and embedded are [N, ...] of the same points, "
            f"got {jnp.shape(x)} and {jnp.shape(embedded)}"
        )
    if not 1 <= k < num / 2:
        raise ValueError(f"num_neighbors must be from 1 to below N / 2 = {num / 2:g}, got {k}")
    x, embedded = jnp.reshape(x, (num, -1)), jnp.reshape(embedded, (num, -1))

    def intrusion(i):
        """What point i pays for neighbours on the map that are none, an integer."""
        _, neighbors = jax.lax.top_k(-_distances(embedded, i), k)
        distances = _distances(x, i)
        of_neighbors = distances[neighbors][:, None]
        before = distances[None] < of_neighbors
        tied = (distances[None] == of_neighbors) & (jnp.arange(num)[None] < neighbors[:, None])
        ranks = 1 + jnp.sum(before | tied, axis=1)
        return jnp.sum(jnp.maximum(0, ranks - k))

    paid = jax.lax.map(intrusion, jnp.arange(num), batch_size=_ROWS_AT_A_TIME)
    # In floats, for the sum over all points may pass the largest int32.
    total = jnp.sum(paid.astype(jnp.result_type(float)))
    return 1.0 - total * (2.0 / (num * k * (2.0 * num - 3.0 * k - 1.0)))


def continuity(x: jax.Array, embedded: jax.Array, *, num_neighbors: int = 5) -> jax.Array:
    """Trustworthiness with the spaces swapped: whether true neighbours are neighbours on the map.

    Args:
        x, embedded, num_neighbors: as in `trustworthiness`.

    Returns:
        Scalar in [0, 1].

    Raises:
        ValueError: as `trustworthiness`.

    Venna and Kaski, 2001, "Neighborhood preservation in nonlinear projection methods".
    """
    return trustworthiness(embedded, x, num_neighbors=num_neighbors)


def _distances(x, i):
    """Squared distances of all points to point i, which is no neighbour of its own, [N]."""
    squared = jnp.square(x - x[i][None]).sum(axis=1)
    return squared.at[i].set(jnp.inf)
