"""Sequences from files: arrays [N, T, F] under a name of their own, and chorales of four voices."""

import itertools
from collections.abc import Mapping

import numpy as np

from genjax.core.spec import Spec
from genjax.data import checks, notes
from genjax.data.dataset import ArraySource, Splits
from genjax.data.splits import SPLITS, assign

NAME = "sequence"
CHORALE_EVENTS = 32  # of a window
_HOP = 8  # events between windows of the training split; others do not overlap
_A_BEAT = 4  # sixteenths
_VELOCITY = 0.6  # no chorale says how loud


def holds_sequences(arrays: Mapping[str, np.ndarray]) -> bool:
    """Whether a file's arrays are sequences: by the name `sequence` or `sequence_train`, not by rank.

    For an array [N, T, F] under another name may as well be grey images.
    """
    return NAME in arrays or f"{NAME}_train" in arrays


def sequence_set(
    path: str,
    arrays: Mapping[str, np.ndarray],
    *,
    test_fraction: float = 0.1,
    valid_fraction: float = 0.1,
) -> Splits:
    """The set of sequences [N, T, F] in a file's arrays; values stay as they are, as float32.

    Args:
        path: what errors call the file.
        arrays: `sequence_train` and, where the file has them, `sequence_valid`, `sequence_test` and
            `y_train`, ...; or `sequence`, and its labels `y`, that is split. Four features are taken
            for notes, (dt, length, pitch, velocity) as in `genjax.data.notes`, a square number from 9
            on for frames in [0, 1], row by row.
        test_fraction, valid_fraction: see `genjax.data.splits.assign`.

    Raises:
        ValueError: for another rank, unlike shapes, no numbers, or labels that do not fit.
    """
    named = f"{NAME}_train" in arrays
    keys = {s: f"{NAME}_{s}" for s in SPLITS if f"{NAME}_{s}" in arrays} if named else None
    keys = keys or {"train": NAME}
    examples = {split: _checked(key, np.asarray(arrays[key])) for split, key in keys.items()}
    shapes = {keys[split]: each.shape[1:] for split, each in examples.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"splits need sequences of one shape, got {shapes}: make them alike")
    label_keys = {split: f"y_{split}" if named else "y" for split in keys}
    have = [key for key in label_keys.values() if key in arrays]
    if have and len(have) < len(label_keys):
        raise ValueError(f"{path} has labels for some splits only, {', '.join(have)}: add the rest")
    labels = {}
    if have:
        labels = {
            split: checks.check_labels(key, arrays[key], len(examples[split]))
            for split, key in label_keys.items()
        }
    parts = assign({s: len(each) for s, each in examples.items()}, test_fraction, valid_fraction)
    sources = {}
    for split, (name, rows) in parts.items():
        entries = {NAME: examples[name][rows]}
        sources[split] = ArraySource(entries | ({"label": labels[name][rows]} if labels else {}))
    num_classes = checks.check_classes(labels) if labels else None
    return Splits(Spec(next(iter(shapes.values())), None, num_classes), None, **sources)


def chorale_set(path: str, arrays: Mapping[str, np.ndarray]) -> Splits:
    """Windows [32, 4] of notes (`genjax.data.notes`) of chorales in four voices.

    Args:
        path: what errors call the file.
        arrays: `train`, `valid`, `test`, all pieces of a split one after the other, [steps, voices]
            integers: MIDI notes on a grid of sixteenths, below 0 where a voice rests; and
            `train_offsets`, ..., where each piece begins, and the end. Training windows begin every 8
            events, the others do not overlap.

    Raises:
        ValueError: where an array is missing or is no such.
    """
    sources = {}
    for split in SPLITS:
        missing = [key for key in (split, f"{split}_offsets") if key not in arrays]
        if missing:
            raise ValueError(
                f"{path} needs train, valid, test and train_offsets, ... of chorales; it lacks "
                f"{', '.join(missing)}"
            )
        grid, offsets = np.asarray(arrays[split]), np.asarray(arrays[f"{split}_offsets"])
        if grid.ndim != 2 or grid.dtype.kind not in "iu" or offsets.dtype.kind not in "iu":
            raise ValueError(
                f"{split} of {path} has {grid.dtype} of shape {grid.shape}: expected whole notes "
                "[steps, voices]"
            )
        hop = _HOP if split == "train" else CHORALE_EVENTS
        windows = [
            _windows(voice_events(grid[start:end]), hop)
            for start, end in itertools.pairwise(offsets)
        ]
        windows = np.concatenate([np.zeros((0, CHORALE_EVENTS, 4), np.float32), *windows])
        if not len(windows):
            raise ValueError(f"{split} of {path} has no piece of {CHORALE_EVENTS} notes: add some")
        sources[split] = ArraySource({NAME: windows})
    return Splits(Spec((CHORALE_EVENTS, len(notes.FEATURES)), None, None), None, **sources)


def voice_events(grid: np.ndarray) -> np.ndarray:
    """The notes of a piece [steps, voices] on a grid of sixteenths, as events [N, 4], by their start.

    A voice that stays on a note holds it: the grid does not tell a held note from one struck again.
    Notes that start together come from the last voice, the bass, up. Rests are below 0.
    """
    found = []
    for voice in range(grid.shape[1]):
        line = grid[:, voice]
        starts = np.flatnonzero(np.diff(line, prepend=line[:1] - 1) != 0)
        ends = np.append(starts[1:], len(line))
        found += [
            (start, -voice, end - start, line[start])
            for start, end in zip(starts, ends, strict=True)
            if line[start] >= 0
        ]
    rows = np.array(sorted(found), np.float64).reshape(-1, 4)
    dt = np.diff(rows[:, 0], prepend=rows[:1, 0]) / _A_BEAT
    return notes.events(dt, rows[:, 2] / _A_BEAT, rows[:, 3], _VELOCITY)


def _windows(piece, hop):
    """[W, 32, 4]: each begins anew, at its own first note."""
    starts = range(0, len(piece) - CHORALE_EVENTS + 1, hop)
    windows = np.stack([piece[s : s + CHORALE_EVENTS] for s in starts]) if len(starts) else None
    if windows is None:
        return np.zeros((0, CHORALE_EVENTS, 4), np.float32)
    windows[:, 0, 0] = 0.0
    return windows


def _checked(name, array):
    if array.ndim != 3 or array.size == 0:
        raise ValueError(
            f"{name} has shape {array.shape}: expected sequences [N, T, F]; flatten the frames of films"
        )
    if array.dtype.kind not in "buif":
        raise ValueError(f"{name} has dtype {array.dtype}: expected numbers")
    with np.errstate(over="ignore"):
        array = array.astype(np.float32)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinite values: remove or mend those examples")
    return array
