"""Densities on the plane that are known and normalised exactly, and how far a model is from them.

Each is a mixture of Gaussians of one variance (moons and spirals are many of them along a curve) or of
squares, so that the density, its draws and its integral come from one definition. They lie within
[-3, 3]^2, the box over which divergences are integrated:

    KL(truth || model) = integral of p(x) (log p(x) - log q(x)), by the midpoint rule.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.special import logsumexp

LIMIT = 3.0  # half the side of the box


class ToyDensity(NamedTuple):
    """A known density of two numbers.

    Attributes:
        log_prob: `(x [N, 2]) -> [N]`, nats; -inf where it is 0.
        sample: `(generator of NumPy, num) -> [num, 2]`, float32.
    """

    log_prob: Callable[[np.ndarray], np.ndarray]
    sample: Callable[[np.random.Generator, int], np.ndarray]


def gaussians(means: np.ndarray, std: float) -> ToyDensity:
    """1/K sum over k of N(x; means_k, std^2 I).

    Args:
        means: [K, 2].
        std: of each, above 0.

    Raises:
        ValueError: for means of another shape, or a standard deviation that is not above 0.
    """
    means = np.asarray(means, np.float64)
    if means.ndim != 2 or means.shape[1] != 2 or not std > 0:
        raise ValueError(f"needs means [K, 2] and a std above 0, got {means.shape} and {std}")

    def log_prob(x):
        x = _points(x)
        squares = ((x[:, None] - means[None]) ** 2).sum(-1)
        return logsumexp(-squares / (2 * std**2), axis=1) - np.log(len(means) * 2 * np.pi * std**2)

    def sample(generator, num):
        centres = means[generator.integers(len(means), size=num)]
        return (centres + std * generator.standard_normal((num, 2))).astype(np.float32)

    return ToyDensity(log_prob, sample)


def eight_gaussians() -> ToyDensity:
    """Eight Gaussians of standard deviation 0.2 on a circle of radius 2."""
    angle = 2 * np.pi * np.arange(8) / 8
    return gaussians(2 * np.stack([np.cos(angle), np.sin(angle)], -1), 0.2)


def two_moons() -> ToyDensity:
    """Two half circles, each of 64 Gaussians of standard deviation 0.15."""
    angle = np.pi * (np.arange(64) + 0.5) / 64
    upper = np.stack([np.cos(angle) - 0.5, np.sin(angle) - 0.25], -1)
    return gaussians(1.5 * np.concatenate([upper, -upper]), 0.15)


def two_spirals() -> ToyDensity:
    """Two arms of one and a half turns, each of 128 Gaussians of standard deviation 0.1."""
    turn = np.sqrt((np.arange(128) + 0.5) / 128)  # as many to each length of the arm
    angle, radius = 3 * np.pi * turn, 2.5 * turn
    arm = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], -1)
    return gaussians(np.concatenate([arm, -arm]), 0.1)


def checkerboard() -> ToyDensity:
    """Uniform on the 8 squares of side 1 in [-2, 2)^2 whose corners' coordinates add up to even."""

    def log_prob(x):
        x = _points(x)
        inside = (np.abs(x + 1e-12) < 2).all(1) & (np.floor(x).sum(1) % 2 == 0)
        return np.where(inside, -np.log(8.0), -np.inf)

    def sample(generator, num):
        column, row = generator.integers(4, size=num), generator.integers(2, size=num)
        corner = np.stack([column - 2, 2 * row + column % 2 - 2], -1)
        # Below the upper edge also when rounded to float32: that is the next square's.
        offset = np.floor(generator.random((num, 2)) * 2**20) / 2**20
        return (corner + offset).astype(np.float32)

    return ToyDensity(log_prob, sample)


TOY_DENSITIES = {
    "eight_gaussians": eight_gaussians,
    "two_moons": two_moons,
    "two_spirals": two_spirals,
    "checkerboard": checkerboard,
}


def grid(num: int) -> tuple[np.ndarray, float]:
    """Midpoints of `num` by `num` cells of the box, rows of an image downwards, and a cell's area.

    Returns:
        float32 [num * num, 2], reshaping to [num, num, 2], and the area.

    Raises:
        ValueError: if `num` is no multiple of 6: the edges of the squares must be edges of cells.
    """
    if num < 6 or num % 6:
        raise ValueError(f"the grid has a multiple of 6 cells a side, got {num}")
    side = 2 * LIMIT / num
    axis = -LIMIT + side * (np.arange(num) + 0.5)
    second, first = np.meshgrid(axis[::-1], axis, indexing="ij")
    return np.stack([first.ravel(), second.ravel()], -1).astype(np.float32), side**2


def divergence(log_truth: np.ndarray, log_model: np.ndarray, area: float) -> float:
    """KL(truth || model), nats, from log densities at the midpoints of cells.

    Args:
        log_truth: [N], -inf where the truth is 0.
        log_model: [N].
        area: of a cell.

    Raises:
        ValueError: if the shapes differ.
    """
    if np.shape(log_truth) != np.shape(log_model):
        raise ValueError(f"shapes differ: {np.shape(log_truth)} and {np.shape(log_model)}")
    log_truth, log_model = np.asarray(log_truth, np.float64), np.asarray(log_model, np.float64)
    some = np.isfinite(log_truth)
    p = np.exp(log_truth[some])
    return float(area * (p * (log_truth[some] - log_model[some])).sum())


def mass(log_density: np.ndarray, area: float) -> float:
    """The integral of a density over the box, from its logarithm at the midpoints of cells."""
    return float(area * np.exp(np.asarray(log_density, np.float64)).sum())


def _points(x) -> np.ndarray:
    x = np.asarray(x, np.float64)
    if x.ndim != 2 or x.shape[1] != 2:
        raise ValueError(f"points are [N, 2], got shape {x.shape}")
    return x
