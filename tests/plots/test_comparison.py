"""Rows of pictures with titles: a file of any sizes, and what is refused."""

import numpy as np
import pytest
from PIL import Image

from genjax.plots import picture_rows


def test_rows_of_pictures_of_any_size(tmp_path):
    row = {"low": np.zeros((2, 3, 1)), "high\n1 dB": np.full((8, 12, 3), 1.5)}
    picture_rows({"a": row, "b": row}, tmp_path / "rows.png", "title")
    with Image.open(tmp_path / "rows.png") as image:
        assert image.width > 400 and image.height > 400


def test_rows_are_checked(tmp_path):
    for rows in ({}, {"a": {}}, {"a": {"x": np.zeros((2, 2, 1))}, "b": {}}):
        with pytest.raises(ValueError, match="rows need one number of pictures"):
            picture_rows(rows, tmp_path / "rows.png")
