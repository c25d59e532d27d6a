"""Pictures of sequences: written whole, and what is no sequence is refused."""

import numpy as np
import pytest
from PIL import Image

from genjax.plots import filmstrips, heat_maps, piano_rolls

PIECES = np.tile([[0.0, 1.0, 60, 100], [1.0, 0.5, 72, 60]], (5, 1, 1))
FILMS = np.random.default_rng(0).random((2, 3, 8, 8))


def test_pictures_are_written_and_are_not_empty(tmp_path):
    piano_rolls(PIECES, tmp_path / "rolls.png")
    filmstrips({"given": FILMS, "truth": FILMS[:, :1]}, tmp_path / "films.png", title="films")
    heat_maps(FILMS[..., 0], tmp_path / "maps.png")
    for name in ("rolls", "films", "maps"):
        pixels = np.asarray(Image.open(tmp_path / f"{name}.png").convert("L"))
        assert pixels.std() > 5


def test_a_higher_note_is_drawn_higher(tmp_path):
    piano_rolls(np.array([[[0.0, 1, 48, 127], [1.0, 1, 72, 127]]]), tmp_path / "one.png")
    pixels = np.asarray(Image.open(tmp_path / "one.png").convert("RGB")).astype(int)
    blue = (pixels[..., 2] - pixels[..., 0]) > 90
    rows, columns = np.nonzero(blue)
    middle = (columns.min() + columns.max()) / 2
    assert rows[columns < middle].mean() > rows[columns > middle].mean()


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda path: piano_rolls(PIECES[0], path), "pieces are"),
        (lambda path: filmstrips({}, path), "strips are"),
        (lambda path: filmstrips({"a": FILMS, "b": FILMS[:1]}, path), "strips are"),
        (lambda path: heat_maps(FILMS, path), "sequences are"),
    ],
)
def test_what_is_no_sequence_is_refused(tmp_path, call, message):
    with pytest.raises(ValueError, match=message):
        call(tmp_path / "none.png")
