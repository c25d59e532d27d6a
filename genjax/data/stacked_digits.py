"""Three handwritten digits as the channels of one image: a real set with 1000 known modes.

Reference: Metz et al., "Unrolled generative adversarial networks", 2016, arXiv:1611.02163, section
3.3.1 (stacked MNIST); here with the digits of scikit-learn.
"""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core.spec import Spec
from genjax.data.dataset import ArraySource, Splits
from genjax.data.digits import digits
from genjax.data.splits import SPLITS

_SIZES = {"train": 25600, "valid": 2000, "test": 4000}
_INK = 16  # the largest pixel


def stacked_digits(image_size: int | None = None, channels: int | None = None) -> Splits:
    """`stacked_digits`: images [8, 8, 3], ink 0..16; the label is 100 a + 10 b + c, of red a, green b.

    25600 triples to train, 2000 valid, 4000 test, each of digits of that split of `digits` alone.
    Rows are triples of places; they are stacked (and resized) in the compiled step.

    Args:
        image_size: side; None is 8.
        channels: 3 or None.

    Raises:
        ValueError: for one channel, or if scikit-learn is missing.
    """
    if channels == 1:
        raise ValueError("stacked_digits have a digit in each of 3 channels: leave channels out")
    real = digits()
    parts = {split: getattr(real, split).arrays() for split in SPLITS}
    bank = np.concatenate([part["image"][..., 0] for part in parts.values()])
    side = bank.shape[1] if image_size is None else image_size
    random = np.random.RandomState(0)  # the legacy generator: its stream never changes
    sources, first = {}, 0
    for split, part in parts.items():
        each = random.randint(len(part["label"]), size=(_SIZES[split], 3))
        label = part["label"][each] @ np.array([100, 10, 1])
        rows = {"digits": (first + each).astype(np.int32), "label": label.astype(np.int32)}
        sources[split] = ArraySource(rows)
        first += len(part["label"])

    def stack(key, batch):
        del key
        image = jnp.moveaxis(jnp.asarray(bank)[batch["digits"]], 1, -1).astype(jnp.float32)
        if side != image.shape[1]:
            shape = (len(image), side, side, 3)
            image = jax.image.resize(image, shape, "cubic", antialias=True)
            # A cubic kernel overshoots, and levels stay levels: ink is a whole number 0..16.
            image = jnp.round(image).clip(0, _INK)
        return {"image": image, **{name: batch[name] for name in batch if name != "digits"}}

    spec = Spec((side, side, 3), _INK + 1, 1000)
    return Splits(spec, float(_INK), **sources, train_render=stack, eval_render=stack)
