"""Linear maps A that make examples smaller, right inverses, and the projection on {y: A y = x}."""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

REDUCTIONS = ("average", "gaussian", "bicubic")


class Reduction(NamedTuple):
    """A linear map that has a right inverse: reduce(restore(x)) = x.

    Attributes:
        reduce: A, `y -> x`, [B, s D] -> [B, D] or [B, s H, s W, C] -> [B, H, W, C].
        restore: A^+, `x -> y`, the Moore-Penrose inverse: of all y with A y = x the shortest.
    """

    reduce: Callable[[jax.Array], jax.Array]
    restore: Callable[[jax.Array], jax.Array]


def reduction(kind: str, scale: int) -> Reduction:
    """One number for each `scale` along the axes of vectors or images, channel by channel.

    `average` is the mean of blocks, whose A^+ repeats; `gaussian` has weights of deviation scale / 2
    about a block's middle; `bicubic` is Keys' kernel, widened, as `genjax.losses.bicubic` has it. What
    falls outside is left out, and weights sum to 1. A and A^+ are matrices along each axis, A^+ from a
    singular value decomposition in float64, so that A A^+ = I at the borders too.

    Args:
        kind: one of `REDUCTIONS`.
        scale: s, a whole number from 1 on, which divides the sides of what is reduced.

    Raises:
        ValueError: for another kind or scale, or, of `reduce`, sides that it does not divide.

    Reference: Sonderby et al., 2016, arXiv:1610.04490, whose A^+ is a transposed
    convolution that is fitted by gradient descent.
    """
    if kind not in REDUCTIONS or scale < 1:
        raise ValueError(
            f"a reduction is one of {', '.join(REDUCTIONS)} by a whole number from 1 on, got {kind!r} "
            f"by {scale}"
        )

    def reduce(y):
        sizes = [y.shape[axis] for axis in _axes(y)]
        if any(size % scale for size in sizes):
            raise ValueError(f"scale {scale} does not divide {'x'.join(map(str, sizes))}")
        return _along_axes(y, [reduction_matrix(kind, size // scale, scale) for size in sizes])

    def restore(x):
        sizes = [x.shape[axis] for axis in _axes(x)]
        return _along_axes(x, [_inverse(kind, size, scale) for size in sizes])

    return Reduction(reduce, restore)


def affine_projection(f: jax.Array, x: jax.Array, by: Reduction) -> jax.Array:
    """g = (I - A^+ A) f + A^+ x, the nearest to f of all y with A y = x.

    Nothing may come after it that is not linear: a clipped g is no longer consistent with x.

    Args:
        f: [B, s D] or [B, s H, s W, C].
        x: [B, D] or [B, H, W, C].
        by: A and A^+.

    Returns:
        Like f.

    Raises:
        ValueError: if A f and x differ in shape.

    Reference: Sonderby et al., 2016, arXiv:1610.04490.
    """
    reduced = by.reduce(f)
    if reduced.shape != x.shape:
        raise ValueError(f"{f.shape} is reduced to {reduced.shape}, and x has shape {x.shape}")
    return f + by.restore(x - reduced)


@functools.cache
def reduction_matrix(kind: str, size: int, scale: int) -> np.ndarray:
    """A along one axis, float64 [size, scale size]; rows sum to 1."""
    large = scale * size
    if kind == "average":
        return np.kron(np.eye(size), np.full((1, scale), 1 / scale))
    if kind == "gaussian":
        middles = scale * np.arange(size) + (scale - 1) / 2
        weights = np.exp(-0.5 * np.square((np.arange(large) - middles[:, None]) / (scale / 2)))
        return weights / weights.sum(axis=1, keepdims=True)
    with jax.ensure_compile_time_eval():
        weights = jax.image.resize(jnp.eye(large), (size, large), "cubic", antialias=True)
        weights = np.asarray(weights, np.float64)
    return weights / weights.sum(axis=1, keepdims=True)


@functools.cache
def _inverse(kind, size, scale):
    return np.linalg.pinv(reduction_matrix(kind, size, scale))


def _axes(x):
    if x.ndim not in (2, 4):
        raise ValueError(f"vectors [B, D] or images [B, H, W, C] are reduced, got shape {x.shape}")
    return (1,) if x.ndim == 2 else (1, 2)


def _along_axes(x, matrices):
    exact = jax.lax.Precision.HIGHEST  # some devices round matrix products to 10 bits
    for axis, matrix in enumerate(matrices, 1):
        product = jnp.tensordot(x, jnp.asarray(matrix, jnp.float32), (axis, 1), precision=exact)
        x = jnp.moveaxis(product, -1, axis)
    return x
