"""Where each pixel goes, and that files appear whole."""

import numpy as np
import pytest
from PIL import Image

from genjax.plots import image_grid, pairs_grid, save_image

RAMP = np.arange(6) / 10


def flat(values, shape=(2, 3)):
    """Images that are one grey each."""
    return np.broadcast_to(np.reshape(values, (-1, 1, 1)), (len(values), *shape)).astype(np.float32)


def test_image_grid_places_cells_in_reading_order():
    grid = image_grid(flat(RAMP[:5]), columns=3, padding=1)
    assert grid.dtype == np.uint8 and grid.shape == (2 * 3 + 1, 3 * 4 + 1)
    assert (grid[0] == 255).all() and (grid[:, 0] == 255).all()  # the frame
    centers = grid[1::3, 1::4]
    np.testing.assert_array_equal(centers[0], np.round(255 * RAMP[:3]))
    np.testing.assert_array_equal(centers[1], [*np.round(255 * RAMP[3:5]), 255])  # one left over


def test_image_grid_keeps_colours_and_drops_the_grey_axis():
    colours = np.zeros((4, 2, 2, 3))
    colours[..., 2] = 1
    grid = image_grid(colours, padding=0)
    assert grid.shape == (4, 4, 3) and (grid == [0, 0, 255]).all()
    assert image_grid(flat(RAMP)[..., None]).ndim == 2


def test_image_grid_at_extremes():
    values = np.array([np.nan, -np.inf, -3.0, np.inf, 7.0, 0.5])
    grid = image_grid(flat(values, (1, 1)), columns=6, padding=0)
    np.testing.assert_array_equal(grid[0], [0, 0, 0, 255, 255, 128])


@pytest.mark.parametrize(
    "images",
    [np.zeros((4, 5)), np.zeros((1, 4, 5, 2)), np.zeros((0, 4, 5)), np.zeros((1, 4, 5), np.uint8)],
)
def test_what_are_no_images_is_refused(images):
    with pytest.raises(ValueError, match="images are"):
        image_grid(images)
    with pytest.raises(ValueError, match="images are"):
        pairs_grid(images, images)


@pytest.mark.parametrize("options", [{"columns": 0}, {"padding": -1}])
def test_sizes_are_checked(options):
    with pytest.raises(ValueError, match="needs columns"):
        image_grid(flat(RAMP), **options)


def test_pairs_grid_interleaves_rows():
    grid = pairs_grid(flat(RAMP[:3]), flat(RAMP[3:]), columns=2, padding=0)
    expected = np.round(255 * np.array([[0, 0.1], [0.3, 0.4], [0.2, 1], [0.5, 1]]))
    np.testing.assert_array_equal(grid[::2, ::3], expected)


def test_pairs_grid_refuses_other_shapes():
    with pytest.raises(ValueError, match="differ in shape"):
        pairs_grid(flat(RAMP), flat(RAMP[:3]))
    with pytest.raises(ValueError, match="needs columns"):
        pairs_grid(flat(RAMP), flat(RAMP), columns=0)


def test_save_image_enlarges_by_repeating_pixels(tmp_path):
    array = np.arange(80, dtype=np.uint8).reshape(8, 10)
    path = tmp_path / "new" / "digits.png"
    save_image(path, array)
    read = np.asarray(Image.open(path))
    assert read.shape == (8 * 26, 10 * 26)
    np.testing.assert_array_equal(read[::26, ::26], array)
    np.testing.assert_array_equal(read[25::26, 25::26], array)
    assert [p.name for p in path.parent.iterdir()] == ["digits.png"]  # no temporary left


def test_save_image_leaves_large_colour_as_it_is(tmp_path):
    array = np.random.default_rng(0).integers(0, 256, (300, 40, 3), np.uint8)
    save_image(tmp_path / "a.png", array)
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "a.png")), array)


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    save_image(path, np.zeros((4, 4), np.uint8))
    before = path.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr("os.replace", fail)
    with pytest.raises(OSError, match="disk full"):
        save_image(path, np.ones((4, 4), np.uint8))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


@pytest.mark.parametrize(
    ("name", "array", "message"),
    [
        ("a.png", np.zeros((4, 4)), "a picture is uint8"),
        ("a.png", np.zeros((4, 4, 2), np.uint8), "a picture is uint8"),
        ("a.png", np.zeros((0, 4), np.uint8), "a picture is uint8"),
        ("a.picture", np.zeros((4, 4), np.uint8), "no image format"),
    ],
)
def test_save_image_refuses(tmp_path, name, array, message):
    with pytest.raises(ValueError, match=message):
        save_image(tmp_path / name, array)
