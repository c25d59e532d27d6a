"""Standard MIDI files of one track: notes in, bytes out."""

import struct

import numpy as np

_TICKS = 480  # a beat
_CHANNEL = 0


def midi_bytes(notes: np.ndarray, *, beats_per_minute: float = 120.0) -> bytes:
    """A standard MIDI file, format 0.

    Args:
        notes: [N, 4] rows of (start, length, note, velocity): beats from 0 on, beats above 0, whole
            numbers 0..127 and 1..127, in any order.
        beats_per_minute: the tempo, 4 at least.

    Raises:
        ValueError: for another shape or values out of range.

    Reference: MIDI Manufacturers Association, "Standard MIDI Files 1.0", RP-001, 1996.
    """
    notes = np.asarray(notes, np.float64)
    if notes.ndim != 2 or notes.shape[1] != 4 or not np.isfinite(notes).all():
        raise ValueError(f"notes are finite [N, 4], got shape {notes.shape}")
    low, high = (0, 0, 0, 1), (np.inf, np.inf, 127, 127)
    if (notes < low).any() or (notes > high).any() or beats_per_minute < 4:
        raise ValueError(
            "starts, lengths and notes are from 0 on, notes to 127, velocities 1..127, the tempo at "
            f"least 4; got {notes.min(0, initial=np.inf)}..{notes.max(0, initial=-np.inf)}, "
            f"{beats_per_minute}"
        )
    changes = []
    for start, length, note, velocity in notes:
        on = round(start * _TICKS)
        off = max(on + 1, round((start + length) * _TICKS))
        changes.append((on, 1, bytes([0x90 | _CHANNEL, round(note), round(velocity)])))
        changes.append((off, 0, bytes([0x80 | _CHANNEL, round(note), 0])))
    microseconds = round(60e6 / beats_per_minute)
    track = b"\x00\xff\x51\x03" + microseconds.to_bytes(3, "big")
    now = 0
    for tick, _, message in sorted(changes):  # a note ends before the next of its pitch begins
        track += _variable_length(tick - now) + message
        now = tick
    track += b"\x00\xff\x2f\x00"
    header = struct.pack(">4sIHHH", b"MThd", 6, 0, 1, _TICKS)
    return header + struct.pack(">4sI", b"MTrk", len(track)) + track


def _variable_length(number: int) -> bytes:
    """Seven bits a byte, the highest first; all but the last have their eighth bit set."""
    parts = [number & 0x7F]
    while number := number >> 7:
        parts.append(0x80 | (number & 0x7F))
    return bytes(reversed(parts))
