"""Sequences: notes and back, the drawn sets and their rules, files by name, chorales by windows."""

import numpy as np
import pytest

from genjax.core.spec import Spec
from genjax.data import load, melodies, notes, progressions
from genjax.data.sequences import voice_events


def test_notes_and_back():
    x = notes.events([0, 0, 1.5], [1, 1, 0.5], [60, 64, 73], [0.5, 1.0, 0.2])
    np.testing.assert_allclose(x[2], [1.5, 0.5, 13 / 12, 0.2], rtol=1e-6)
    np.testing.assert_array_equal(notes.note_numbers(x), [60, 64, 73])
    np.testing.assert_array_equal(notes.start_times(x), [0, 0, 1.5])
    np.testing.assert_array_equal(notes.played(x)[2], [1.5, 0.5, 73, 25])
    wild = np.array([[-1.0, -1.0, 9.0, 2.0], [0.06, 0, -9.0, -1.0]], np.float32)
    np.testing.assert_array_equal(notes.played(wild), [[0, 1 / 8, 127, 127], [0, 1 / 8, 0, 1]])
    assert notes.is_notes(Spec((24, 4))) and not notes.is_notes(Spec((24, 5)))
    with pytest.raises(ValueError, match="events are"):
        notes.note_numbers(x[0, :3])


def test_melodies_lie_on_their_scale_and_keep_their_rhythm():
    dataset = load("melodies")
    assert dataset.spec == Spec((24, 4), None, 24) and dataset.spec.entry == "sequence"
    rows = dataset.train.arrays()
    x, tones = rows["sequence"], notes.note_numbers(rows["sequence"])
    np.testing.assert_allclose(12 * x[..., 2] + 60, tones, atol=1e-5)
    for scale in range(24):
        own = tones[rows["label"] == scale] % 12
        assert len(own) > 200 and set(own.ravel()) == set(melodies.scale_notes(scale))
    assert melodies.scale_notes(0) == (0, 2, 4, 5, 7, 9, 11)
    assert melodies.scale_notes(12 + 9) == melodies.scale_notes(0)  # A minor
    starts = notes.start_times(x).reshape(len(x), 4, 6)
    assert (starts[..., :3] == 4.0 * np.arange(4)[None, :, None]).all()
    offsets = starts[..., 3:] - starts[..., :1]
    assert (offsets == offsets[:, :1]).all()
    assert {tuple(each) for each in offsets[:, 0]} == set(melodies.RHYTHMS)
    chord = np.sort(tones.reshape(-1, 6)[:, :3])
    assert set(map(tuple, np.diff(chord))) == {(4, 3), (3, 4), (3, 3)}  # major, minor, diminished
    with pytest.raises(ValueError, match=r"there are scales 0..23"):
        melodies.scale_notes(24)


def test_progressions_follow_their_rules():
    dataset = load("progressions")
    assert dataset.spec == Spec((6, 64), None, 3, {"distractors": (4, 64)})
    rows = dataset.test.arrays()
    assert {name: each.dtype for name, each in rows.items()} == {
        "sequence": np.float32, "distractors": np.float32, "label": np.int32
    }  # fmt: skip
    frames = rows["sequence"].reshape(-1, 6, 8, 8)
    assert frames.min() >= 0 and frames.max() <= 1
    blob, bar, arrow = (frames[rows["label"] == rule] for rule in range(3))
    places = np.stack(np.unravel_index(blob.reshape(-1, 6, 64).argmax(2), (8, 8)), -1)
    turns = np.diff(places, axis=1) % 8
    assert (turns == turns[:, :1]).all() and set(np.unique(turns)) == {1, 7}
    cells = bar.sum((2, 3))
    assert (np.diff(cells, axis=1) == 1).all() and (np.diff(bar, axis=1) >= 0).all()
    sizes = arrow.sum((2, 3))  # the same figure, turned: but for what the grid makes of it
    np.testing.assert_allclose(sizes, sizes.mean(), rtol=0.25)
    assert np.square(np.diff(arrow, axis=1)).sum((2, 3)).min() > 0.5
    wrong = np.square(rows["distractors"] - rows["sequence"][:, 5:]).sum(-1)
    assert wrong.min() > 0.3


def test_a_progression_goes_on_as_it_began():
    factors = progressions.draw(np.random.RandomState(0), 6)
    long = progressions.render(factors, np.arange(9))
    np.testing.assert_allclose(long[:, 4:6], progressions.render(factors, np.array([4, 5])))
    np.testing.assert_allclose(long[::3, 8], long[::3, 0], atol=1e-12)  # once round the torus
    np.testing.assert_allclose(long[2::3, 8], long[2::3, 0], atol=1e-12)  # once round itself


def _npz(tmp_path, **arrays):
    np.savez(tmp_path / "set.npz", **arrays)
    return str(tmp_path / "set.npz")


X = np.random.default_rng(0).normal(size=(20, 6, 4))


def test_arrays_named_so_are_sequences_and_keep_their_values(tmp_path):
    path = _npz(tmp_path, sequence_train=X, sequence_test=X[:3], y_train=np.arange(20) % 2,
                y_test=np.arange(3) % 2)  # fmt: skip
    dataset = load(f"file:{path}")
    assert dataset.spec == Spec((6, 4), None, 2) and [len(s) for s in dataset[2:5]] == [18, 2, 3]
    np.testing.assert_array_equal(dataset.test.arrays()["sequence"], X[:3].astype(np.float32))
    dataset = load(f"file:{_npz(tmp_path, sequence=np.arange(240).reshape(10, 6, 4))}")
    assert dataset.spec == Spec((6, 4)) and dataset.train.arrays()["sequence"].max() > 200
    images = np.clip(np.abs(X), 0, 1)  # the same rank under another name
    assert load(f"file:{_npz(tmp_path, x_train=images)}").spec.entry == "image"


@pytest.mark.parametrize(
    "arrays, message",
    [
        ({"sequence": X[0]}, r"expected sequences \[N, T, F\]"),
        ({"sequence": np.full((4, 2, 2), np.nan)}, "holds NaN or infinite"),
        ({"sequence": np.full((4, 2, 2), "a")}, "expected numbers"),
        ({"sequence_train": X, "sequence_test": X[:, :2]}, "sequences of one shape"),
        ({"sequence_train": X, "sequence_test": X, "y_test": np.zeros(20)}, "some splits only"),
        ({"sequence": X, "y": np.zeros(3)}, "one label for each of 20"),
    ],
)
def test_bad_sequences_are_refused_in_a_line(tmp_path, arrays, message):
    with pytest.raises(ValueError, match=message) as caught:
        load(f"file:{_npz(tmp_path, **arrays)}")
    assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match="holds sequences"):
        load(f"file:{_npz(tmp_path, sequence=X)}", image_size=8)


def test_voices_become_notes_from_the_bass_up():
    grid = np.array([[72, 60], [72, 60], [74, 60], [-1, 55], [-1, 55]])
    x = voice_events(grid)
    expected = [[0, 0.75, 60], [0, 0.5, 72], [0.5, 0.25, 74], [0.25, 0.5, 55]]
    np.testing.assert_allclose(x[:, :2], np.array(expected)[:, :2])
    np.testing.assert_array_equal(notes.note_numbers(x), np.array(expected)[:, 2].astype(int))


def test_chorales_are_windows_of_their_pieces(tmp_path):
    piece = np.arange(160).reshape(40, 4).astype(np.int8) % 40 + 40  # a new chord every sixteenth
    arrays = {split: np.concatenate([piece, piece[:5]]) for split in ("train", "valid", "test")}
    offsets = {f"{split}_offsets": np.array([0, 40, 45]) for split in arrays}
    dataset = load(f"chorales:{_npz(tmp_path, **arrays, **offsets)}")
    assert dataset.spec == Spec((32, 4))
    assert [len(source) for source in dataset[2:5]] == [17, 5, 5]  # every 8 of 160 - 32; every 32
    first, second = dataset.valid.arrays()["sequence"][:2]
    np.testing.assert_array_equal(notes.note_numbers(first)[:4], piece[0, ::-1])
    np.testing.assert_array_equal(notes.note_numbers(second)[:4], piece[8, ::-1])
    assert first[0, 0] == second[0, 0] == 0.0 and second[4, 0] == 0.25
    del offsets["test_offsets"]
    with pytest.raises(ValueError, match="it lacks test_offsets"):
        load(f"chorales:{_npz(tmp_path, **arrays, **offsets)}")
    with pytest.raises(ValueError, match="no piece of 32 notes"):
        short = {name: each[:5] for name, each in arrays.items()}
        ends = {f"{name}_offsets": np.array([0, 5]) for name in arrays}
        load(f"chorales:{_npz(tmp_path, **short, **ends)}")
