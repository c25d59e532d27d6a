"""TFDS sets: prepared by TFDS itself here, in small, and read without TensorFlow."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from genjax.core.spec import Spec
from genjax.data import ArraySource, LazySource, dataset, load
from genjax.data import tfds as reader

HAS_TENSORFLOW = importlib.util.find_spec("tensorflow") is not None
FEATURES = tfds.features


class _Builder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Images whose pixels are all the example's number, and its label the number modulo 3.

    They are handed over by Pillow: then TFDS encodes and writes them without TensorFlow.
    """

    VERSION = tfds.core.Version("1.0.0")
    code_path = None  # TFDS looks for checksums of downloads there; these sets have none
    SIZES = {"train": 40, "test": 8}
    FEATURES = {
        "image": FEATURES.Image(shape=(6, 5, 1), encoding_format="png"),
        "label": FEATURES.ClassLabel(num_classes=3),
    }

    def _info(self):
        features = FEATURES.FeaturesDict(self.FEATURES)
        return tfds.core.DatasetInfo(builder=self, features=features, description="numbers")

    def _split_generators(self, download_manager):
        del download_manager
        return {name: self._examples(name) for name in self.SIZES}

    def _examples(self, split):
        first = {"test": 100, "validation": 200}.get(split, 0)
        for number in range(first, first + self.SIZES[split]):
            yield number, self.example(number)

    def example(self, number):
        return {"image": Image.new("L", (5, 6), number), "label": number % 3}

    def _generate_examples(self):
        raise NotImplementedError


class ToyNumbers(_Builder, skip_registration=True):
    pass


class ToySplits(_Builder, skip_registration=True):
    SIZES = {"train": 9, "validation": 4, "test": 3}


class ToyMasks(_Builder, skip_registration=True):
    """Photos of several sizes with a mask, an unlike name, two classes and only one split."""

    SIZES = {"full": 20}
    FEATURES = {
        "image": FEATURES.Image(shape=(None, None, 3), encoding_format="jpeg"),
        "mask": FEATURES.Image(shape=(None, None, 1), encoding_format="png"),
        "species": FEATURES.ClassLabel(num_classes=2),
        "breed": FEATURES.ClassLabel(num_classes=5),
        "name": FEATURES.Text(),
    }

    def example(self, number):
        size = (8 + number, 8)
        return {
            "image": Image.new("RGB", size, (number * 9, 0, 0)),
            "mask": Image.new("L", size, 1),
            "species": number % 2,
            "breed": number % 5,
            "name": str(number),
        }


class ToyBits(_Builder, skip_registration=True):
    """Ink that is 0 or 255, without classes."""

    FEATURES = {
        "image": FEATURES.Image(shape=(6, 5, 1), encoding_format="png"),
    }

    def example(self, number):
        return {"image": Image.new("L", (5, 6), 255 * (number % 2))}


class ToyText(_Builder, skip_registration=True):
    FEATURES = {"text": FEATURES.Text()}

    def example(self, number):
        return {"text": str(number)}


class ToyRegistered(_Builder):
    """Known to TFDS by name, and given as arrays: these take TensorFlow to prepare."""

    def example(self, number):
        return {"image": np.full((6, 5, 1), number, np.uint8), "label": number % 3}


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    """A folder of sets that TFDS prepared."""
    path = tmp_path_factory.mktemp("tfds")
    for builder in (ToyNumbers, ToySplits, ToyMasks, ToyBits, ToyText):
        builder(data_dir=path, file_format="array_record").download_and_prepare()
    return str(path)


@pytest.fixture
def no_tensorflow(monkeypatch):
    """As on a machine that lacks TensorFlow."""
    monkeypatch.setattr(reader, "_has_tensorflow", lambda: False)


def test_read(data_dir):
    loaded = load("toy_numbers", data_dir=data_dir, valid_fraction=0.2)
    assert loaded.spec == Spec((6, 5, 1), 256, 3)
    parts = [source.arrays() for source in (loaded.train, loaded.valid, loaded.test)]
    numbers = [part["image"][:, 0, 0, 0].tolist() for part in parts]
    assert [len(each) for each in numbers] == [32, 8, 8]
    assert sorted(numbers[0] + numbers[1]) == list(range(40))
    assert sorted(numbers[2]) == list(range(100, 108))
    for part, each in zip(parts, numbers, strict=True):
        assert part["image"].dtype == np.uint8 and (part["image"] == part["image"][:, :1, :1]).all()
        np.testing.assert_array_equal(part["label"], np.array(each) % 3)


WITHOUT = """
import sys

class Without:
    def __init__(self, finder):
        self.finder = finder

    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] != "tensorflow" and hasattr(self.finder, "find_spec"):
            return self.finder.find_spec(name, path, target)

sys.meta_path = [Without(finder) for finder in sys.meta_path]
from genjax.data import load
image = load("toy_numbers", data_dir=sys.argv[1]).test.arrays()["image"]
assert "tensorflow" not in sys.modules
print(sorted(image[:, 0, 0, 0].tolist()))
"""


def test_read_where_tensorflow_cannot_be_imported(data_dir):
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, data_dir], cwd=root, capture_output=True, text=True
    )
    assert done.stdout.strip() == str(list(range(100, 108))), done.stderr


def test_a_set_that_does_not_fit_is_decoded_as_it_is_read(data_dir, monkeypatch):
    whole = load("toy_numbers", data_dir=data_dir)
    monkeypatch.setattr(
        reader, "in_memory_if_small", lambda source: dataset.in_memory_if_small(source, 9)
    )
    lazy = load("toy_numbers", data_dir=data_dir)
    assert isinstance(whole.train, ArraySource) and isinstance(lazy.train, LazySource)
    assert lazy.spec == whole.spec and lazy.train.nbytes == whole.train.nbytes == 36 * (30 + 4)
    rows = np.array([5, 0, 35, 5])
    for name, each in whole.train[rows].items():
        np.testing.assert_array_equal(lazy.train[rows][name], each)
        np.testing.assert_array_equal(lazy.train.arrays()[name], whole.train.arrays()[name])


def test_the_splits_that_a_set_has_are_kept(data_dir):
    loaded = load("toy_splits", data_dir=data_dir)
    numbers = [sorted(source.arrays()["image"][:, 0, 0, 0].tolist()) for source in loaded[2:5]]
    assert numbers == [list(range(9)), list(range(200, 204)), list(range(100, 103))]


def test_features_are_found_in_the_metadata(data_dir):
    with pytest.raises(ValueError, match="images of toy_masks differ in size: pass image_size"):
        load("toy_masks", data_dir=data_dir)
    loaded = load("toy_masks", data_dir=data_dir, image_size=4)
    assert loaded.spec == Spec((4, 4, 3), 256)  # two classes, neither named label: none
    assert [len(source) for source in loaded[2:5]] == [16, 2, 2]
    red = np.concatenate([source.arrays()["image"] for source in loaded[2:5]])[:, 0, 0, 0]
    np.testing.assert_allclose(np.sort(red), 9 * np.arange(20), atol=3)  # JPEG


def test_ink_of_0_and_255_has_two_levels(data_dir):
    loaded = load("toy_bits", data_dir=data_dir)
    assert loaded.spec == Spec((6, 5, 1), 2)
    assert load("toy_bits", data_dir=data_dir, dequantize=True).spec == Spec((6, 5, 1), None)


def test_sets_without_images_are_refused(data_dir):
    with pytest.raises(ValueError, match=r"toy_text has not one image feature.* but text"):
        load("toy_text", data_dir=data_dir)


OFFLINE = "digits, pictures, file:PATH and folder:PATH need neither network nor TensorFlow"


@pytest.mark.parametrize("name", ["toy_registered", "mnist", "celeb_a"])
def test_to_prepare_without_tensorflow_tells_what_to_do(tmp_path, no_tensorflow, name):
    with pytest.raises(
        ValueError, match=f"{name} is not prepared, .* pip install tensorflow"
    ) as caught:
        load(name, data_dir=str(tmp_path), image_size=8)
    message = str(caught.value)
    assert str(tmp_path / name) in message and "data_dir" in message and OFFLINE in message
    assert "\n" not in message


def test_a_failed_download_tells_what_to_do(tmp_path, monkeypatch):
    def unplugged(self):
        raise ConnectionError("no route to host\nwith a long story")

    monkeypatch.setattr(reader, "_has_tensorflow", lambda: True)
    monkeypatch.setattr(ToyRegistered, "download_and_prepare", unplugged)
    with pytest.raises(
        ValueError, match=r"ConnectionError: no route to host\): mend the"
    ) as caught:
        load("toy_registered", data_dir=str(tmp_path))
    assert "manual download" in str(caught.value) and OFFLINE in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_set_whose_code_takes_tensorflow_tells_what_to_do(tmp_path, no_tensorflow, monkeypatch):
    def tensorless(self):
        raise ModuleNotFoundError("No module named 'tensorflow'")

    monkeypatch.setattr(ToyRegistered, "_info", tensorless)
    with pytest.raises(ValueError, match=f"pip install tensorflow .* copy it to {tmp_path}"):
        load("toy_registered", data_dir=str(tmp_path))


def test_unknown_names_tell_near_ones(tmp_path):
    with pytest.raises(ValueError, match="unknown data set 'mnits': did you mean mnist") as caught:
        load("mnits", data_dir=str(tmp_path))
    assert OFFLINE in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "name", ["", "two words", "emnist/nothing", "mnist:9.9.9", "/no/where.npz"]
)
def test_odd_names_are_one_line(tmp_path, name):
    with pytest.raises(ValueError, match="TFDS cannot open") as caught:
        load(name, data_dir=str(tmp_path))
    assert OFFLINE in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.skipif(not HAS_TENSORFLOW, reason="preparing a set from arrays takes TensorFlow")
def test_prepare_with_tensorflow(tmp_path):
    loaded = load("toy_registered", data_dir=str(tmp_path))
    assert (tmp_path / "toy_registered" / "1.0.0" / "dataset_info.json").exists()
    assert list((tmp_path / "toy_registered").rglob("*.array_record*"))
    assert loaded.spec == Spec((6, 5, 1), 256, 3)
    assert sorted(loaded.test.arrays()["image"][:, 0, 0, 0].tolist()) == list(range(100, 108))
