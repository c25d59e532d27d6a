"""Digits and negatives of other digits: a real set of two domains whose true map is known."""

import numpy as np

from genjax.data.dataset import ArraySource, Splits
from genjax.data.digits import digits
from genjax.data.splits import SPLITS


def digit_negatives(image_size: int | None = None, channels: int | None = None) -> Splits:
    """`digit_negatives`: `image` is a digit, `unpaired` the negative (16 - ink) of another one.

    Each split of `digits` is cut in two halves, the second of which is seen in the negative alone: 600
    of each to train, 100 valid, 198 test. `label` is that of `image`.

    Args:
        image_size, channels: see `genjax.data.load`.

    Raises:
        ValueError: if scikit-learn is missing.

    Reference: Liu and Tuzel, 2016, arXiv:1606.07536, section 5 (of MNIST).
    """
    real = digits(image_size, channels)
    sources = {}
    for split in SPLITS:
        rows = getattr(real, split).arrays()
        half = len(rows["label"]) // 2
        first, second = (
            {name: each[part] for name, each in rows.items()}
            for part in (slice(half), slice(half, 2 * half))
        )
        ink = np.asarray(real.maximum, second["image"].dtype)
        others = {"unpaired": ink - second["image"]}
        sources[split] = ArraySource({**first, **others})
    extras = {"unpaired": real.spec.shape}
    pictures = {"unpaired": (real.maximum, real.spec.num_levels)}
    return real._replace(
        spec=real.spec._replace(extras=extras), **sources, binarization="none", pictures=pictures
    )
