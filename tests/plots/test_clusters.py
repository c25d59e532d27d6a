"""Panels, colours and bars of maps, and the table of toy sets."""

import numpy as np
import pytest

from genjax.plots import clusters, comparison_figure, maps_figure, reduction_figure
from genjax.plots.clusters import Map
from genjax.plots.toy_clusters import Cell

POINTS = np.random.default_rng(0).normal(size=(12, 2))


@pytest.fixture
def figures(monkeypatch):
    """Every figure that is drawn."""
    drawn = []

    class Recorded(clusters.Figure):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            drawn.append(self)

    monkeypatch.setattr("genjax.plots.clusters.Figure", Recorded)
    monkeypatch.setattr("genjax.plots.toy_clusters.Figure", Recorded)
    return drawn


def test_groups_have_colours_of_their_own_and_noise_is_grey():
    for num in (10, 20):
        found = clusters.colours(np.arange(-1, num))
        assert found.shape == (num + 1, 4) and len(np.unique(found, axis=0)) == num + 1
        assert len(set(found[0, :3])) == 1


def test_maps_bars_and_pictures_have_a_panel_each(tmp_path, figures):
    maps = [Map("left", POINTS, np.arange(12) % 3), Map("right", POINTS, np.full(12, -1))]
    picture = np.zeros((4, 4), np.uint8)
    path = tmp_path / "maps.svg"
    bars = {"accuracy": {"a": 0.5, "b": 0.25}}
    maps_figure(maps, path, bars=bars, pictures={"grid": picture})
    panels = figures[0].axes
    shown = [panel for panel in panels if panel.axison or panel.images]
    assert [panel.get_title() for panel in shown] == ["left", "right", "accuracy", "grid"]
    np.testing.assert_array_equal(shown[0].collections[0].get_offsets(), POINTS)
    assert [bar.get_width() for bar in shown[2].patches] == [0.5, 0.25]
    assert b"<svg" in path.read_bytes()


def test_the_error_of_a_model_is_a_point_beside_the_curve(tmp_path, figures):
    bars = {"accuracy": {"model": 0.5}}
    reduction_figure(np.array([9.0, 4.0, 1.0]), 2, 0.5, "model", bars, tmp_path / "a.png")
    panel = figures[0].axes[0]
    lines = [line.get_xydata().tolist() for line in panel.lines]
    assert lines[:2] == [[[0, 9], [1, 4], [2, 1]], [[2, 0.5]]] and len(figures[0].axes) == 2


def test_a_cell_tells_its_index_and_seconds(tmp_path, figures):
    cell = Cell(POINTS, np.zeros(12, int), 0.125, 0.5)
    rows = {
        "rings": {"A": cell, "B": cell},
        "none": {"A": cell, "B": cell._replace(rand_index=None)},
    }
    comparison_figure(rows, tmp_path / "table.png", title="all")
    panels = figures[0].axes
    assert [panel.get_title() for panel in panels] == ["A", "B", "", ""]
    assert [text.get_text() for text in panels[0].texts] == ["ARI 0.50", "0.12 s"]
    assert [text.get_text() for text in panels[3].texts] == ["", "0.12 s"]
    assert panels[0].get_ylabel() == "rings" and panels[2].get_ylabel() == "none"


def test_what_cannot_be_drawn_is_refused(tmp_path):
    path = tmp_path / "a.png"
    with pytest.raises(ValueError, match="at least one map"):
        maps_figure([], path)
    with pytest.raises(ValueError, match=r"points are \[N, 2\]"):
        maps_figure([Map("", POINTS[:, :1], np.zeros(12, int))], path)
    with pytest.raises(ValueError, match=r"points are \[N, 2\]"):
        maps_figure([Map("", POINTS, np.zeros(11, int))], path)
    with pytest.raises(ValueError, match="at least one cell"):
        comparison_figure({}, path)
    with pytest.raises(ValueError, match="at least one, got shape"):
        reduction_figure(np.zeros((2, 2)), 1, None, "", {}, path)
    assert not list(tmp_path.iterdir())
