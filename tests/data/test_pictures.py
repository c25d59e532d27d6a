"""`pictures`: photographs that ship with packages, cut into patches, apart by picture."""

import numpy as np
import pytest
from sklearn.datasets import load_sample_image

from genjax.core.spec import Spec
from genjax.data import load, pictures, whole_pictures


def test_whole_pictures_are_the_packages_own():
    test = whole_pictures("test")
    assert {name: each.shape for name, each in test.items()} == {
        "china": (427, 640, 3),
        "coffee": (400, 600, 3),
        "flower": (427, 640, 3),
    }
    np.testing.assert_array_equal(test["china"], load_sample_image("china.jpg"))
    assert all(each.dtype == np.uint8 for each in test.values())
    with pytest.raises(ValueError, match="one of train, valid, test, got 'tests'"):
        whole_pictures("tests")


def test_no_picture_is_in_two_splits():
    names = [name for split in pictures.PICTURES.values() for name in split]
    assert len(names) == len(set(names)) == 11
    for split in ("train", "valid", "test"):
        assert list(whole_pictures(split)) == pictures.PICTURES[split]


def test_patches_tile_the_pictures():
    """Side by side in evaluation, overlapping by half in training; row by row."""
    dataset = load("pictures")
    assert dataset.spec == Spec((48, 48, 3), 256) and dataset.binarization == "none"
    china, coffee = (whole_pictures("test")[name] for name in ("china", "coffee"))
    patches = dataset.test.arrays()["image"]
    assert len(patches) == 2 * 8 * 13 + 8 * 12
    np.testing.assert_array_equal(patches[14], china[48:96, 48:96])
    np.testing.assert_array_equal(patches[8 * 13], coffee[:48, :48])
    train = dataset.train.arrays()["image"]
    astronaut = whole_pictures("train")["astronaut"]
    np.testing.assert_array_equal(train[1], astronaut[:48, 24:72])
    np.testing.assert_array_equal(train[20], astronaut[24:72, :48])
    assert len(train) == 5 * 20**2 + 19 * 29 + 16 * 25


def test_size_and_channels():
    grey = load("pictures", image_size=96, channels=1)
    assert grey.spec == Spec((96, 96, 1), 256)
    assert grey.valid.arrays()["image"].shape == (3 * 4, 96, 96, 1)
    with pytest.raises(
        ValueError, match="patches of 301x301 do not fit the picture cat of 300x451"
    ):
        load("pictures", image_size=301)
