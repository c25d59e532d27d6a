"""The bars of a codebook's use."""

import numpy as np
import pytest

from genjax.plots import code_usage, codes


def test_a_bar_a_code_used_or_not(tmp_path, monkeypatch):
    figures = []

    class Recorded(codes.Figure):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            figures.append(self)

    monkeypatch.setattr(codes, "Figure", Recorded)
    code_usage(np.array([3, 0, 1, 0]), 1.7548, tmp_path / "codes.svg")
    (panel,) = figures[0].axes
    assert [bar.get_height() for bar in panel.patches] == [0.75, 0, 0.25, 0]
    assert panel.get_title() == "perplexity 1.8; 2 of 4 codes in use"
    assert b"<svg" in (tmp_path / "codes.svg").read_bytes()


@pytest.mark.parametrize("counts", [np.zeros(3), np.array([2, -1]), np.ones((2, 2)), np.zeros(0)])
def test_what_are_no_counts_is_refused(tmp_path, counts):
    with pytest.raises(ValueError, match="counts are"):
        code_usage(counts, 1.0, tmp_path / "codes.png")
    assert not list(tmp_path.iterdir())
