"""The truncation figure: which panels it has, and what is refused."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from genjax.plots import truncation_figure

ROWS = np.random.default_rng(0).uniform(size=(3, 4, 8, 8, 1))
CURVES = {"fid": [3.0, 2.0, 1.0], "precision": [0.9, 0.8, 0.7], "recall": [0.1, 0.2, 0.3]}


def test_precision_is_drawn_against_recall(tmp_path, monkeypatch):
    drawn, save = [], Figure.savefig

    def record(figure, *args, **options):
        parts = [panel for part in figure.subfigs for panel in part.axes] or figure.axes
        drawn.append({p.get_title(): p.lines[0].get_xydata() for p in parts if p.lines})
        save(figure, *args, **options)

    monkeypatch.setattr(Figure, "savefig", record)
    truncation_figure([0.5, 1.0, 2.0], CURVES, ROWS, tmp_path / "with.png")
    truncation_figure([0.5, 1.0, 2.0], {"fid": CURVES["fid"]}, ROWS[:, :0], tmp_path / "bare.png")
    both, bare = drawn
    assert list(both) == ["fid", "precision", "recall", "precision against recall"]
    pairs = np.stack([CURVES["recall"], CURVES["precision"]], axis=1)
    np.testing.assert_array_equal(both["precision against recall"], pairs)
    assert list(bare) == ["fid"] and (tmp_path / "bare.png").exists()


@pytest.mark.parametrize("curves, rows", [({}, ROWS), ({"fid": [1.0]}, ROWS), (CURVES, ROWS[:2])])
def test_lengths_that_differ_are_refused(tmp_path, curves, rows):
    with pytest.raises(ValueError, match="needs curves and rows of 3 thresholds"):
        truncation_figure([0.5, 1.0, 2.0], curves, rows, tmp_path / "x.png")
