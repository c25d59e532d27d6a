"""The figure is drawn without a display and without global state."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from genjax.plots import curves, training_curves

ROWS = [
    {"step": 0, "loss": 3.0, "note": "start"},
    {"step": 10, "loss": float("nan"), "accuracy": 0.5},
    {"step": 20, "loss": 1e30, "accuracy": None},
]


def test_draws_the_finite_numbers_of_each_metric(tmp_path, monkeypatch):
    figures = []

    class Recorded(curves.Figure):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            figures.append(self)

    monkeypatch.setattr(curves, "Figure", Recorded)
    training_curves(ROWS, tmp_path / "curves.png")
    drawn = {panel.get_title(): panel.lines[0].get_xydata().tolist() for panel in figures[0].axes}
    assert drawn == {"loss": [[0, 3.0], [20, 1e30]], "accuracy": [[10, 0.5]]}
    assert plt.get_fignums() == []
    picture = np.asarray(Image.open(tmp_path / "curves.png").convert("L"))
    assert picture.min() < 128  # something is on it
    assert [p.name for p in tmp_path.iterdir()] == ["curves.png"]


def test_more_metrics_than_fit_in_a_row(tmp_path):
    training_curves([{"step": 1, **{f"m{i}": i for i in range(5)}}], tmp_path / "curves.svg")
    assert b"<svg" in (tmp_path / "curves.svg").read_bytes()


@pytest.mark.parametrize(
    ("rows", "message"),
    [([], "no metric"), ([{"step": 1, "note": "a"}], "no metric"), ([{"loss": 1.0}], "'step'")],
)
def test_refuses_rows_with_nothing_to_draw(tmp_path, rows, message):
    with pytest.raises(ValueError, match=message):
        training_curves(rows, tmp_path / "curves.png")
