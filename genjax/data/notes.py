"""Notes as numbers: what one step of a `sequence` of four features is, and back to what is played.

An event is (dt, length, pitch, velocity): beats since the start of the event before, beats that it
sounds, octaves from middle C, and loudness in [0, 1]. Tones of a chord follow one another with dt = 0.
"""

import numpy as np

from genjax.core.spec import Spec

FEATURES = ("dt", "length", "pitch", "velocity")
MIDDLE_C = 60  # MIDI's number of it
_FINEST = 8  # parts of a beat that starts are told apart by
_SHORTEST = 1 / _FINEST  # beats


def is_notes(spec: Spec) -> bool:
    """Whether examples are taken for notes: sequences of four features a step."""
    return spec.entry == "sequence" and spec.shape[1] == len(FEATURES)


def events(dt, length, note, velocity) -> np.ndarray:
    """float32 [..., 4] of beats, MIDI note numbers and velocities in [0, 1]."""
    pitch = (np.asarray(note, np.float64) - MIDDLE_C) / 12
    parts = np.broadcast_arrays(dt, length, pitch, velocity)
    return np.stack(parts, axis=-1).astype(np.float32)


def note_numbers(x: np.ndarray) -> np.ndarray:
    """MIDI note numbers of events [..., 4], the nearest semitone in 0..127: int32 [...]."""
    _check(x)
    return np.clip(np.rint(MIDDLE_C + 12 * x[..., 2]), 0, 127).astype(np.int32)


def start_times(x: np.ndarray) -> np.ndarray:
    """Beats at which events [..., T, 4] start, on a grid of an eighth of a beat: float64 [..., T].

    The first starts at its own dt; a dt below 0 counts as 0, so that none starts before the last.
    """
    _check(x)
    steps = np.maximum(np.asarray(x[..., 0], np.float64), 0.0)
    return np.rint(np.cumsum(steps, axis=-1) * _FINEST) / _FINEST


def played(x: np.ndarray) -> np.ndarray:
    """What is heard of the events [T, 4] of a piece: rows of (start, length, note, velocity).

    Starts and lengths in beats, notes and velocities as MIDI has them, 0..127 and 1..127: float64.
    """
    length = np.maximum(np.asarray(x[..., 1], np.float64), _SHORTEST)
    velocity = np.clip(np.rint(127 * np.asarray(x[..., 3], np.float64)), 1, 127)
    return np.stack([start_times(x), length, note_numbers(x), velocity], axis=-1)


def _check(x):
    if x.ndim < 2 or x.shape[-1] != len(FEATURES):
        raise ValueError(f"events are [..., T, 4] ({', '.join(FEATURES)}), got shape {x.shape}")
