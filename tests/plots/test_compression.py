"""What the pictures of file sizes show."""

import numpy as np
import pytest

from genjax.plots import compression


@pytest.fixture
def panels(monkeypatch):
    """The panels of each figure that is drawn."""
    figures = []

    class Recorded(compression.Figure):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            figures.append(self)

    monkeypatch.setattr(compression, "Figure", Recorded)
    return lambda: [figure.axes[0] for figure in figures]


def test_bars_are_sorted_and_the_models_stands_out(tmp_path, panels):
    rates = {"made": 0.4, "gzip": 0.6, "png": 0.5}
    compression.coder_bars(rates, tmp_path / "bars.png", promise=0.39, title="test")
    (panel,) = panels()
    names = [label.get_text() for label in panel.get_yticklabels()]
    assert names == ["gzip", "png", "made"]
    widths = [bar.get_width() for bar in panel.patches]
    np.testing.assert_allclose(widths, [0.6, 0.5, 0.4])
    colors = [bar.get_facecolor() for bar in panel.patches]
    assert colors[0] == colors[1] != colors[2]
    assert panel.lines[0].get_xdata()[0] == 0.39
    assert (tmp_path / "bars.png").read_bytes().startswith(b"\x89PNG")


def test_curves_go_by_rate(tmp_path, panels):
    curves = {"model": [(2.0, 30.0), (1.0, 20.0)], "JPEG": [(3.0, 25.0)]}
    compression.lossy_curves(curves, tmp_path / "curve.svg", title="test")
    (panel,) = panels()
    assert panel.lines[0].get_xydata().tolist() == [[1, 20], [2, 30]]
    assert [text.get_text() for text in panel.get_legend().get_texts()] == ["model", "JPEG"]
    assert b"<svg" in (tmp_path / "curve.svg").read_bytes()


def test_what_is_no_figure_is_refused(tmp_path):
    for rates, promise in (({}, 1.0), ({"a": np.nan}, 1.0), ({"a": 1.0}, np.inf)):
        with pytest.raises(ValueError, match="finite rates of one or more"):
            compression.coder_bars(rates, tmp_path / "a.png", promise=promise, title="")
    for curves in ({}, {"a": []}):
        with pytest.raises(ValueError, match="a point of each"):
            compression.lossy_curves(curves, tmp_path / "a.png", title="")
    assert not list(tmp_path.iterdir())
