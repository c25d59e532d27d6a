"""`load`: the digits, the specs that the transforms promise, and the options that exclude."""

import jax
import numpy as np
import pytest
from sklearn.datasets import load_digits

from genjax.core.spec import Spec
from genjax.data import load

KEY, OTHER = jax.random.key(0), jax.random.key(1)


def _images(transform, source, keys=(KEY,)):
    batch = {**source.arrays(), "index": np.arange(len(source), dtype=np.int32)}
    apply = jax.jit(lambda key: transform(key, batch)["image"])
    return [np.asarray(apply(key)) for key in keys]


def test_digits_are_the_1797_of_scikit_learn_once_each():
    dataset = load("digits")
    sources = (dataset.train, dataset.valid, dataset.test)
    assert [len(source) for source in sources] == [1200, 200, 397]
    raw = load_digits()
    order = np.random.RandomState(0).permutation(1797)
    together = [source.arrays() for source in sources]
    images = np.concatenate([each["image"] for each in together])
    labels = np.concatenate([each["label"] for each in together])
    np.testing.assert_array_equal(images[..., 0], raw.images[order])
    np.testing.assert_array_equal(labels, raw.target[order])
    assert images.dtype == np.uint8 and labels.dtype == np.int32
    assert dataset.train.nbytes == 1200 * (64 + 4)


def test_digits_by_default_are_pixels_above_a_half():
    dataset = load("digits")
    assert dataset.name == "digits" and dataset.spec == Spec((8, 8, 1), 2, 10)
    raw = dataset.valid.arrays()["image"]
    for transform in (dataset.train_transform, dataset.eval_transform):
        (image,) = _images(transform, dataset.valid)
        assert image.dtype == np.float32
        np.testing.assert_array_equal(image, raw / 16 > 0.5)


@pytest.mark.parametrize(
    "options, num_levels, values",
    [
        ({"binarization": "none"}, 17, 17),
        ({"binarization": "none", "scale": (-1.0, 1.0)}, 17, 17),
        ({"binarization": "static"}, 2, 2),
        ({"binarization": "dynamic", "scale": (-1.0, 1.0)}, 2, 2),
        ({"dequantize": True}, None, 10000),
    ],
)
def test_spec_tells_the_values_after_the_transforms(options, num_levels, values):
    dataset = load("digits", **options)
    assert dataset.spec == Spec((8, 8, 1), num_levels, 10)
    low, high = options.get("scale", (0.0, 1.0))
    for transform in (dataset.train_transform, dataset.eval_transform):
        (image,) = _images(transform, dataset.train)
        seen = np.unique(image)
        assert len(seen) == values or (values > 17 and len(seen) > values)
        assert low <= image.min() < low + 0.01 and high - 0.01 < image.max() <= high


def test_only_training_draws_from_the_key():
    for options in ({"binarization": "dynamic"}, {"dequantize": True}, {"flip": True}):
        dataset = load("digits", **options)
        train = _images(dataset.train_transform, dataset.valid, (KEY, OTHER))
        fixed = _images(dataset.eval_transform, dataset.valid, (KEY, OTHER))
        assert not np.array_equal(*train)
        np.testing.assert_array_equal(*fixed)


def test_dynamic_binarisation_is_evaluated_on_the_static_draw():
    static, dynamic = (load("digits", binarization=name) for name in ("static", "dynamic"))
    np.testing.assert_array_equal(
        _images(static.train_transform, static.test),
        _images(dynamic.eval_transform, dynamic.test),
    )


def test_digits_are_resized_and_coloured():
    dataset = load("digits", image_size=16, channels=3, binarization="none")
    assert dataset.spec.shape == (16, 16, 3)
    image = dataset.train.arrays()["image"]
    assert image.max() == 16
    np.testing.assert_array_equal(image[..., 0], image[..., 2])


@pytest.mark.parametrize(
    "options, message",
    [
        ({"binarization": "otsu"}, "unknown binarization 'otsu': choose from none, threshold"),
        ({"binarization": "static", "dequantize": True}, "'static' exclude each other"),
        ({"scale": (1.0, 0.0)}, r"got \(1.0, 0.0\): pass low < high"),
        ({"image_size": 0}, "image_size must be at least 1, got 0"),
        ({"channels": 2}, "channels must be 1 .* or 3 .*, got 2"),
    ],
)
def test_options_are_checked(options, message):
    with pytest.raises(ValueError, match=message):
        load("digits", **options)


def test_vectors_take_no_flip_and_floats_no_noise(tmp_path):
    np.save(tmp_path / "v.npy", np.random.RandomState(0).normal(size=(50, 3)))
    name = f"file:{tmp_path / 'v.npy'}"
    for options, message in (
        ({"flip": True}, "flip needs images, and this set holds a vector"),
        ({"binarization": "static"}, "known range"),
        ({"dequantize": True}, "this one is continuous"),
        ({"image_size": 8}, "holds vectors, which have no image_size"),
    ):
        with pytest.raises(ValueError, match=message):
            load(name, **options)


def test_digit_negatives_are_of_other_digits():
    """Both halves make up the split again; no digit is in both domains, and the second is 1 - x."""
    digits, domains = load("digits", binarization="none"), load("digit_negatives")
    shape = (8, 8, 1)
    assert domains.spec == digits.spec._replace(extras={"unpaired": shape})
    for split, half in (("train", 600), ("valid", 100), ("test", 198)):
        known, source = getattr(digits, split).arrays(), getattr(domains, split)
        batch = domains.eval_transform(KEY, source.arrays())
        x = digits.eval_transform(KEY, known)["image"]
        np.testing.assert_array_equal(batch["image"], x[:half])
        np.testing.assert_allclose(batch["unpaired"], 1 - x[half : 2 * half], atol=1e-6)
        np.testing.assert_array_equal(batch["label"], known["label"][:half])
    with pytest.raises(ValueError, match="has unpaired beside its images"):
        load("digit_negatives", binarization="static")
