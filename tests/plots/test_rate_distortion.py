"""Where the points of the curve lie, and the line of the best bound."""

import numpy as np
import pytest

from genjax.plots import rate_distortion, rate_distortion_curve


def test_points_are_joined_by_rate_and_the_line_has_the_best_elbo(tmp_path, monkeypatch):
    figures = []

    class Recorded(rate_distortion.Figure):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            figures.append(self)

    monkeypatch.setattr(rate_distortion, "Figure", Recorded)
    path = tmp_path / "curve.svg"
    rate_distortion_curve([9, 1, 4], [10, 30, 14], ["a", "b", "c"], path, rate_errors=[1, 1, 1])
    (panel,) = figures[0].axes
    lines = [line.get_xydata().tolist() for line in panel.lines]
    assert lines[0] == [[1, 30], [4, 14], [9, 10]]
    assert [[0, 18], [9, 9]] in lines  # 4 + 14 is the least of the sums
    told = {text.get_text(): text.xy for text in panel.texts}
    assert told == {"a": (9, 10), "b": (1, 30), "c": (4, 14)}
    assert panel.get_legend().get_texts()[0].get_text() == "best ELBO, -18.00"
    assert b"<svg" in path.read_bytes()


@pytest.mark.parametrize(
    "rates, distortions, labels, message",
    [
        ([], [], [], "at least 1"),
        ([1, 2], [1], ["a", "b"], "as many"),
        ([1], [1], ["a", "b"], "as many"),
        ([1, np.inf], [1, 2], ["a", "b"], "finite"),
        ([1, 2], [1, np.nan], ["a", "b"], "finite"),
    ],
)
def test_what_is_no_curve_is_refused(tmp_path, rates, distortions, labels, message):
    with pytest.raises(ValueError, match=message):
        rate_distortion_curve(rates, distortions, labels, tmp_path / "curve.png")
    assert not list(tmp_path.iterdir())
