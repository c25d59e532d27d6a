"""The figures of a set of fakes beside a set of reals, under their fixed names."""

import numpy as np

from genjax.metrics.frechet import fid
from genjax.metrics.inception_score import inception_score
from genjax.metrics.kernel_distance import kernel_distance
from genjax.metrics.precision_recall import density_coverage, precision_recall


def set_metrics(
    real_features: np.ndarray,
    fake_features: np.ndarray,
    *,
    fake_probabilities: np.ndarray | None = None,
    num_splits: int = 10,
    seed: int = 0,
) -> dict[str, float]:
    """FID, KID, precision, recall, density, coverage and, from probabilities, the Inception score.

    Every figure depends on the feature network and on the numbers of rows, so both belong beside it. Of
    another set of reals in place of the fakes it gives what there is to reach.

    Args:
        real_features: [N, F], N at least 20.
        fake_features: [M, F], M at least 20.
        fake_probabilities: p(y|x) of the fakes by the same network, [M, K].
        num_splits: of the Inception score.
        seed: of the shuffles of KID and the Inception score.

    Returns:
        `fid`, `kid`, `kid_stderr`, `precision`, `recall`, `density`, `coverage`, and `inception_score`
        where there are probabilities.

    Raises:
        ValueError: if shapes do not fit, or an element is not finite.
    """
    distance = kernel_distance(real_features, fake_features, seed=seed)
    metrics = {
        "fid": fid(real_features, fake_features),
        "kid": distance.value,
        "kid_stderr": distance.stderr,
        **precision_recall(real_features, fake_features)._asdict(),
        **density_coverage(real_features, fake_features)._asdict(),
    }
    if fake_probabilities is not None:
        if len(fake_probabilities) != len(fake_features):
            raise ValueError(
                f"{len(fake_probabilities)} rows of probabilities for {len(fake_features)} fakes"
            )
        score = inception_score(fake_probabilities, num_splits=num_splits, seed=seed)
        metrics["inception_score"] = score.value
    return metrics
