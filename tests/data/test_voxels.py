"""Solids in voxels: volumes by closed forms, silhouettes, and which files are grids."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core.spec import Spec
from genjax.data import load, voxels

KEY = jax.random.key(0)
MIDDLE = np.array([[solid, 1, pose] for pose in range(3) for solid in range(7)], np.int32)


@pytest.fixture(scope="module")
def grids():
    """[3 poses, 7 solids, 44, 44, 44], large and in the middle."""
    draw = lambda f: voxels.render(f, voxels.placement(f), grid_size=44)
    return np.asarray(jax.jit(draw)(MIDDLE)).reshape(3, 7, 44, 44, 44)


def test_volumes_of_solids_are_the_closed_forms(grids):
    scale = 0.88 * 22  # half the height, in voxels
    bars = (
        0.5 * 0.6 * np.array([2 + 1.8 - 0.5] * 3)
    )  # L, T and cross: two bars less what they share
    expected = [
        8 * 0.75 * 0.6 * 0.9,
        4 / 3 * np.pi * 0.9 * 0.7,
        np.pi * 0.36 * 1.8,
        0.5 * 0.5 * 2,
        *bars,
    ]
    found = grids.sum((2, 3, 4)) / scale**3
    np.testing.assert_allclose(found, np.tile(expected, (3, 1)), rtol=0.08)
    assert set(np.unique(grids)) == {0.0, 1.0}


def test_a_pose_is_the_axis_that_the_solid_stands_along(grids):
    rods = grids[:, voxels.SOLIDS.index("rod")]
    lengths = [[np.ptp(np.nonzero(rod)[axis]) for axis in range(3)] for rod in rods]
    assert [int(np.argmax(each)) for each in lengths] == [2, 0, 1]  # z, x, y
    tee = grids[0, voxels.SOLIDS.index("T")].sum((0, 1))
    assert tee[36] > 2 * tee[10]  # its bar is above: the third axis points up


def test_a_silhouette_is_seen_along_the_second_axis_with_up_at_the_top():
    grid = np.zeros((1, 4, 5, 3, 1), np.float32)
    grid[0, 1, 2, 2] = 1
    image = np.asarray(voxels.silhouette(jnp.asarray(grid)))[0, ..., 0]
    assert image.shape == (3, 4) and np.argwhere(image).tolist() == [[0, 1]]


def test_a_batch_is_what_the_spec_says_and_solids_are_whole():
    dataset = load("voxels", image_size=8)
    assert dataset.spec.shape == (8, 8, 8, 1) and dataset.spec.num_classes == 7
    rows = np.arange(60, dtype=np.int32)
    batch = jax.jit(dataset.train_transform)(KEY, {**dataset.train[rows], "index": rows})
    expected = {"voxels": dataset.spec.shape, "label": (), "index": (), **dataset.spec.extras}
    assert {name: each.shape[1:] for name, each in batch.items()} == expected
    np.testing.assert_array_equal(batch["label"], batch["factors"][:, 0])
    np.testing.assert_array_equal(batch["silhouette"], voxels.silhouette(batch["voxels"]))
    assert batch["voxels"].sum((1, 2, 3, 4)).min() >= 4
    far = voxels.placement(jnp.asarray(MIDDLE), jax.random.split(KEY, len(MIDDLE)))
    reach = np.abs(far.centre) + np.asarray(far.scale)[:, None]
    assert reach.max() <= 1 + 1e-6  # nothing is cut off


@pytest.mark.parametrize("options", [{"image_size": 7}, {"channels": 3}])
def test_sizes_and_channels_that_are_none(options):
    with pytest.raises(ValueError, match="voxels"):
        load("voxels", **options)


RANDOM = np.random.RandomState(0)
GRIDS = (RANDOM.rand(24, 8, 8, 8) < 0.2).astype(np.uint8)
LABELS = np.arange(24) % 3


def _file(tmp_path, **arrays):
    np.savez(tmp_path / "set.npz", **arrays)
    return f"file:{tmp_path / 'set.npz'}"


def test_a_file_of_packed_bits_says_its_shape(tmp_path):
    packed = np.packbits(GRIDS.reshape(24, -1), axis=1)
    shape = np.array([8, 8, 8])
    arrays = {"x_train": packed, "x_test": packed[:5], "y_train": LABELS, "y_test": LABELS[:5]}
    dataset = load(_file(tmp_path, shape=shape, **arrays))
    np.testing.assert_array_equal(dataset.test.arrays()["voxels"][..., 0], GRIDS[:5])
    extras = {"silhouette": (8, 8, 1)}
    assert dataset.spec == Spec((8, 8, 8, 1), 2, 3, extras)
    raw = {**dataset.test.arrays(), "index": np.arange(5, dtype=np.int32)}
    batch = dataset.train_transform(KEY, raw)
    assert batch["voxels"].dtype == batch["silhouette"].dtype == jnp.float32
    assert load(_file(tmp_path, **arrays)).spec.entry == "vector"  # no shape: bytes
    with pytest.raises(ValueError, match=r"shape \(8, 8, 9\) are uint8 \[N, 72\]"):
        load(_file(tmp_path, shape=np.array([8, 8, 9]), **arrays))


def test_empty_grids_are_left_out_with_their_labels(tmp_path):
    holes = GRIDS.copy()
    holes[[0, 7]] = 0
    dataset = load(
        _file(tmp_path, x_train=holes, y_train=LABELS, x_test=GRIDS[:4], y_test=LABELS[:4])
    )
    assert len(dataset.train) + len(dataset.valid) == 22 and len(dataset.test) == 4
    together = [*dataset.train.arrays()["label"], *dataset.valid.arrays()["label"]]
    assert np.bincount(together).tolist() == [7, 7, 8]
    with pytest.raises(ValueError, match="every grid of x is empty"):
        load(_file(tmp_path, x=0 * GRIDS))


def test_grids_are_told_from_images_by_their_last_axis_and_values(tmp_path):
    assert load(_file(tmp_path, x=GRIDS.astype(bool))).spec.shape == (8, 8, 8, 1)
    assert load(_file(tmp_path, x=GRIDS[..., None] / 2)).spec.entry == "voxels"
    assert load(_file(tmp_path, x=GRIDS[..., :3])).spec.entry == "image"
    with pytest.raises(ValueError, match="images"):
        load(_file(tmp_path, x=7 * GRIDS))


def test_grids_are_shrunk_by_the_largest(tmp_path):
    name = _file(tmp_path, x_train=GRIDS, x_test=GRIDS[:3])
    small = load(name, image_size=4).test.arrays()["voxels"]
    assert small.shape == (3, 4, 4, 4, 1)
    assert small[1, 2, 0, 3, 0] == GRIDS[1, 4:6, 0:2, 6:8].max()
    for options in ({"image_size": 3}, {"channels": 1}):
        with pytest.raises(ValueError, match=r"must divide|no channels"):
            load(name, **options)
