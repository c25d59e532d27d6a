"""Scenes: what a row holds, and that layout and attributes can be had back from a picture."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core.spec import Spec
from genjax.data import load, scenes

KEY = jax.random.key(0)


@pytest.fixture(scope="module")
def batch():
    dataset = load("scenes")
    rows = np.arange(200, dtype=np.int32)
    return jax.jit(dataset.eval_transform)(KEY, {**dataset.test[rows], "index": rows})


def test_a_row_is_what_the_spec_says_whatever_the_key(batch):
    dataset = load("scenes")
    extras = {"layout": (16, 16, 4), "attributes": (4,)}
    assert dataset.spec == Spec((16, 16, 3), None, None, extras)
    assert {name: each.shape[1:] for name, each in batch.items()} == {
        "image": (16, 16, 3),
        "index": (),
        **extras,
    }
    rows = np.arange(3, 5, dtype=np.int32)
    raw = {**dataset.test[rows], "index": rows}
    again = jax.jit(dataset.train_transform)(jax.random.key(1), raw)
    for name in ("image", "layout", "attributes"):
        np.testing.assert_allclose(again[name], batch[name][3:5], atol=1e-6)


def test_layouts_are_one_hot_with_every_class_in_its_place(batch):
    layout = np.asarray(batch["layout"])
    np.testing.assert_array_equal(layout.sum(-1), np.ones((200, 16, 16)))
    sky, hill, sea, house = np.moveaxis(layout, -1, 0)
    assert (sky[:, 0] == 1).all() and (sea[:, -1] == 1).all()
    assert hill.sum((1, 2)).min() > 0 and 4 <= house.sum((1, 2)).min()
    foot = 15 - house[:, ::-1].any(2).argmax(1)  # the house's lowest row
    np.testing.assert_array_equal(foot + 1, sea.any(2).argmax(1))


def test_attributes_and_layout_are_read_back(batch):
    found = jax.jit(scenes.read_attributes)(batch["image"], batch["layout"])
    np.testing.assert_allclose(found, batch["attributes"], atol=0.05)
    classes = scenes.segment(batch["image"], batch["attributes"])
    found = scenes.intersection_over_union(classes, batch["layout"])
    assert found.mean() > 0.98 and found.min() > 0.7  # waves in fog look like other things


def test_colours_by_hand():
    """Full light is the day's colour, tinted; brightness 0 leaves 0.55 of it; fog 1 hides 0.4 of it."""
    colours = scenes.palette(
        jnp.asarray([[1.0, 1, 0, 0], [0, 1, 0, 0], [1, 1, 1, 0], [1, 1, 0, 1]])
    )
    np.testing.assert_allclose(colours[0, 0], [0.5, 0.63, 0.589], rtol=1e-5)
    np.testing.assert_allclose(colours[1], 0.55 * colours[0], rtol=1e-5)
    np.testing.assert_allclose(colours[2, 0], [0.6, 0.648, 0.5394], rtol=1e-5)
    np.testing.assert_allclose(colours[3, 3], [0.925, 0.5085, 0.1612], rtol=1e-4)  # a lit house


def test_intersection_over_union_by_hand():
    layout = jax.nn.one_hot(jnp.asarray([[[0, 0], [1, 1]]]), 4)
    found = scenes.intersection_over_union(jnp.asarray([[[0, 2], [1, 1]]]), layout)
    np.testing.assert_allclose(found, [(1 / 2 + 1 + 0) / 3], rtol=1e-6)


@pytest.mark.parametrize(
    "options, message",
    [({"channels": 1}, "tell their attributes by colours"), ({"image_size": 8}, "at least 12")],
)
def test_what_the_set_cannot_do_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        load("scenes", **options)


def test_a_flip_mirrors_the_layout_with_its_image(batch):
    dataset, rows = load("scenes", flip=True), np.arange(40, dtype=np.int32)
    turned = jax.jit(dataset.train_transform)(KEY, {**dataset.test[rows], "index": rows})
    mirrored = 0
    for number in range(40):
        for image, layout in ((slice(None), slice(None)), (slice(None, None, -1),) * 2):
            if np.allclose(turned["image"][number], batch["image"][number][:, image], atol=1e-6):
                np.testing.assert_array_equal(
                    turned["layout"][number], batch["layout"][number][:, layout]
                )
                mirrored += image.step == -1
                break
        else:
            raise AssertionError("neither the image nor its mirror image")
    assert 8 < mirrored < 32


def test_what_is_no_scene_is_refused():
    with pytest.raises(ValueError, match=r"got shapes \(1, 4, 4, 3\)"):
        scenes.render(jnp.ones((1, 4, 4, 3)), jnp.ones((1, 4)), jnp.ones(1))
