"""What one example of a data set looks like: the only thing that a system is told of its data."""

import math
from collections.abc import Mapping
from typing import NamedTuple

_ENTRIES = {1: "vector", 2: "sequence", 3: "image", 4: "voxels"}


class Spec(NamedTuple):
    """The look of one example; `genjax.data` gives it, a system's function takes it.

    Attributes:
        shape: shape of one example: (D,), (T, F), (H, W, C) or (D, H, W, 1).
        num_levels: how many values an element takes (2: binary, 256: bytes), evenly spaced over the
            data's range; None where it is continuous.
        num_classes: number of classes of `label`; None where there are no labels.
        extras: shapes of the other entries of a batch, by name, without the batch axis.
    """

    shape: tuple[int, ...]
    num_levels: int | None = None
    num_classes: int | None = None
    extras: Mapping[str, tuple[int, ...]] = {}

    @property
    def entry(self) -> str:
        """Name of the example in a batch: `vector`, `sequence`, `image` or `voxels`, by rank.

        Raises:
            ValueError: if the rank of `shape` is not 1 to 4.
        """
        if len(self.shape) not in _ENTRIES:
            raise ValueError(f"an example has 1 to 4 axes, got shape {self.shape}")
        return _ENTRIES[len(self.shape)]

    @property
    def frame_side(self) -> int | None:
        """The side of square frames that steps of 9, 16, 25, ... numbers are taken for.

        None where there are fewer, or no square of them, or no sequence.
        """
        if self.entry != "sequence" or self.shape[1] < 9:
            return None
        side = math.isqrt(self.shape[1])
        return side if side**2 == self.shape[1] else None
