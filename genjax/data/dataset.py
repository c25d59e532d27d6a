"""What a data set is: three disjoint sources of raw examples and two pure transforms."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np

from genjax.core.spec import Spec

Batch = dict[str, Any]
Transform = Callable[[Any, Batch], Batch]

_CHUNK = 512  # encoded records in memory at a time


class Source(Protocol):
    """Random access to the raw examples of one split, in memory or decoded when asked for."""

    def __len__(self) -> int:
        """Number of examples."""

    def __getitem__(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        """The examples at integer `indices` [n], stacked: `image` or `vector`, and `label`."""

    @property
    def nbytes(self) -> int:
        """Bytes of all the decoded arrays of the split."""

    def arrays(self) -> dict[str, np.ndarray]:
        """All the examples, decoded, in the order of their rows."""


class Dataset(NamedTuple):
    """A data set ready for the loop.

    Attributes:
        name: the name it was loaded by.
        spec: what one example looks like after the transforms.
        train, valid, test: disjoint sources of raw examples; hyper-parameters and early stopping
            look at `valid` only.
        train_transform, eval_transform: `(key, batch) -> batch`, pure, for the compiled step; the
            second draws nothing from its key, so an evaluation sees the same data each time. A
            batch also holds `index`, int32 [B]: the rows in the split.
        binarization: what it was loaded with, the set's own default resolved.
    """

    name: str
    spec: Spec
    train: Source
    valid: Source
    test: Source
    train_transform: Transform
    eval_transform: Transform
    binarization: str = "none"


class Splits(NamedTuple):
    """What a reader of sets hands on: raw sources and what their values mean.

    Attributes:
        spec: what one raw example looks like.
        maximum: the raw value that stands for 1, where 0 stands for 0; None where the values have
            no range of their own.
        train, valid, test: disjoint sources.
        binarization: the set's own default.
        pictures: of `target` and `unpaired`, where the set has them: (the value that stands for 1, as
            `maximum`; the number of levels, None where they are continuous).
        train_render, eval_render: `(key, batch) -> batch`, pure, from raw rows to the entries that
            `spec` names, where rows are only factors; the second draws nothing from its key.
    """

    spec: Spec
    maximum: float | None
    train: Source
    valid: Source
    test: Source
    binarization: str = "none"
    pictures: Mapping[str, tuple[float | None, int | None]] = {}
    train_render: Transform | None = None
    eval_render: Transform | None = None


class ArraySource:
    """A split that is in memory: a dict of arrays with one leading axis."""

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        """Takes `arrays` by entry, each [N, ...]; raises ValueError where their lengths differ."""
        lengths = {name: len(array) for name, array in arrays.items()}
        if len(set(lengths.values())) != 1:
            raise ValueError(f"entries of a split need one length, got {lengths}: cut them to one")
        self._arrays = dict(arrays)

    def __len__(self):
        return len(next(iter(self._arrays.values())))

    def __getitem__(self, indices):
        return {name: array[indices] for name, array in self._arrays.items()}

    @property
    def nbytes(self):
        return sum(array.nbytes for array in self._arrays.values())

    def arrays(self):
        return dict(self._arrays)


class LazySource:
    """A split that is decoded as it is read: some rows of a store that decodes by row."""

    def __init__(
        self, decode: Callable[[list[int]], Iterable[dict[str, np.ndarray]]], rows: np.ndarray
    ):
        """Takes `decode(rows)`, which gives the examples one by one and is safe in threads, and
        the `rows` of the split, at least one."""
        self._decode = decode
        self._rows = np.asarray(rows, np.int64)

    def __len__(self):
        return len(self._rows)

    def __getitem__(self, indices):
        rows = self._rows[indices].tolist()
        batch = {}
        for start in range(0, len(rows), _CHUNK):
            for position, example in enumerate(self._decode(rows[start : start + _CHUNK]), start):
                if not batch:
                    batch = {
                        name: np.empty((len(rows), *np.shape(each)), each.dtype)
                        for name, each in example.items()
                    }
                for name, each in example.items():
                    batch[name][position] = each
        return batch

    @property
    def nbytes(self):
        return len(self) * sum(each.nbytes for each in self[np.zeros(1, np.int64)].values())

    def arrays(self):
        return self[np.arange(len(self))]


def in_memory_if_small(source: Source, limit: int = 2**28) -> Source:
    """The source decoded into memory where its arrays take at most `limit` bytes (256 MiB)."""
    return ArraySource(source.arrays()) if source.nbytes <= limit else source


def sample(source: Source, num: int = 64) -> dict[str, np.ndarray]:
    """What a source looks like: all of it where it is in memory, else `num` rows spread evenly."""
    if isinstance(source, ArraySource):
        return source.arrays()
    return source[np.unique(np.linspace(0, len(source) - 1, num).astype(np.int64))]
