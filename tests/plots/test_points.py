"""Samples over data: what is drawn where, and what is refused."""

import numpy as np
import pytest
from PIL import Image

from genjax.plots import samples_over_data


def test_samples_are_blue_where_they_lie(tmp_path):
    data = np.array([[0.0, 0.0], [1.0, 1.0]])
    inside, outside = tmp_path / "inside.png", tmp_path / "outside.png"
    samples_over_data(data, np.full((50, 2), [0.5, 0.75]), inside)
    samples_over_data(data, np.full((50, 2), 9.0), outside)

    def blue(path):
        pixels = np.asarray(Image.open(path).convert("RGB")).astype(int)
        where = np.argwhere(pixels[..., 2] - pixels[..., 0] > 60)
        return where[(where[:, 0] > 150) & (where[:, 0] < 600)]  # away from the legend

    assert len(blue(inside)) and not len(blue(outside))
    assert inside.read_bytes() != outside.read_bytes()


@pytest.mark.parametrize("shape", [(3,), (4, 3), (0, 2)])
def test_points_are_of_the_plane(tmp_path, shape):
    good = np.zeros((2, 2))
    for pair in ((np.zeros(shape), good), (good, np.zeros(shape))):
        with pytest.raises(ValueError, match=r"must be points \[N, 2\]"):
            samples_over_data(*pair, tmp_path / "x.png")
