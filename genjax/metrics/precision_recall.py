"""Whether fakes lie where reals do, and whether they are everywhere there: by nearest neighbours.

Squared distances are computed in blocks, so that memory grows with the number of rows, not its square.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from genjax.core import check_at_least
from genjax.metrics.feature_sets import as_pair

_BLOCK = 1000  # rows of one set whose distances to all of the other are held at once
_SAME = 1e-12  # of the squared lengths; |x|^2 + |y|^2 - 2 x.y cannot tell less from 0


class PrecisionRecall(NamedTuple):
    """Both in [0, 1].

    Attributes:
        precision: share of fakes within the reals' manifold.
        recall: share of reals within the fakes' manifold.
    """

    precision: float
    recall: float


class DensityCoverage(NamedTuple):
    """Both 1, nearly, where the two distributions are one.

    Attributes:
        density: how many real neighbourhoods a fake lies in, over k; may pass 1.
        coverage: share of real neighbourhoods that hold a fake, in [0, 1].
    """

    density: float
    coverage: float


def precision_recall(
    real: np.ndarray, fake: np.ndarray, *, num_neighbors: int = 3
) -> PrecisionRecall:
    """Improved precision and recall: the share of each set that lies in the other's manifold.

    A set's manifold is the union of closed balls about its points, each as far as the point's k-th
    nearest neighbour in its own set. Both grow with the number of rows: compare at one number.

    Args:
        real: features, [N, D].
        fake: features, [M, D].
        num_neighbors: k; the paper's 3.

    Raises:
        ValueError: if the shapes do not fit, an element is not finite, or a set has no k neighbours.

    Kynkaanniemi, Karras, Laine, Lehtinen and Aila, 2019, arXiv:1904.06991, equations 1 and 2.
    """
    real, fake = _centred(real, fake, num_neighbors)
    real_radii, fake_radii = _radii(real, num_neighbors), _radii(fake, num_neighbors)
    precise = np.zeros(len(fake), bool)
    recalled = np.zeros(len(real), bool)
    for rows, squared in _squared_distances(real, fake):
        precise |= (squared <= real_radii[rows, None]).any(axis=0)
        recalled[rows] = (squared <= fake_radii[None]).any(axis=1)
    return PrecisionRecall(float(precise.mean()), float(recalled.mean()))


def density_coverage(
    real: np.ndarray, fake: np.ndarray, *, num_neighbors: int = 5
) -> DensityCoverage:
    """1/(k M) sum_ij [y_j in B_i], and the share of i for which some y_j is in B_i.

    B_i is the closed ball about real x_i as far as its k-th nearest real neighbour. No ball is about a
    fake, so that an outlier among the fakes has no large one that reals fall into.

    Args:
        real: features x, [N, D].
        fake: features y, [M, D].
        num_neighbors: k; the paper's 5.

    Raises:
        ValueError: as `precision_recall`.

    Naeem, Oh, Uh, Choi and Yoo, 2020, arXiv:2002.09797, equations 5 and 6.
    """
    real, fake = _centred(real, fake, num_neighbors, fake_too=False)
    radii = _radii(real, num_neighbors)
    # Balls that hold fakes, and fakes in balls, counted with multiplicity.
    inside, covered = 0, 0
    for rows, squared in _squared_distances(real, fake):
        held = squared <= radii[rows, None]
        inside += int(held.sum())
        covered += int(held.any(axis=1).sum())
    return DensityCoverage(inside / (num_neighbors * len(fake)), covered / len(real))


def _centred(real, fake, num_neighbors, *, fake_too=True):
    """Both sets about the reals' mean: large common parts would cost the distances their digits."""
    check_at_least(1, num_neighbors=num_neighbors)
    real, fake = as_pair(real, fake)
    fewest = min(len(real), len(fake)) if fake_too else len(real)
    if fewest <= num_neighbors:
        raise ValueError(f"{fewest} rows have no {num_neighbors} neighbours: give more")
    mean = real.mean(axis=0, keepdims=True)
    return real - mean, fake - mean


def _squared_distances(x, y) -> Iterator[tuple[slice, np.ndarray]]:
    """Blocks of rows of x, and their squared distances to all of y."""
    y_lengths = np.square(y).sum(axis=1)[None]
    for start in range(0, len(x), _BLOCK):
        rows = slice(start, start + _BLOCK)
        lengths = np.square(x[rows]).sum(axis=1)[:, None] + y_lengths
        squared = lengths - 2.0 * x[rows] @ y.T
        squared[squared < _SAME * lengths] = 0.0
        yield rows, squared


def _radii(x, num_neighbors):
    """Squared distance of each row to its k-th nearest other row, [N]."""
    radii = np.empty(len(x))
    for rows, squared in _squared_distances(x, x):
        squared[np.arange(len(squared)), rows.start + np.arange(len(squared))] = np.inf
        radii[rows] = np.partition(squared, num_neighbors - 1, axis=1)[:, num_neighbors - 1]
    return radii
