"""`melodies`: walks on a known scale over held chords, as sequences of notes."""

import numpy as np

from genjax.core.spec import Spec
from genjax.data import notes, rendered
from genjax.data.dataset import ArraySource, Splits
from genjax.data.splits import SPLITS

MODES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}  # natural minor
# Beats of a bar of four at which its three melody notes start; one of these all through a piece.
RHYTHMS = ((1.0, 2.0, 3.0), (1.0, 1.5, 2.5), (2.0, 2.5, 3.0))
_BARS, _BEATS, _LOWEST = 4, 4.0, 48  # the lowest tonic is the C below middle C
_TRIAD = (0, 2, 4)  # degrees
_STEPS = (-2, -1, 1, 2)  # of the walk
_REACH = 10  # degrees above the tonic that the walk turns back at
_SIZES = (8192, 1024, 1024)


def scale_notes(scale: int) -> tuple[int, ...]:
    """Pitch classes, 0 for C, of scale 0..23: twelve tonics in major, then in minor.

    Raises:
        ValueError: for another number.
    """
    if not 0 <= scale < 12 * len(MODES):
        raise ValueError(f"there are scales 0..{12 * len(MODES) - 1}, got {scale}")
    mode, tonic = divmod(int(scale), 12)
    return tuple(sorted((tonic + step) % 12 for step in list(MODES.values())[mode]))


def melody_set(seed: int = 0) -> Splits:
    """`melodies`, [24, 4] events of `genjax.data.notes`; the label is the scale.

    Four bars of four beats. A bar is a triad held for the whole of it (three events, the last two of
    dt = 0), then three notes of a walk in steps of one or two degrees, in one of three rhythms that a
    piece keeps. The chord is louder. Every tone lies on the piece's scale (`scale_notes`). 8192 train,
    1024 valid, 1024 test.

    Args:
        seed: of the walks.
    """
    total = sum(_SIZES)
    factors = rendered.shuffled_factors(total, (12, len(MODES), len(RHYTHMS)))
    sequence = render(factors, np.random.RandomState(seed))
    label = (12 * factors[:, 1] + factors[:, 0]).astype(np.int32)
    stops = np.cumsum(_SIZES)
    sources = {
        split: ArraySource(
            {"sequence": sequence[stop - size : stop], "label": label[stop - size : stop]}
        )
        for split, size, stop in zip(SPLITS, _SIZES, stops, strict=True)
    }
    return Splits(Spec(sequence.shape[1:], None, 12 * len(MODES)), None, **sources)


def render(factors: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """Pieces float32 [N, 24, 4] of factors [N, 3]: tonic 0..11, mode 0..1, rhythm 0..2.

    Args:
        factors: see above.
        random: draws the walks.
    """
    num = len(factors)
    tonic, mode = factors[:, 0], factors[:, 1]
    offsets = np.asarray(RHYTHMS)[factors[:, 2]]  # [N, 3]
    degrees = np.asarray(list(MODES.values()))[mode]  # [N, 7]

    def note(degree):
        octave, step = np.divmod(degree, 7)
        return _LOWEST + tonic + 12 * octave + degrees[np.arange(num), step]

    starts = np.concatenate([np.zeros((num, 3)), offsets], axis=1)  # of a bar's six events
    ends = np.concatenate([offsets[:, 1:], np.full((num, 1), _BEATS)], axis=1)
    lengths = np.concatenate([np.full((num, 3), _BEATS), ends - offsets], axis=1)
    place, bars = random.randint(3, 8, num), []
    for _ in range(_BARS):
        root = random.randint(0, 4, num)
        tones = [note(root + step) for step in _TRIAD]
        for _ in range(3):
            place = place + random.choice(_STEPS, num)
            place = np.where(place < 0, -place, place)  # the walk is reflected at its ends
            place = np.where(place > _REACH, 2 * _REACH - place, place)
            tones.append(note(place))
        bars.append(np.stack(tones, axis=1))
    starts = np.concatenate([bar * _BEATS + starts for bar in range(_BARS)], axis=1)
    dt = np.diff(starts, axis=1, prepend=0.0)
    loud = np.tile([0.8, 0.8, 0.8, 0.6, 0.6, 0.6], _BARS)
    return notes.events(dt, np.tile(lengths, _BARS), np.concatenate(bars, axis=1), loud[None])
