"""Lines of text in columns."""

import pytest
from PIL import Image

from genjax.plots import text_columns, text_figure


def test_columns_have_one_width_and_a_line_under_their_names(tmp_path):
    text = text_columns({"source": ["ab", "c"], "x": ["1", "22"]})
    assert text == "source  x\n------  --\nab      1\nc       22\n"
    text_figure(text, tmp_path / "text.png")
    with Image.open(tmp_path / "text.png") as picture:
        assert min(picture.size) > 50 and len(set(picture.convert("L").getdata())) > 1


def test_columns_of_different_lengths_are_refused():
    with pytest.raises(ValueError, match="columns need one number of lines, got"):
        text_columns({"a": ["1"], "b": []})
    with pytest.raises(ValueError, match="got none"):
        text_columns({})
