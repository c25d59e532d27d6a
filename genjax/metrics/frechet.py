"""The Frechet distance between two Gaussians, and between two sets of features (FID)."""

import numpy as np

from genjax.metrics.feature_sets import as_pair


def frechet_distance(
    mean1: np.ndarray, cov1: np.ndarray, mean2: np.ndarray, cov2: np.ndarray
) -> float:
    """|mu1 - mu2|^2 + tr(C1 + C2 - 2 (C1^1/2 C2 C1^1/2)^1/2), the squared 2-Wasserstein distance.

    The trace of the last root is the sum of the singular values of C1^1/2 C2^1/2. It exists for
    singular covariances too, and no product of two covariances is formed, whose small eigenvalues would
    be lost to rounding. In float64 on the host.

    Args:
        mean1: [D].
        cov1: symmetric, without negative eigenvalues, [D, D].
        mean2: [D].
        cov2: [D, D].

    Returns:
        At least 0, in squared units of the features.

    Raises:
        ValueError: if the shapes do not fit each other, or an element is not finite.

    Dowson and Landau, 1982, "The Frechet distance between multivariate normal distributions".
    """
    mean1, cov1, mean2, cov2 = (np.asarray(a, np.float64) for a in (mean1, cov1, mean2, cov2))
    size = mean1.size
    shapes = [a.shape for a in (mean1, cov1, mean2, cov2)]
    if shapes != [(size,), (size, size)] * 2:
        raise ValueError(f"needs [D], [D, D], [D] and [D, D], got shapes {shapes}")
    if not all(np.isfinite(a).all() for a in (mean1, cov1, mean2, cov2)):
        raise ValueError("a mean or a covariance is not finite")
    cross = _half(cov1).T @ _half(cov2)
    root = np.linalg.svd(cross, compute_uv=False).sum()
    distance = np.square(mean1 - mean2).sum() + np.trace(cov1) + np.trace(cov2) - 2.0 * root
    return max(0.0, float(distance))  # rounding may leave -1e-15


def fid(features_a: np.ndarray, features_b: np.ndarray) -> float:
    """The Frechet distance between the Gaussians with the sets' means and covariances.

    Biased upwards, the more the fewer rows and the more features there are: compare figures of one
    number of rows only, and beside the distance from real to real.

    Args:
        features_a: [N, D], N at least 2.
        features_b: [M, D], M at least 2.

    Returns:
        At least 0; symmetric in its arguments.

    Raises:
        ValueError: if the shapes do not fit, or an element is not finite.

    Heusel, Ramsauer, Unterthiner, Nessler and Hochreiter, 2017, arXiv:1706.08500, equation 6.
    """
    sets = as_pair(features_a, features_b, least=2)
    means = [values.mean(axis=0) for values in sets]
    covs = [np.cov(values, rowvar=False).reshape((values.shape[1],) * 2) for values in sets]
    return frechet_distance(means[0], covs[0], means[1], covs[1])


def _half(cov):
    """H with H H^T = cov, [D, D]: the root up to a rotation, which singular values do not see."""
    values, vectors = np.linalg.eigh((cov + cov.T) / 2)
    return vectors * np.sqrt(values.clip(0.0))[None]
