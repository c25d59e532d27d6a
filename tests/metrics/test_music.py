"""What is counted of music, by hand."""

import numpy as np
import pytest

from genjax.metrics import polyphony, repetitions, scale_consistency, share_on_scale, tone_span

# C major up; D flat major's tones with one beside; the same three tones twice.
NOTES = np.array([[60, 62, 64, 65, 67, 69], [61, 63, 65, 66, 68, 69], [60, 64, 67, 60, 64, 67]])


def test_span_is_from_the_lowest_to_the_highest():
    np.testing.assert_array_equal(tone_span(NOTES), [9, 8, 7])


def test_consistency_is_that_of_the_best_scale():
    chromatic = np.arange(60, 72)[None]
    np.testing.assert_allclose(scale_consistency(NOTES), [1.0, 5 / 6, 1.0])
    np.testing.assert_allclose(scale_consistency(chromatic), 7 / 12)
    np.testing.assert_allclose(share_on_scale(NOTES, (0, 4, 7)), [0.5, 0.0, 1.0])


def test_polyphony_counts_tones_that_start_together():
    starts = np.array([[0.0, 0.0, 1.0, 1.5], [0.0, 1.0, 2.0, 3.0], [2.0, 2.0, 2.0, 2.0]])
    np.testing.assert_allclose(polyphony(starts), [0.5, 0.0, 1.0])


def test_repetitions_count_runs_that_were_heard_before():
    np.testing.assert_array_equal(repetitions(NOTES, 3), [0, 0, 1])
    np.testing.assert_array_equal(repetitions(NOTES, 2), [0, 0, 2])
    np.testing.assert_array_equal(repetitions(np.full((1, 6), 60), 2), [4])


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: tone_span(NOTES / 2), "notes are whole"),
        (lambda: scale_consistency(NOTES[0]), "notes are whole"),
        (lambda: polyphony(np.zeros(3)), "starts of tones"),
        (lambda: repetitions(NOTES, 7), "runs of a piece of 6 tones cannot be of 7"),
    ],
)
def test_what_is_no_music_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()
