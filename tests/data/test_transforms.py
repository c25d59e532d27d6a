"""Values of the transforms, and which draws are fixed and which are fresh."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.data import transforms

GOLDEN = [[0, 1, 1, 1, 1, 0, 0, 1], [1, 1, 0, 1, 1, 1, 1, 0]]
KEY, OTHER = jax.random.key(0), jax.random.key(1)


def _batch(values, index=None):
    image = np.asarray(values, np.uint8)
    index = np.arange(len(image)) if index is None else index
    return {"image": image, "index": np.asarray(index, np.int32), "label": np.zeros(len(image))}


def _apply(transform, batch, key=KEY):
    return np.asarray(jax.jit(transform)(key, batch)["image"])


def test_scale():
    batch = _batch([[[[0], [51], [255]]]])
    for (low, high), expected in {(0, 1): [0, 0.2, 1], (-1, 1): [-1, -0.6, 1]}.items():
        result = _apply(transforms.scale("image", 255.0, low, high), batch)
        assert result.dtype == np.float32
        np.testing.assert_allclose(result[0, 0, :, 0], expected, rtol=1e-6)


def test_other_entries_pass_through_and_the_batch_is_not_changed():
    batch = _batch([[[[7]]]])
    out = transforms.scale("image", 255.0)(KEY, batch)
    assert set(out) == set(batch) and out["label"] is batch["label"]
    assert batch["image"].dtype == np.uint8


def test_threshold():
    batch = _batch(np.arange(17).reshape(1, 17, 1, 1))
    result = _apply(transforms.threshold("image", 16.0, -1.0, 1.0), batch)
    np.testing.assert_array_equal(result.reshape(-1), [-1.0] * 9 + [1.0] * 8)  # 8 / 16 is not above


@pytest.mark.parametrize("num_levels", [2, 17, 256])
def test_dequantize_stays_in_its_cell(num_levels):
    levels = np.repeat(np.arange(num_levels), 400).reshape(1, -1, 1, 1)
    result = _apply(transforms.dequantize("image", num_levels - 1, num_levels), _batch(levels))
    cells = np.floor(result.astype(np.float64) * num_levels + 1e-5)
    np.testing.assert_array_equal(cells, levels)
    assert 0 <= result.min() and result.max() < 1
    within = result * num_levels - levels
    assert abs(within.mean() - 0.5) < 0.05 and abs(within.var() - 1 / 12) < 0.02


def test_dequantize_draws_anew_or_by_row():
    batch = _batch(np.full((4, 8, 8, 1), 100))
    fresh = transforms.dequantize("image", 255.0, 256)
    assert not np.array_equal(_apply(fresh, batch, KEY), _apply(fresh, batch, OTHER))
    fixed = transforms.dequantize("image", 255.0, 256, seed=0)
    np.testing.assert_array_equal(_apply(fixed, batch, KEY), _apply(fixed, batch, OTHER))


def test_dequantize_takes_levels_that_are_0_and_255():
    batch = _batch(np.array([0, 255]).reshape(1, 2, 1, 1))
    result = _apply(transforms.dequantize("image", 255.0, 2), batch).reshape(-1)
    assert 0 <= result[0] < 0.5 <= result[1] < 1


def test_binarisation_has_the_rate_of_the_pixel():
    batch = _batch(np.tile(np.array([0, 64, 255]).reshape(1, 1, 3, 1), (300, 20, 1, 1)))
    for transform in (
        transforms.static_binarization("image", 255.0, -1.0, 1.0),
        transforms.dynamic_binarization("image", 255.0, -1.0, 1.0),
    ):
        bits = _apply(transform, batch)
        assert set(np.unique(bits)) == {-1.0, 1.0}
        rates = (bits.mean(axis=(0, 1, 3)) + 1) / 2
        np.testing.assert_allclose(rates, [0, 64 / 255, 1], atol=0.02)  # 6000 draws: 3.5 sigma
        assert rates[0] == 0 and rates[2] == 1


def test_static_bits_belong_to_the_row():
    images = np.full((3, 6, 6, 1), 128)
    static = transforms.static_binarization("image", 255.0, seed=0)
    bits = _apply(static, _batch(images, [4, 9, 2]), KEY)
    alone = _apply(static, _batch(images[:1], [9]), OTHER)
    np.testing.assert_array_equal(bits[1], alone[0])
    assert not np.array_equal(bits[0], bits[1])
    another = _apply(
        transforms.static_binarization("image", 255.0, seed=1), _batch(images, [4, 9, 2])
    )
    assert not np.array_equal(bits, another)
    mapped = jax.vmap(static)(
        jax.random.split(KEY, 2),
        jax.tree.map(lambda x: jnp.stack([x, x]), _batch(images, [4, 9, 2])),
    )["image"]
    np.testing.assert_array_equal(mapped, np.stack([bits, bits]))


def test_static_bits_never_change():
    """Golden bits: a published likelihood must stay comparable. From this code, jax 0.10.2."""
    static = transforms.static_binarization("image", 255.0, seed=0)
    bits = _apply(static, _batch(np.full((2, 2, 4, 1), 128), [0, 1])).reshape(2, 8)
    np.testing.assert_array_equal(bits, GOLDEN)


def test_dynamic_bits_belong_to_the_step():
    batch = _batch(np.full((3, 6, 6, 1), 128))
    dynamic = transforms.dynamic_binarization("image", 255.0)
    assert not np.array_equal(_apply(dynamic, batch, KEY), _apply(dynamic, batch, OTHER))
    np.testing.assert_array_equal(_apply(dynamic, batch, KEY), _apply(dynamic, batch, KEY))


def test_random_flip_mirrors_half():
    batch = _batch(np.tile(np.arange(3).reshape(1, 1, 3, 1), (400, 2, 1, 1)))
    flipped = _apply(transforms.random_flip(), batch)
    mirrored = (flipped[:, :, :, 0] == [2, 1, 0]).all(axis=(1, 2))
    kept = (flipped[:, :, :, 0] == [0, 1, 2]).all(axis=(1, 2))
    assert (mirrored ^ kept).all()
    assert 160 < mirrored.sum() < 240  # 4 sigma
    with pytest.raises(ValueError, match=r"a flip needs images \[B, H, W, C\]"):
        transforms.random_flip("vector")(KEY, {"vector": np.zeros((2, 3))})


def test_resize():
    image = np.arange(16).reshape(1, 4, 4, 1)
    result = _apply(transforms.resize("image", 2, 2), _batch(image))
    # A triangle as wide as two target pixels: by axis weights (3, 3, 1) / 7 over 0, 1, 2.
    near = (3 * 0 + 3 * 1 + 1 * 2) / 7
    expected = np.add.outer([4 * near, 4 * (3 - near)], [near, 3 - near])
    np.testing.assert_allclose(result[0, :, :, 0], expected, rtol=1e-5)
    constant = _apply(transforms.resize("image", 7, 5), _batch(np.full((2, 4, 4, 3), 9)))
    assert constant.shape == (2, 7, 5, 3)
    np.testing.assert_allclose(constant, 9, rtol=1e-6)


def test_chain_gives_each_transform_its_own_key():
    seen = []
    spy = lambda key, batch: seen.append(jax.random.key_data(key).tolist()) or batch
    double = lambda key, batch: {**batch, "image": batch["image"] * 2}
    out = transforms.chain(spy, double, spy)(KEY, _batch([[[[3]]]]))
    assert out["image"].item() == 6 and seen[0] != seen[1]


def test_an_empty_range_is_refused():
    for make in (transforms.scale, transforms.threshold, transforms.dynamic_binarization):
        with pytest.raises(ValueError, match=r"got \(1.0, 1.0\): pass low < high"):
            make("image", 255.0, 1.0, 1.0)
