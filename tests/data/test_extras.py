"""Pairs, domains, captions, attributes and keypoints from files and folders."""

import jax
import numpy as np
import pytest
from PIL import Image

from genjax.core.spec import Spec
from genjax.data import caption_to_text, load, text_to_caption

RANDOM = np.random.RandomState(0)
X = RANDOM.randint(0, 256, (40, 6, 6)).astype(np.uint8)
TARGET = np.stack([255 - X, X, X], axis=-1)


def _npz(tmp_path, **arrays):
    np.savez(tmp_path / "set.npz", **arrays)
    return f"file:{tmp_path / 'set.npz'}"


def _batch(dataset, source, transform=None):
    raw = {**source.arrays(), "index": np.arange(len(source), dtype=np.int32)}
    return jax.device_get(jax.jit(transform or dataset.eval_transform)(jax.random.key(0), raw))


def test_every_extra_stays_with_its_example(tmp_path):
    captions = np.array([f"number {n}" for n in range(40)])
    points = RANDOM.uniform(size=(40, 3, 2))
    bits = RANDOM.randint(0, 2, (40, 5))
    dataset = load(
        _npz(tmp_path, x=X, target=TARGET, text=captions, keypoints=points, attributes=bits),
        scale=(-1.0, 1.0),
    )
    extras = {"target": (6, 6, 3), "text": (9,), "attributes": (5,), "keypoints": (3, 2)}
    assert dataset.spec == Spec((6, 6, 1), 256, None, extras)
    for source in dataset[2:5]:
        batch = _batch(dataset, source)
        np.testing.assert_allclose(
            batch["target"][..., :1], -batch["image"], atol=1e-6
        )  # 255 - x, from -1 to 1
        numbers = [int(text_to_caption(text).split()[1]) for text in batch["text"]]
        np.testing.assert_allclose(batch["image"][..., 0], X[numbers] / 127.5 - 1, atol=1e-6)
        np.testing.assert_allclose(batch["keypoints"], points[numbers], atol=1e-6)
        np.testing.assert_array_equal(batch["attributes"], bits[numbers])
        assert {batch[name].dtype for name in ("target", "keypoints", "attributes")} == {
            np.dtype(np.float32)
        }


def test_named_splits_have_extras_of_their_own_and_sizes_go_for_targets(tmp_path):
    arrays = {"x_train": X, "x_test": X[:7], "target_train": TARGET, "target_test": TARGET[:7]}
    dataset = load(_npz(tmp_path, **arrays), image_size=3, channels=3)
    assert dataset.spec.shape == dataset.spec.extras["target"] == (3, 3, 3)
    assert [len(source) for source in dataset[2:5]] == [36, 4, 7]
    text = {"text_train": np.array(["a", "bcd"] * 20), "text_test": np.array([b"caf\xc3\xa9"] * 7)}
    dataset = load(_npz(tmp_path, **arrays, **text))
    assert dataset.spec.extras["text"] == (4,)  # of the longest caption, in whatever split
    np.testing.assert_array_equal(dataset.test.arrays()["text"][0], [99, 97, 102, 101])


@pytest.mark.parametrize("num", [10, 40, 90])
def test_domains_of_any_length_are_split_by_themselves_and_paired_by_no_rule(tmp_path, num):
    x = np.arange(40, dtype=np.uint8)[:, None, None] * np.ones((1, 2, 2), np.uint8)
    other = (100 + np.arange(num, dtype=np.uint8))[:, None, None] * np.ones((1, 2, 2), np.uint8)
    dataset = load(_npz(tmp_path, x=x, unpaired=other), test_fraction=0.2, valid_fraction=0.25)
    parts = [source.arrays() for source in dataset[2:5]]
    seen = {
        name: [set(part[name][:, 0, 0, 0].tolist()) for part in parts]
        for name in ("image", "unpaired")
    }
    assert set.union(*seen["image"]) == set(range(40))
    assert set.union(*seen["unpaired"]) == set(range(100, 100 + num))
    assert sum(map(len, seen["image"])) == 40 and sum(map(len, seen["unpaired"])) == num
    shares = [round(part * max(40, num)) for part in (0.6, 0.2, 0.2)]
    assert [len(part["image"]) for part in parts] == shares
    if num == 40:  # parallel domains: partners meet no oftener than by chance
        together = np.concatenate([part["image"] + 100 == part["unpaired"] for part in parts])
        assert together[:, 0, 0, 0].mean() < 0.2


def test_a_file_with_one_array_is_a_set_whatever_its_name(tmp_path):
    for name in ("target", "text", "images"):
        assert load(_npz(tmp_path, **{name: X})).spec == Spec((6, 6, 1), 256)
    dataset = load(_npz(tmp_path, images=X, target=TARGET))
    assert dataset.spec.shape == (6, 6, 1) and set(dataset.spec.extras) == {"target"}


POINTS = np.full((40, 2, 2), 0.5)


@pytest.mark.parametrize(
    "arrays, options, message",
    [
        ({"target": TARGET[:9]}, {}, "target needs one row for each of 40 examples"),
        ({"target": TARGET[:, :, 0, 0]}, {}, "target holds vectors and x holds images"),
        ({"target": TARGET * 2.0}, {}, "float values 0..510: expected"),
        ({"text": X[:, 0].astype(float)}, {}, "text has float64 of shape .40, 6.: expected"),
        ({"text": X[:, 0].astype(int)}, {}, "ASCII codes lie in 0..127"),
        ({"text": np.array(["\u4e2d"] * 40)}, {}, "text: caption '\u4e2d' holds"),
        ({"attributes": X[:, 0]}, {}, "map them to 0 and 1"),
        ({"attributes": X[:, 0, 0] % 2}, {}, "expected numbers 0 and 1, .N, A"),
        ({"keypoints": POINTS * 9}, {}, "values 4.5..4.5: divide"),
        ({"keypoints": POINTS * np.nan}, {}, "divide"),
        ({"keypoints": POINTS[:, 0]}, {}, "expected .x, y. of points, .N, K, 2"),
        ({"keypoints": POINTS}, {"flip": True}, "would still tell left"),
        ({"target": TARGET}, {"binarization": "threshold"}, "has target beside its images"),
    ],
)
def test_a_wrong_extra_is_refused_in_one_line(tmp_path, arrays, options, message):
    with pytest.raises(ValueError, match=message) as error:
        load(_npz(tmp_path, x=X, **arrays), **options)
    assert "\n" not in str(error.value)


def test_extras_of_some_splits_and_keypoints_in_a_crop_are_refused(tmp_path):
    with pytest.raises(ValueError, match="target for some splits only: add target_test"):
        load(_npz(tmp_path, x_train=X, x_test=X, target_train=TARGET))
    with pytest.raises(ValueError, match="images of 6x4, and image_size would crop"):
        load(_npz(tmp_path, x=X[:, :, :4], keypoints=POINTS), image_size=4)


def test_captions_come_back_and_what_is_no_ascii_is_told():
    text = caption_to_text("A caf\u00e9\u2019s cat", 14)
    assert text.dtype == np.int32 and text_to_caption(text) == "A cafe's cat"
    np.testing.assert_array_equal(text[-2:], 0)
    assert text_to_caption(np.zeros(3, int)) == ""
    with pytest.raises(ValueError, match="has 3 characters, and text has 2"):
        caption_to_text("abc", 2)
    with pytest.raises(ValueError, match="a text is integers"):
        text_to_caption(np.array([200]))


def _save(file, value, mode="L"):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, (3, 3), value).save(file)


def test_a_folder_of_pairs_goes_by_name(tmp_path):
    for number in range(20):
        _save(tmp_path / "image" / f"{number:02d}.png", number)
        _save(tmp_path / "target" / f"{number:02d}.bmp", (0, 100 + number, 0), "RGB")
    dataset = load(f"folder:{tmp_path}")
    assert dataset.spec == Spec((3, 3, 1), 256, None, {"target": (3, 3, 3)})
    for source in dataset[2:5]:
        part = source.arrays()
        np.testing.assert_array_equal(part["target"][..., 1], part["image"][..., 0] + 100)
    (tmp_path / "target" / "07.bmp").unlink()
    with pytest.raises(ValueError, match="07 is in one of image and target only"):
        load(f"folder:{tmp_path}")


@pytest.mark.parametrize("with_test", [True, False])
def test_a_folder_as_cyclegan_publishes_it(tmp_path, with_test):
    sizes = {"trainA": 20, "trainB": 30} | ({"testA": 5, "testB": 4} if with_test else {})
    first = {"trainA": 0, "testA": 50, "trainB": 100, "testB": 150}
    for name, num in sizes.items():
        for number in range(num):
            _save(tmp_path / name / f"{number:02d}.png", first[name] + number)
    dataset = load(f"folder:{tmp_path}")
    assert dataset.spec == Spec((3, 3, 1), 256, None, {"unpaired": (3, 3, 1)})
    seen = [
        {name: set(source.arrays()[name][:, 0, 0, 0].tolist()) for name in ("image", "unpaired")}
        for source in dataset[2:5]
    ]
    every = {name: set.union(*(each[name] for each in seen)) for name in seen[0]}
    assert every["image"] == set(range(20)) | (set(range(50, 55)) if with_test else set())
    assert every["unpaired"] == set(range(100, 130)) | (
        set(range(150, 154)) if with_test else set()
    )
    assert sum(len(each["image"]) for each in seen) == len(every["image"])
    if with_test:
        assert seen[2] == {"image": set(range(50, 55)), "unpaired": set(range(150, 154))}
        assert len(dataset.test) == 5
        for file in (tmp_path / "testB").iterdir():
            file.unlink()
        with pytest.raises(ValueError, match="needs images in both testA and testB"):
            load(f"folder:{tmp_path}")
