"""The Inception score, from class probabilities of whichever classifier."""

from typing import NamedTuple

import numpy as np
from scipy.special import rel_entr

from genjax.core import check_at_least
from genjax.metrics.feature_sets import as_set


class InceptionScore(NamedTuple):
    """Of a set of generated examples.

    Attributes:
        value: the mean over splits, from 1 to the number of classes.
        std: the splits' standard deviation (of the splits, not of their mean), as papers report it.
        num_splits: how many there were.
    """

    value: float
    std: float
    num_splits: int


def inception_score(
    probabilities: np.ndarray, *, num_splits: int = 10, seed: int = 0
) -> InceptionScore:
    """exp(E_x KL(p(y|x) || p(y))), p(y) = E_x p(y|x), the mean over splits.

    The samples need not come shuffled: they are shuffled here before they are split. Splits in the
    order given would score samples sorted by class 1, where the truth is the number of classes. A split
    of few samples scores low, since its p(y) leans towards them: the figure is the
    paper's only with its 50,000 samples in ten splits, and comparable only at one number of both.

    Args:
        probabilities: p(y|x) of the samples, rows that sum to 1, [N, K].
        num_splits: 10 in the paper.
        seed: of the shuffle.

    Raises:
        ValueError: if rows are no probabilities, or there is not a sample for each split.

    Salimans et al., 2016, arXiv:1606.03498, section 4.
    """
    check_at_least(1, num_splits=num_splits)
    p = as_set("probabilities", probabilities, least=num_splits)
    if (p < 0).any() or np.abs(p.sum(axis=1) - 1).max() > 1e-3:
        raise ValueError(
            "rows of probabilities must be positive with sum 1: give a softmax's output"
        )
    shuffled = np.random.default_rng(seed).permutation(p)
    scores = [_score(part) for part in np.array_split(shuffled, num_splits)]
    return InceptionScore(float(np.mean(scores)), float(np.std(scores)), num_splits)


def _score(p):
    return np.exp(rel_entr(p, p.mean(axis=0, keepdims=True)).sum(axis=1).mean())
