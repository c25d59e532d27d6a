"""`file:PATH`: what each format and dtype becomes, and every file that is refused."""

import pickle

import jax
import numpy as np
import pytest
from scipy.io import savemat

from genjax.core.spec import Spec
from genjax.data import load

RANDOM = np.random.RandomState(0)
BYTES = RANDOM.randint(0, 256, (60, 6, 5)).astype(np.uint8)
LABELS = np.arange(60) % 3


def _npz(tmp_path, **arrays):
    np.savez(tmp_path / "set.npz", **arrays)
    return f"file:{tmp_path / 'set.npz'}"


def _values(dataset, source=None):
    source = dataset.train if source is None else source
    batch = {**source.arrays(), "index": np.arange(len(source), dtype=np.int32)}
    return np.asarray(dataset.train_transform(jax.random.key(0), batch)[dataset.spec.entry])


def test_one_array_is_split_into_disjoint_parts(tmp_path):
    dataset = load(_npz(tmp_path, x=BYTES, y=LABELS), test_fraction=0.2, valid_fraction=0.25)
    parts = [source.arrays() for source in (dataset.train, dataset.valid, dataset.test)]
    assert [len(part["image"]) for part in parts] == [36, 12, 12]
    rows = [np.flatnonzero((BYTES == image[..., 0]).all(axis=(1, 2))).item()
            for part in parts for image in part["image"]]  # fmt: skip
    assert sorted(rows) == list(range(60)) and rows != list(range(60))
    np.testing.assert_array_equal(np.concatenate([part["label"] for part in parts]), LABELS[rows])
    assert dataset.spec == Spec((6, 5, 1), 256, 3)
    np.testing.assert_allclose(_values(dataset), parts[0]["image"] / 255, rtol=1e-6)


def test_named_splits_are_kept_and_the_missing_one_is_cut_from_train(tmp_path):
    full = {"x_train": BYTES, "x_valid": BYTES[:7], "x_test": BYTES[:5]}
    dataset = load(_npz(tmp_path, **full))
    assert [len(part) for part in dataset[2:5]] == [60, 7, 5]
    np.testing.assert_array_equal(dataset.train.arrays()["image"][..., 0], BYTES)
    assert "label" not in dataset.train.arrays() and dataset.spec.num_classes is None
    del full["x_valid"]
    dataset = load(_npz(tmp_path, **full))
    assert [len(part) for part in dataset[2:5]] == [54, 6, 5]
    order = np.random.RandomState(0).permutation(60)
    np.testing.assert_array_equal(dataset.valid.arrays()["image"][..., 0], BYTES[order[54:]])


def test_a_batch_is_rows_by_index(tmp_path):
    dataset = load(
        _npz(tmp_path, x_train=BYTES, x_test=BYTES[:5], y_train=LABELS, y_test=LABELS[:5])
    )
    batch = dataset.test[np.array([3, 0, 3])]
    np.testing.assert_array_equal(batch["image"][..., 0], BYTES[[3, 0, 3]])
    np.testing.assert_array_equal(batch["label"], [0, 0, 0])
    assert batch["label"].dtype == np.int32 and dataset.test.nbytes == 5 * (30 + 4)


@pytest.mark.parametrize(
    "array, shape, num_levels",
    [
        (BYTES.astype(np.int64), (6, 5, 1), 256),
        (BYTES.astype(np.float64), (6, 5, 1), 256),  # whole numbers, as MATLAB has them
        (BYTES / 255.0, (6, 5, 1), None),
        (BYTES > 99, (6, 5, 1), 2),
        ((BYTES > 99).astype(np.float32), (6, 5, 1), 2),
        ((BYTES > 99) * np.uint8(255), (6, 5, 1), 2),
        (np.stack([BYTES] * 3, -1), (6, 5, 3), 256),
        (BYTES.reshape(60, -1), (30,), 256),
        (BYTES.reshape(60, -1) > 99, (30,), 2),
    ],
)
def test_values_reach_the_range(tmp_path, array, shape, num_levels):
    dataset = load(_npz(tmp_path, x=array), scale=(-1.0, 1.0))
    assert dataset.spec == Spec(shape, num_levels)
    values = _values(dataset)
    assert values.dtype == np.float32 and values.shape[1:] == shape
    assert values.min() == -1 and values.max() == 1
    if num_levels == 2:
        assert set(np.unique(values)) == {-1.0, 1.0}


def test_continuous_vectors_stay_as_they_are(tmp_path):
    array = RANDOM.normal(size=(30, 2)) * 7
    dataset = load(_npz(tmp_path, x=array), scale=(-1.0, 1.0))
    assert dataset.spec == Spec((2,), None) and dataset.spec.entry == "vector"
    np.testing.assert_array_equal(_values(dataset), dataset.train.arrays()["vector"])
    assert np.abs(_values(dataset)).max() > 7


def test_npy_and_mat(tmp_path):
    np.save(tmp_path / "set.npy", BYTES)
    assert load(f"file:{tmp_path / 'set.npy'}").spec == Spec((6, 5, 1), 256)
    cells = np.array(["a", "bc"], object)
    savemat(tmp_path / "set.mat", {"images": BYTES, "y": LABELS[:, None], "names": cells})
    assert load(f"file:{tmp_path / 'set.mat'}").spec == Spec((6, 5, 1), 256, 3)


def test_images_are_cropped_to_the_centre_and_resized(tmp_path):
    wide = np.zeros((20, 4, 12), np.uint8)
    wide[:, :, 4:8] = 200  # the centred square, alone
    dataset = load(_npz(tmp_path, x=wide), image_size=2, channels=3)
    assert dataset.spec.shape == (2, 2, 3)
    assert (dataset.train.arrays()["image"] == 200).all()
    half = load(_npz(tmp_path, x=wide / 255.0), image_size=4)
    np.testing.assert_allclose(half.train.arrays()["image"], 200 / 255, rtol=1e-6)


def test_colour_becomes_grey_by_its_luma(tmp_path):
    colour = np.zeros((20, 4, 4, 3), np.uint8)
    colour[..., 1] = 100
    dataset = load(_npz(tmp_path, x=colour), channels=1)
    assert (dataset.train.arrays()["image"] == 59).all()  # 0.587 of green


class _Trap:
    """Unpickling this would fail the test."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was loaded",)


def test_pickled_objects_are_refused_and_never_loaded(tmp_path):
    trap = np.array([_Trap()], object)
    name = _npz(tmp_path, x=BYTES, captions=trap)
    with pytest.raises(ValueError, match=r"set.npz holds pickled objects, .* is refused"):
        load(name)
    np.save(tmp_path / "trap.npy", trap)
    for file in ("trap.npy", "raw.npy", "raw.npz"):
        if file.startswith("raw"):
            (tmp_path / file).write_bytes(pickle.dumps(_Trap()))
        with pytest.raises(ValueError, match=r"is refused|cannot be read"):
            load(f"file:{tmp_path / file}")


NAN = BYTES / 255.0
NAN[3, 2, 1] = NAN[7] = np.nan
BAD_SETS = {
    "rank 1": ({"x": np.arange(9)}, r"x has shape \(9,\): expected vectors"),
    "rank 5": ({"x": np.zeros((9, 2, 2, 2, 2))}, r"expected vectors \[N, D\], images"),
    "channels first": ({"x": np.zeros((9, 3, 32, 32))}, "channels last; transpose it"),
    "empty": ({"x": np.zeros((0, 4))}, r"x is empty \(shape \(0, 4\)\)"),
    "text": ({"x": np.array([["a", "b"]] * 9)}, "x has dtype <U1: expected integers"),
    "complex": ({"x": np.ones((9, 2), complex)}, "x has dtype complex128"),
    "integers too large": ({"x": np.full((9, 4), 300)}, "x has int64 values 300..300"),
    "negative integers": ({"x": np.full((9, 2, 2), -1)}, "integers must lie in 0..255"),
    "NaN": ({"x": NAN}, r"x holds 31 NaN or infinite values, the first at \(3, 2, 1, 0\)"),
    "infinite": ({"x_train": np.ones((9, 2)), "x_test": np.full((2, 2), np.inf)}, "x_test holds 4"),
    "too large": ({"x": np.full((9, 2), 1e300)}, "NaN or infinite"),
    "range": ({"x": BYTES / 100.0}, r"float values 0..2.55: expected \[0, 1\]"),
    "unlike": ({"x_train": np.ones((9, 2)), "x_test": np.ones((9, 3))}, "of one shape"),
    "labels short": ({"x": BYTES, "y": LABELS[:5]}, r"y needs one label .* 60 .* shape \(5,\)"),
    "labels negative": ({"x": BYTES, "y": LABELS - 1}, "y: labels out of range: -1..1"),
    "labels huge": ({"x": BYTES, "y": LABELS + 1900}, "labels out of range: 1902 for 60 examples"),
    "labels real": ({"x": BYTES, "y": LABELS + 0.5}, "y needs whole numbers"),
    "labels text": ({"x": BYTES, "y": LABELS.astype(str)}, "y needs whole numbers .* got <U"),
    "labels new in test": (
        {"x_train": BYTES, "x_test": BYTES, "y_train": LABELS, "y_test": LABELS + 1},
        r"test: labels out of range: 1..3 where 0..2 was expected",
    ),
    "labels missing": (
        {"x_train": BYTES, "x_test": BYTES, "y_train": LABELS},
        "labels for some splits only: add y_test",
    ),
    "several arrays": ({"a": BYTES, "b": BYTES}, "needs x_train, .* it has a, b: rename them"),
    "no array": ({"n": np.array(3)}, "it has n: rename them"),
    "one example": ({"x": BYTES[:1]}, r"1 example\(s\) is too small to be split by test_fraction"),
}


@pytest.mark.parametrize("kind", BAD_SETS)
def test_bad_sets_are_refused_in_one_line(tmp_path, kind):
    arrays, message = BAD_SETS[kind]
    with pytest.raises(ValueError, match=message) as caught:
        load(_npz(tmp_path, **arrays))
    assert "\n" not in str(caught.value)


def test_bad_files_are_refused(tmp_path):
    (tmp_path / "broken.npz").write_bytes(b"PK\x03\x04 no archive")
    (tmp_path / "broken.npy").write_bytes(b"\x93NUMPY\x01")
    (tmp_path / "broken.mat").write_bytes(b"no matrix")
    (tmp_path / "set.csv").write_text("1,2")
    for file in ("broken.npz", "broken.npy", "broken.mat"):
        with pytest.raises(ValueError, match=f"{file} cannot be read .*: save it anew") as caught:
            load(f"file:{tmp_path / file}")
        assert "\n" not in str(caught.value)
    with pytest.raises(ValueError, match=r"expected a \.npz, \.npy or \.mat file"):
        load(f"file:{tmp_path / 'set.csv'}")
    with pytest.raises(ValueError, match=r"no such file: .*none\.npz"):
        load(f"file:{tmp_path / 'none.npz'}")


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1])
def test_fractions_lie_between_0_and_1(tmp_path, fraction):
    for option in ("test_fraction", "valid_fraction"):
        with pytest.raises(ValueError, match=f"{option} must lie between 0 and 1, got"):
            load(_npz(tmp_path, x=BYTES), **{option: fraction})
