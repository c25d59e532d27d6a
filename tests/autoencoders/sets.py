"""Data whose best reconstruction is known."""

import numpy as np
from sklearn.datasets import load_digits

from genjax.core import Spec
from genjax.data import ArraySource, Dataset
from genjax.data.transforms import to_float


def in_memory(spec, train, test=None):
    """A set of examples that are as they are to be seen; what is not given is the training set."""
    train = ArraySource({spec.entry: np.asarray(train, np.float32)})
    test = train if test is None else ArraySource({spec.entry: np.asarray(test, np.float32)})
    as_they_are = to_float(spec.entry)
    return Dataset("in memory", spec, train, test, test, as_they_are, as_they_are)


def digits():
    """scikit-learn's digits over 16 as vectors: 1400 and 397, permuted by NumPy's RandomState(0)."""
    x = load_digits().data[np.random.RandomState(0).permutation(1797)] / 16
    return in_memory(Spec((64,)), x[:1400], x[1400:])


def mixture(num, seed):
    """Draws of the mixture below, [num, 2]."""
    rng = np.random.default_rng(seed)
    which = rng.choice(len(WEIGHTS), num, p=WEIGHTS)
    return MEANS[which] + rng.standard_normal((num, 2)) * STDS[which]


# Of unequal weights and shapes, so that nothing cancels.
WEIGHTS = np.array([0.5, 0.3, 0.2])
MEANS = np.array([[-1.0, 0.0], [1.0, 0.8], [0.6, -1.2]])
STDS = np.array([[0.5, 0.3], [0.3, 0.6], [0.4, 0.4]])


def mixture_score(x, noise):
    """grad log p_sigma(x) of the mixture with N(0, noise^2 I) added, x [N, 2], by hand in float64."""
    variances = STDS**2 + noise**2
    shift = (x[:, None] - MEANS[None]) / variances[None]  # [N, 3, 2]
    log_densities = (
        np.log(WEIGHTS)[None]
        - 0.5 * np.log(variances).sum(axis=1)[None]
        - 0.5 * (shift**2 * variances[None]).sum(axis=2)
    )
    share = np.exp(log_densities - log_densities.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    return -(share[..., None] * shift).sum(axis=1)
