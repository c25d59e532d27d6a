"""Few points about a straight line: what is uncertain of it has an exact posterior."""

import numpy as np

from genjax.core.spec import Spec
from genjax.data.dataset import ArraySource, Splits
from genjax.data.splits import SPLITS

_SIZES = (40, 200, 400)
LINE = (0.5, 1.5)  # intercept and slope
_STD = 0.5  # of the noise


def line_set() -> Splits:
    """`line`: vectors (t, 0.5 + 1.5 t + noise), t uniform in [-1, 1]; 40 train, 200 valid, 400 test.

    The noise is N(0, 1/4), and all points are fixed.
    """
    random = np.random.RandomState(0)  # the legacy generator: its stream never changes
    sources = {}
    for split, size in zip(SPLITS, _SIZES, strict=True):
        t = random.uniform(-1, 1, size)
        y = LINE[0] + LINE[1] * t + _STD * random.normal(size=size)
        sources[split] = ArraySource({"vector": np.stack([t, y], axis=1).astype(np.float32)})
    return Splits(Spec((2,)), None, **sources)
