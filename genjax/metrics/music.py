"""What is counted of a piece's tones: span, fit to a scale, simultaneous tones, repetitions.

Mogren, 2016, arXiv:1611.09904, section 4. Notes are MIDI's numbers, whole ones.
"""

import numpy as np

_MAJOR = (0, 2, 4, 5, 7, 9, 11)  # the natural minor scale on the sixth degree has the same tones


def tone_span(notes: np.ndarray) -> np.ndarray:
    """Semitones from the lowest tone of a piece to the highest: int [N].

    Args:
        notes: whole numbers [N, T].

    Raises:
        ValueError: for another shape or kind.
    """
    notes = _checked(notes)
    return notes.max(axis=1) - notes.min(axis=1)


def scale_consistency(notes: np.ndarray) -> np.ndarray:
    """The share of a piece's tones that lie on the scale that fits it best: float64 [N], 7/12 and up.

    Of the twelve major scales, which are the natural minor ones too. Tones at random have more than
    7/12, for the best of twelve is taken: of 24 even ones about 0.76.

    Args:
        notes: as in `tone_span`.
    """
    on_scale = np.stack([share_on_scale(notes, [(k + s) % 12 for s in _MAJOR]) for k in range(12)])
    return on_scale.max(axis=0)


def share_on_scale(notes: np.ndarray, scale: list[int] | tuple[int, ...]) -> np.ndarray:
    """The share of a piece's tones whose pitch class is one of `scale` (0 for C): float64 [N]."""
    return np.isin(_checked(notes) % 12, list(scale)).mean(axis=1)


def polyphony(starts: np.ndarray) -> np.ndarray:
    """The share of a piece's tones that start together with another of it: float64 [N].

    Args:
        starts: [N, T], in any unit; together is where they are equal, so put them on a grid first.

    Raises:
        ValueError: for another shape.
    """
    starts = np.asarray(starts)
    if starts.ndim != 2:
        raise ValueError(f"starts of tones are [N, T], got shape {starts.shape}")
    together = (starts[:, :, None] == starts[:, None]).sum(axis=2) > 1
    return together.mean(axis=1)


def repetitions(notes: np.ndarray, length: int = 3) -> np.ndarray:
    """How many runs of `length` tones a piece has heard before, whatever their timing: int [N].

    0 to T - length; the paper counts runs of 2, of 3 and of 4, and does not say how overlaps count:
    here each run that is not the first of its kind is one.

    Args:
        notes: as in `tone_span`.
        length: tones of a run, 1 to T.

    Raises:
        ValueError: for another length.
    """
    notes = _checked(notes)
    if not 1 <= length <= notes.shape[1]:
        raise ValueError(f"runs of a piece of {notes.shape[1]} tones cannot be of {length}")
    runs = np.lib.stride_tricks.sliding_window_view(notes, length, axis=1)
    return np.array([len(of) - len(np.unique(of, axis=0)) for of in runs])


def _checked(notes):
    notes = np.asarray(notes)
    if notes.ndim != 2 or not np.issubdtype(notes.dtype, np.integer):
        raise ValueError(f"notes are whole [N, T], got {notes.dtype} of shape {notes.shape}")
    return notes
