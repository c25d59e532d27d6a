"""How many of the modes of a known mixture a generator reaches, and how evenly."""

from typing import NamedTuple

import numpy as np
from scipy.special import rel_entr

from genjax.core import check_above
from genjax.metrics.feature_sets import as_pair

_BLOCK = 10_000  # samples whose differences to all centres are held at once


class ModeCoverage(NamedTuple):
    """Of a set of samples.

    Attributes:
        num_modes: how many are covered.
        kl: KL(shares of the samples || true shares), nats; 0 where modes are as frequent as they
            should be.
        high_quality: share of the samples that are near a mode, in [0, 1]; None where only classes of
            the samples are known.
    """

    num_modes: int
    kl: float
    high_quality: float | None = None


def gaussian_modes(
    samples: np.ndarray,
    centres: np.ndarray,
    sigma: float,
    *,
    shares: np.ndarray | None = None,
    fraction: float = 0.1,
    num_sigmas: float = 3.0,
) -> ModeCoverage:
    """Modes of a mixture of Gaussians of covariance sigma^2 I that samples cover.

    A mode is covered if at least `fraction` of the samples that it should have lie within `num_sigmas`
    sigma of its centre; a sample is of high quality if it lies so near to any. For the KL each
    sample, near or not, belongs to the nearest centre.

    Of a perfect generator in D dimensions, P(chi^2_D <= num_sigmas^2) are of high quality: 0.989 of
    two.

    Args:
        samples: [N, D].
        centres: [K, D].
        sigma: standard deviation along each axis.
        shares: true frequencies of the modes, positive, of sum 1, [K]; None for equal ones.
        fraction: of a mode's fair share.
        num_sigmas: how far a sample may lie from a centre.

    Raises:
        ValueError: if the shapes do not fit, a sample is not finite, sigma is not above 0, or `shares`
            are none.

    Metz, Poole, Pfau and Sohl-Dickstein, 2016, arXiv:1611.02163 (the ring); Azadi et al., 2018,
    arXiv:1810.06758 (high-quality samples); the tenth of a fair share is ours.
    """
    samples, centres = as_pair(samples, centres, names=("samples", "centres"))
    check_above(0, sigma=sigma)
    shares = _shares(shares, len(centres))
    nearest, near, good = np.zeros(len(centres)), np.zeros(len(centres)), 0
    for start in range(0, len(samples), _BLOCK):
        differences = samples[start : start + _BLOCK, None] - centres[None]
        squared = np.square(differences).sum(axis=-1)
        within = squared <= (num_sigmas * sigma) ** 2
        near += within.sum(axis=0)
        good += int(within.any(axis=1).sum())
        nearest += np.bincount(squared.argmin(axis=1), minlength=len(centres))
    covered = int((near >= fraction * shares * len(samples)).sum())
    return ModeCoverage(covered, _kl(nearest, shares), good / len(samples))


def class_modes(
    labels: np.ndarray, num_classes: int, *, shares: np.ndarray | None = None
) -> ModeCoverage:
    """Classes that samples fall into, by a judge's labels; a class is covered by one sample.

    For stacked digits the class is the number that the three channels' digits make, of 1000, and the
    figures are those of 25,600 or 26,000 samples: fewer find fewer modes, and even draws of the
    truth have a KL of about (num_classes - 1) / (2 N).

    Args:
        labels: integers from 0 to below `num_classes`, [N].
        num_classes: K.
        shares: true frequencies, positive, of sum 1, [K]; None for equal ones.

    Raises:
        ValueError: if `labels` are none, or `shares` are none.

    Che, Li, Jacob, Bengio and Li, 2016, arXiv:1612.02136; Metz et al., 2016, arXiv:1611.02163.
    """
    labels = np.asarray(labels)
    whole = labels.ndim == 1 and len(labels) and np.issubdtype(labels.dtype, np.integer)
    if not whole or labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(
            f"labels must be integers from 0 to below {num_classes}, [N], "
            f"got {labels.dtype} of shape {labels.shape}"
        )
    counts = np.bincount(labels, minlength=num_classes)
    return ModeCoverage(int((counts > 0).sum()), _kl(counts, _shares(shares, num_classes)))


def _shares(shares, num):
    if shares is None:
        return np.full(num, 1.0 / num)
    shares = np.asarray(shares, np.float64)
    if shares.shape != (num,) or not (shares > 0).all() or abs(shares.sum() - 1) > 1e-4:
        raise ValueError(f"shares must be {num} positive numbers of sum 1, got {shares}")
    return shares


def _kl(counts, shares):
    return float(rel_entr(counts / counts.sum(), shares).sum())
