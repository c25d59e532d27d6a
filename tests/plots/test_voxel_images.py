"""Voxels as pictures: which faces are seen, what hides what."""

import numpy as np
import pytest

from genjax.plots import shower_maps, voxel_images


def picture(*full, side=64, shape=(4, 4, 4)):
    grid = np.zeros((1, *shape), np.float32)
    for index in full:
        grid[(0, *index)] = 1
    return voxel_images(grid, side)[0]


def lit(image):
    """Pixels that are not the ground."""
    return np.abs(image - image[0, 0]).sum(-1) > 1e-3


def test_a_cube_has_three_faces_of_three_shades():
    image = voxel_images(np.ones((1, 2, 2, 2, 1)), 64)[0]
    shades = np.unique((image[lit(image)] * 255).round().astype(int), axis=0)
    assert image.shape == (64, 64, 3) and 0 <= image.min() and image.max() <= 1
    left, right, top = image[44, 12], image[44, 50], image[16, 32]
    assert top[2] > left[2] > 0 and top[2] > right[2] and abs(left[2] - right[2]) > 0.05
    assert len(shades) >= 3


def test_up_is_up_and_what_is_in_front_hides():
    low, high = (np.argwhere(lit(picture((1, 1, z))))[:, 0].mean() for z in (0, 3))
    assert high < low
    shell = [(x, y, z) for x in range(4) for y in range(4) for z in range(4)]
    inner = [cell for cell in shell if cell != (2, 2, 1)]
    np.testing.assert_array_equal(picture(*shell), picture(*inner))
    assert not lit(picture()).any()


def test_a_voxel_is_full_above_one_half_and_boxes_need_not_be_cubes():
    assert not lit(voxel_images(np.full((1, 2, 3, 5), 0.5))[0]).any()
    assert lit(voxel_images(np.full((1, 2, 3, 5), 0.6))[0]).any()


@pytest.mark.parametrize("shape", [(4, 4, 4), (0, 4, 4, 4), (1, 4, 4, 4, 3)])
def test_other_shapes_are_refused(shape):
    with pytest.raises(ValueError, match="voxels are"):
        voxel_images(np.zeros(shape))


def test_maps_of_showers_are_drawn_and_what_differs_is_refused(tmp_path):
    maps = [np.eye(2), np.zeros((2, 3))]
    shower_maps({"5 GeV": {"drawn": maps, "data": maps}}, tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 1000
    for rows in ({}, {"a": {"drawn": maps}, "b": {"drawn": maps[:1]}}):
        with pytest.raises(ValueError, match="rows need the same showers"):
            shower_maps(rows, tmp_path / "x.png")
