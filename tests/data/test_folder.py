"""`folder:PATH`: classes, shapes, and images that cannot be read."""

import numpy as np
import pytest
from PIL import Image

from genjax.core.spec import Spec
from genjax.data import ArraySource, LazySource, dataset, folder, folder_pictures, load


def _save(file, value, size=(5, 4), mode="L"):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value).save(file)


def _fill(root, num=20, **options):
    for number in range(num):
        _save(root / f"{number:03d}.png", number, **options)


def test_a_class_for_each_sub_folder(tmp_path):
    for label, name in enumerate(["bird", "cat", "dog"]):
        for number in range(10):
            _save(tmp_path / name / f"{number}.png", 10 * label + number)
    (tmp_path / "empty").mkdir()
    (tmp_path / "bird" / "notes.txt").write_text("no image")
    loaded = load(f"folder:{tmp_path}")
    assert loaded.spec == Spec((4, 5, 1), 256, 3)
    parts = [source.arrays() for source in (loaded.train, loaded.valid, loaded.test)]
    assert [len(part["label"]) for part in parts] == [24, 3, 3]
    images = np.concatenate([part["image"] for part in parts])
    labels = np.concatenate([part["label"] for part in parts])
    assert sorted(images[:, 0, 0, 0].tolist()) == list(range(30))
    np.testing.assert_array_equal(labels, images[:, 0, 0, 0] // 10)
    assert labels.dtype == np.int32 and images.dtype == np.uint8


def test_without_sub_folders_there_are_no_labels(tmp_path):
    _fill(tmp_path / "all")
    for path in (tmp_path / "all", tmp_path):  # one folder is no choice of class
        loaded = load(f"folder:{path}")
        assert loaded.spec.num_classes is None and set(loaded.train.arrays()) == {"image"}


def test_colour_and_grey(tmp_path):
    _fill(tmp_path)
    assert load(f"folder:{tmp_path}", channels=3).spec.shape == (4, 5, 3)
    _save(tmp_path / "colour.png", (0, 100, 0), mode="RGB")
    assert load(f"folder:{tmp_path}").spec.shape == (4, 5, 3)
    assert load(f"folder:{tmp_path}", channels=1).spec.shape == (4, 5, 1)


def test_images_of_several_sizes_need_image_size(tmp_path):
    _fill(tmp_path)
    _save(tmp_path / "wide.jpg", 7, size=(9, 4))
    with pytest.raises(ValueError, match=r"000.png: 4x5, wide.jpg: 4x9\): pass image_size"):
        load(f"folder:{tmp_path}")
    loaded = load(f"folder:{tmp_path}", image_size=3)
    assert loaded.spec.shape == (3, 3, 1)
    values = [source.arrays()["image"] for source in (loaded.train, loaded.valid, loaded.test)]
    flat = np.concatenate(values).reshape(21, -1)
    assert sorted(flat[:, 0].tolist()) == sorted([*range(20), 7])
    assert (flat == flat[:, :1]).all()


def test_large_folders_are_decoded_as_they_are_read(tmp_path, monkeypatch):
    _fill(tmp_path)
    loaded = load(f"folder:{tmp_path}")
    assert isinstance(loaded.train, ArraySource)
    monkeypatch.setattr(
        folder, "in_memory_if_small", lambda source: dataset.in_memory_if_small(source, 10)
    )
    lazy = load(f"folder:{tmp_path}")
    assert isinstance(lazy.train, LazySource) and lazy.spec == loaded.spec
    assert len(lazy.train) == len(loaded.train) and lazy.train.nbytes == loaded.train.nbytes
    rows = np.array([3, 0, 3, 9])
    np.testing.assert_array_equal(lazy.train[rows]["image"], loaded.train[rows]["image"])
    np.testing.assert_array_equal(lazy.train.arrays()["image"], loaded.train.arrays()["image"])


def test_broken_images_are_named(tmp_path):
    _fill(tmp_path)
    noise = np.random.RandomState(0).randint(0, 256, (40, 40)).astype(np.uint8)
    for suffix in ("png", "jpg"):
        file = tmp_path / f"cut.{suffix}"
        Image.fromarray(noise).save(file)
        file.write_bytes(file.read_bytes()[:600])
        with pytest.raises(
            ValueError, match=rf"image .*cut.{suffix} is broken \(.*\): mend or"
        ) as caught:
            load(f"folder:{tmp_path}", image_size=4)
        assert "\n" not in str(caught.value)
        file.unlink()
    (tmp_path / "text.png").write_text("no image")
    with pytest.raises(ValueError, match=r"image .*text.png is broken"):
        load(f"folder:{tmp_path}")


def test_more_than_8_bits_are_refused(tmp_path):
    _fill(tmp_path)
    Image.fromarray(np.full((4, 5), 40000, np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(ValueError, match=r"deep.png has more than 8 bits \(mode I;16\)"):
        load(f"folder:{tmp_path}")


def test_folders_without_a_set(tmp_path):
    with pytest.raises(ValueError, match=r"no such folder: .*none"):
        load(f"folder:{tmp_path / 'none'}")
    with pytest.raises(ValueError, match=r"no images in .*: expected .*\.png"):
        load(f"folder:{tmp_path}")
    _save(tmp_path / "a" / "0.png", 0)
    _save(tmp_path / "0.png", 0)
    with pytest.raises(ValueError, match="both beside and inside sub-folders"):
        load(f"folder:{tmp_path}")
    (tmp_path / "0.png").unlink()
    with pytest.raises(ValueError, match="too small to be split"):
        load(f"folder:{tmp_path}")


def test_whole_pictures_keep_their_sizes(tmp_path):
    _save(tmp_path / "grey.png", 3)
    _save(tmp_path / "colour.png", (1, 2, 3), size=(7, 2), mode="RGB")
    found = folder_pictures(str(tmp_path))
    assert {name: each.shape for name, each in found.items()} == {
        "colour.png": (2, 7, 3),
        "grey.png": (4, 5, 1),
    }
    assert found["grey.png"].dtype == np.uint8 and (found["colour.png"] == [1, 2, 3]).all()
    with pytest.raises(ValueError, match="no such folder"):
        folder_pictures(str(tmp_path / "none"))
