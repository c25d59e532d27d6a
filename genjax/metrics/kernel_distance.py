"""The kernel distance between two sets of features (KID): unbiased, with its standard error."""

from typing import NamedTuple

import numpy as np

from genjax.core import check_at_least
from genjax.metrics.feature_sets import as_pair

_LEAST_SUBSETS = 10  # fewer say little of their own spread


class KernelDistance(NamedTuple):
    """An estimate of a squared maximum mean discrepancy.

    Attributes:
        value: the mean over subsets; below 0 as often as above where the distributions are one.
        stderr: its standard error.
        subset_size: rows of each set in a subset.
        num_subsets: how many there were.
    """

    value: float
    stderr: float
    subset_size: int
    num_subsets: int


def polynomial_mmd(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """Squared MMD, unbiased, with k(x, y) = (x.y / D + 1)^3.

    The mean of k over pairs of two different rows of a, plus that of b, minus twice the mean over all
    pairs of a row of a and one of b.

    Args:
        features_a: [N, D], N at least 2.
        features_b: [M, D], M at least 2.

    Returns:
        0 in expectation where both sets are draws of one distribution.

    Raises:
        ValueError: if the shapes do not fit, or an element is not finite.

    Binkowski, Sutherland, Arbel and Gretton, 2018, arXiv:1801.01401, equation 4 and section 4.
    """
    a, b = as_pair(features_a, features_b, least=2)
    return _within(a) + _within(b) - 2.0 * _kernel(a, b).mean()


def kernel_distance(
    features_a: np.ndarray, features_b: np.ndarray, *, subset_size: int = 1000, seed: int = 0
) -> KernelDistance:
    """The mean of `polynomial_mmd` over subsets, and its standard error.

    The sets are shuffled (rows may come sorted by class) and cut into subsets that share no row. So
    their estimates are independent, and their deviation over the root of their number is a
    standard error; the authors' code draws subsets that overlap, whose deviation is none. The mean
    does not depend on the subsets' size but for noise: small sets are cut into ten.

    Args:
        features_a: [N, D], N at least 20.
        features_b: [M, D], M at least 20.
        subset_size: rows of each set in a subset, at most; the authors' 1000.
        seed: of the shuffle.

    Raises:
        ValueError: if the shapes do not fit, an element is not finite, or a subset would not have two
            rows.

    Binkowski et al., 2018, arXiv:1801.01401, section 4.
    """
    check_at_least(2, subset_size=subset_size)
    a, b = as_pair(features_a, features_b, least=2 * _LEAST_SUBSETS)
    rng = np.random.default_rng(seed)
    a, b = rng.permutation(a), rng.permutation(b)
    shorter = min(len(a), len(b))
    size = min(subset_size, shorter // _LEAST_SUBSETS)
    starts = range(0, shorter - size + 1, size)
    values = [polynomial_mmd(a[i : i + size], b[i : i + size]) for i in starts]
    stderr = np.std(values, ddof=1) / np.sqrt(len(values))
    return KernelDistance(float(np.mean(values)), float(stderr), size, len(values))


def _kernel(x, y):
    return (x @ y.T / x.shape[1] + 1.0) ** 3


def _within(x):
    """The mean of k over pairs of different rows."""
    kernel = _kernel(x, x)
    return float((kernel.sum() - np.trace(kernel)) / (len(x) * (len(x) - 1)))
