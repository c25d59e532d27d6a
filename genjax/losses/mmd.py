"""Maximum mean discrepancy between two samples, unbiased, and the kernels that papers use with it."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

from genjax.core import check_above

Kernel = Callable[[jax.Array, jax.Array], jax.Array]  # (x [n, D], y [m, D]) -> k(x_i, y_j), [n, m]

_SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)  # Tolstikhin et al.'s code, `mmd_penalty`


def inverse_multiquadratic(x: jax.Array, y: jax.Array, *, std: float = 1.0) -> jax.Array:
    """Sum over s of C / (C + |x - y|^2) with C = 2 D std^2 s, s in .1, .2, .5, 1, 2, 5, 10.

    2 D std^2 is the expected squared distance of two draws from N(0, std^2 I): the sum has a scale
    for whatever is nearer or farther. Heavy tails: outlying codes still feel a gradient.

    Args:
        x: [n, D].
        y: [m, D].
        std: of the prior.

    Returns:
        [n, m], in (0, 7].

    Raises:
        ValueError: if the shapes do not fit or `std` is not above 0.

    Tolstikhin et al., 2018, "Wasserstein Auto-Encoders", arXiv:1711.01558, section 4.
    """
    check_above(0, std=std)
    distances = _squared_distances(x, y)
    base = 2 * x.shape[1] * std**2
    return sum(base * s / (base * s + distances) for s in _SCALES)


def rbf(x: jax.Array, y: jax.Array, *, bandwidth: float | None = None) -> jax.Array:
    """exp(-|x - y|^2 / (2 bandwidth^2)), the Gaussian kernel.

    Args:
        x: [n, D].
        y: [m, D].
        bandwidth: the kernel's standard deviation; None for 2 bandwidth^2 = D^2, the choice of Zhao et
            al.'s code (the mean over dimensions of the squares, over D).

    Returns:
        [n, m], in [0, 1].

    Raises:
        ValueError: if the shapes do not fit or `bandwidth` is not above 0.

    Zhao, Song and Ermon, 2017, "InfoVAE", arXiv:1706.02262, section 3.2.
    """
    check_above(0, bandwidth=bandwidth)
    distances = _squared_distances(x, y)
    twice = x.shape[1] ** 2 if bandwidth is None else 2 * bandwidth**2
    return jnp.exp(-distances / twice)


def mmd(x: jax.Array, y: jax.Array, kernel: Kernel = inverse_multiquadratic) -> jax.Array:
    """E k(x, x') + E k(y, y') - 2 E k(x, y), the squared MMD: over pairs of different draws.

    Unbiased: 0 in the mean where both samples have one distribution, and so negative in about half
    of such cases. An estimate that cannot be negative counts each draw's distance to itself.

    Args:
        x: draws of one distribution, [n, D], at least two.
        y: draws of the other, [m, D], at least two.
        kernel: `(x, y) -> [n, m]`; options by `functools.partial`.

    Returns:
        Scalar; its scale is the kernel's.

    Raises:
        ValueError: if the shapes do not fit, or there are fewer than two draws of either.

    Gretton et al., 2012, "A Kernel Two-Sample Test", JMLR 13, lemma 6.
    """
    _check_samples(x, y)
    if len(x) < 2 or len(y) < 2:
        raise ValueError(f"needs at least two draws of each, got {len(x)} and {len(y)}")
    return _off_diagonal(kernel(x, x)) + _off_diagonal(kernel(y, y)) - 2 * jnp.mean(kernel(x, y))


def _off_diagonal(matrix: jax.Array) -> jax.Array:
    """The mean of a square matrix without its diagonal."""
    num = len(matrix)
    others = jnp.where(jnp.eye(num, dtype=bool), 0, matrix)
    return jnp.sum(others / (num * (num - 1)))


def _squared_distances(x, y):
    _check_samples(x, y)
    # Around a common centre: far from the origin the expanded square has no digits left.
    centre = jax.lax.stop_gradient(x.mean(axis=0, keepdims=True))
    x, y = x - centre, y - centre
    products = jnp.matmul(x, y.T, precision=jax.lax.Precision.HIGHEST)
    squares = jnp.sum(x * x, axis=1)[:, None] + jnp.sum(y * y, axis=1)[None]
    return jnp.maximum(squares - 2 * products, 0)


def _check_samples(x, y):
    if jnp.ndim(x) != 2 or jnp.ndim(y) != 2 or x.shape[1] != y.shape[1]:
        raise ValueError(f"needs [n, D] and [m, D], got {jnp.shape(x)} and {jnp.shape(y)}")
