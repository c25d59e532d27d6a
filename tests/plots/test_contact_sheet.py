"""A sheet of pictures of different sizes, and none without a picture."""

import numpy as np
import pytest
from PIL import Image

from genjax.plots import contact_sheet


def test_more_pictures_take_more_rows(tmp_path):
    files = {}
    for index, size in enumerate(((8, 20), (600, 300), (5, 5))):
        files[f"model {index}"] = tmp_path / f"{index}.png"
        Image.fromarray(np.full((*size, 3), 80 * index, np.uint8)).save(files[f"model {index}"])
    sizes = []
    for columns in (3, 1):
        contact_sheet(files, tmp_path / "sheet.png", columns)
        with Image.open(tmp_path / "sheet.png") as sheet:
            sizes.append(sheet.size)
            colours = {tuple(pixel) for pixel in np.asarray(sheet.convert("RGB")).reshape(-1, 3)}
        assert {(0, 0, 0), (80, 80, 80), (160, 160, 160)} <= colours
    wide, tall = sizes
    assert wide[0] == 3 * tall[0] and abs(3 * wide[1] - tall[1]) <= 3  # to a pixel a row


def test_no_picture_is_refused(tmp_path):
    with pytest.raises(ValueError, match="at least one picture"):
        contact_sheet({}, tmp_path / "sheet.png")
