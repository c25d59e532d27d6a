"""Columns of images with names: a picture as large as its rows, and what is refused."""

import numpy as np
import pytest
from PIL import Image

from genjax.plots import image_columns


def test_more_rows_make_a_taller_picture(tmp_path):
    images = np.random.default_rng(0).random((5, 4, 4, 1))
    sizes = []
    for rows in (2, 5):
        path = tmp_path / f"{rows}.png"
        image_columns({"noisy\n20.1 dB": images[:rows], "clean": images[:rows]}, path, title="two")
        with Image.open(path) as picture:
            sizes.append(picture.size)
    assert sizes[1][1] > sizes[0][1] + 200


@pytest.mark.parametrize(
    "columns", [{}, {"one": np.zeros((2, 4, 4, 1)), "other": np.zeros((3, 4, 4, 1))}]
)
def test_columns_of_different_lengths_are_refused(columns, tmp_path):
    with pytest.raises(ValueError, match="columns need one number of images"):
        image_columns(columns, tmp_path / "no.png")
    assert not (tmp_path / "no.png").exists()
