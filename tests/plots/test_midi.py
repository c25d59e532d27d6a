"""MIDI files, parsed back byte by byte by a reader of this test's own."""

import numpy as np
import pytest

from genjax.plots import midi_bytes


def read(data):
    """(tempo in microseconds, ticks a beat, [(tick, kind, note, velocity)]) of a file of format 0."""
    assert data[:4] == b"MThd" and data[4:8] == bytes([0, 0, 0, 6])
    assert data[8:12] == bytes([0, 0, 0, 1])  # format 0, one track
    ticks = int.from_bytes(data[12:14], "big")
    assert data[14:18] == b"MTrk" and int.from_bytes(data[18:22], "big") == len(data) - 22
    at, tick, tempo, events = 22, 0, None, []
    while True:
        number = 0
        while True:
            byte, at = data[at], at + 1
            number = number << 7 | byte & 0x7F
            if byte < 0x80:
                break
        tick += number
        if data[at] == 0xFF:
            kind, size = data[at + 1], data[at + 2]
            body, at = data[at + 3 : at + 3 + size], at + 3 + size
            if kind == 0x51:
                tempo = int.from_bytes(body, "big")
            if kind == 0x2F:
                assert at == len(data) and size == 0
                return tempo, ticks, events
            continue
        assert data[at] in (0x90, 0x80) and max(data[at + 1 : at + 3]) < 0x80
        events.append((tick, *data[at : at + 3]))
        at += 3


def test_what_is_written_is_read_back():
    notes = [[0, 1, 60, 100], [0, 100, 64, 1], [1, 0.5, 60, 127], [40.25, 2, 127, 64]]
    tempo, ticks, events = read(midi_bytes(np.array(notes), beats_per_minute=90))
    assert tempo == 666_667 and ticks == 480
    assert events == [
        (0, 0x90, 60, 100),
        (0, 0x90, 64, 1),
        (480, 0x80, 60, 0),  # before it is struck again
        (480, 0x90, 60, 127),
        (720, 0x80, 60, 0),
        (19320, 0x90, 127, 64),  # a delta of three bytes
        (20280, 0x80, 127, 0),
        (48000, 0x80, 64, 0),
    ]


def test_no_note_is_a_file_too_and_the_shortest_has_a_tick():
    assert read(midi_bytes(np.zeros((0, 4))))[2] == []
    assert read(midi_bytes(np.array([[0, 0, 60, 64]])))[2][1] == (1, 0x80, 60, 0)


@pytest.mark.parametrize(
    "notes",
    [np.zeros((2, 3)), [[-1, 1, 60, 64]], [[0, 1, 128, 64]], [[0, 1, 60, 0]], [[0, np.nan] * 2]],
)
def test_what_cannot_be_played_is_refused(notes):
    with pytest.raises(ValueError, match=r"notes are finite|starts, lengths and notes"):
        midi_bytes(np.array(notes, float))
