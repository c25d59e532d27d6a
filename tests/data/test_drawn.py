"""The sets that are drawn from factors: what they hold, and that the factors can be had back."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core.spec import Spec
from genjax.data import COOL, MIXTURES, WARM, counterpart, load, rings, shapes, sprites

KEY, OTHER = jax.random.key(0), jax.random.key(1)


def _raw(source, num=40):
    rows = np.arange(num, dtype=np.int32)
    return {**source[rows], "index": rows}


@pytest.mark.parametrize("name", ["sprites", "outlines", "colour_worlds", "stacked_digits", "ring"])
def test_a_batch_is_what_the_spec_says(name):
    dataset = load(name)
    for transform in (dataset.train_transform, dataset.eval_transform):
        batch = jax.eval_shape(transform, KEY, _raw(dataset.train))
        expected = {dataset.spec.entry: dataset.spec.shape, "label": (), "index": ()}
        expected |= dataset.spec.extras
        assert {name: each.shape[1:] for name, each in batch.items()} == expected
        kinds = {name: np.dtype(each.dtype).name for name, each in batch.items()}
        whole = ("label", "index", "factors", "text")
        assert all(
            kind == ("int32" if name in whole else "float32") for name, kind in kinds.items()
        )
    numbers = [source.arrays().get("number") for source in dataset[2:5]]
    if numbers[0] is not None:  # no picture is in two splits
        together = np.concatenate(numbers)
        assert len(np.unique(together)) == len(together)


def test_evaluation_draws_nothing_from_its_key_and_training_draws_noise_and_phrases():
    for name, entry in (("ring", "vector"), ("sprites", "text")):
        dataset = load(name)
        raw = _raw(dataset.train)
        fixed, drawn = (
            [np.asarray(jax.jit(transform)(key, raw)[entry]) for key in (KEY, OTHER)]
            for transform in (dataset.eval_transform, dataset.train_transform)
        )
        np.testing.assert_array_equal(*fixed)
        assert not np.array_equal(*drawn)


def test_a_row_is_one_picture_in_any_batch():
    dataset = load("colour_worlds")
    raw = _raw(dataset.valid, 6)
    render = jax.jit(dataset.eval_transform)
    whole, part = render(KEY, raw), render(KEY, {name: each[2:4] for name, each in raw.items()})
    for name in ("image", "unpaired", "factors", "label"):
        np.testing.assert_allclose(whole[name][2:4], part[name], atol=1e-6)


@pytest.mark.parametrize("name, num, radius", [("ring", 8, 2.0), ("grid", 25, None)])
def test_modes_are_equally_frequent_gaussians(name, num, radius):
    dataset, mixture = load(name), MIXTURES[name]
    assert dataset.spec == Spec((2,), None, num) and mixture.centres.shape == (num, 2)
    if radius:
        np.testing.assert_allclose(np.hypot(*mixture.centres.T), radius, rtol=1e-6)
    else:
        np.testing.assert_array_equal(np.unique(mixture.centres), [-4, -2, 0, 2, 4])
    for source in dataset[2:5]:
        assert len(set(np.bincount(source.arrays()["label"]))) == 1
    batch = jax.jit(dataset.eval_transform)(KEY, _raw(dataset.test, 4000))
    noise = (batch["vector"] - mixture.centres[batch["label"]]) / mixture.sigma
    assert abs(noise.mean()) < 0.04 and abs(noise.std() - 1.0) < 0.03
    np.testing.assert_allclose(  # no noise: the centre
        rings.draw(mixture, jnp.arange(num), jnp.zeros((num, 2))), mixture.centres
    )


def test_coverage_sums_to_the_area_of_each_shape():
    radius, ones = 0.2, jnp.ones(4)
    where = (jnp.full((4, 2), 0.5), radius * ones, 0.3 * ones)
    inside = shapes.coverage(shapes.signed_distance(jnp.arange(4), *where, 64))
    # Closed forms: pi, (2 * 0.886)^2, 3 sqrt(3) / 4 * 1.45^2, 2 arms less the square they share.
    areas = np.array([np.pi, 1.772**2, 1.29904 * 1.45**2, 2 * 2.38 * 0.8 - 0.8**2])
    np.testing.assert_allclose(inside.mean((1, 2)) / radius**2, areas, rtol=0.01)


def test_keypoints_lie_on_the_outline_and_turn_clockwise():
    factors = jnp.array([[shape, 0, 1, 2] for shape in range(4)])
    where = sprites.geometry(factors)._replace(angle=jnp.full(4, jnp.pi / 2))
    points = np.asarray(sprites.keypoints(factors, where))
    distance = np.asarray(shapes.signed_distance(factors[:, 0], *where, 512))
    column, row = np.moveaxis((points * 512).astype(int), -1, 0)
    on = distance[np.arange(4)[:, None], row, column]
    assert (on[:, 0] < -0.05).all() and (np.abs(on[:, 1:]) < 0.003).all()
    assert (points[:, 1, 0] > points[:, 0, 0] + 0.1).all()  # what was above is to the right
    assert (points >= 0).all() and (points <= 1).all()


def test_every_caption_is_read_back_and_is_the_text_of_the_batch():
    batch = jax.jit(load("sprites").eval_transform)(KEY, _raw(load("sprites").test, 200))
    told = set()
    for factors, text in zip(np.asarray(batch["factors"]), np.asarray(batch["text"]), strict=True):
        caption = bytes(text.astype(np.uint8)).rstrip(b"\0").decode()
        np.testing.assert_array_equal(sprites.read_caption(caption), factors)
        phrases = [sprites.caption(factors, number) for number in range(sprites.NUM_PHRASES)]
        told.add(phrases.index(caption))
    assert told == set(range(sprites.NUM_PHRASES))
    assert sprites.caption([0, 0, 0, 0]) == "a small red circle at the top left"
    one_hot = np.eye(14)[[0, 4, 8, 10]].sum(0)
    np.testing.assert_array_equal(sprites.attributes(jnp.zeros((1, 4), int))[0], one_hot)
    assert [sprites.ATTRIBUTES[i] for i in (0, 4, 8, 10)] == ["circle", "red", "small", "top left"]
    with pytest.raises(ValueError, match="names 0 of shape, expected one of circle"):
        sprites.read_caption("a small red dot at the top left")
    with pytest.raises(ValueError, match=r"got \(4, 0, 0, 0"):
        sprites.caption([4, 0, 0, 0])
    with pytest.raises(ValueError, match="stack them along the last axis"):
        sprites.geometry(jnp.zeros(4, int))


def test_a_pair_shares_its_sprite_and_only_the_phase_is_unknown():
    phases = jnp.linspace(0, 2 * np.pi, 17)[:-1]
    stripes = sprites.stripes(phases, 16)
    np.testing.assert_allclose(stripes.mean(0), 0.7, atol=1e-5)
    assert stripes.std(0).min() > 0.17
    dataset = load("outlines", image_size=32)
    batch = jax.jit(dataset.eval_transform)(KEY, _raw(dataset.test, 200))
    np.testing.assert_array_equal(batch["factors"][:, 0], batch["factors"][:, 1])
    line = np.asarray(batch["image"])[..., 0] > 0.5
    filled = np.abs(np.asarray(batch["target"]) - 0.1).max(-1) > 0.05
    assert (line & filled).sum() > 0.99 * line.sum() and filled.sum() > 1.2 * line.sum()


def test_a_turn_of_the_channels_leads_to_the_cool_world_and_colours_have_unequal_shares():
    factors = jnp.array([[shape, shape, 1, shape] for shape in range(4)])
    warm, cool = (
        sprites.render(factors, sprites.geometry(factors), world=world) for world in (WARM, COOL)
    )
    np.testing.assert_allclose(counterpart(warm), cool, atol=1e-6)
    assert np.abs(counterpart(counterpart(warm)) - warm).max() > 0.5  # it does not undo itself
    rows = load("colour_worlds").train.arrays()
    for each in (rows["factors"], rows["others"]):
        shares = np.bincount(each[:, 1]) / len(each)
        np.testing.assert_allclose(shares, [0.4, 0.3, 0.2, 0.1], atol=0.01)
    assert abs((rows["factors"][:, 1] == rows["others"][:, 1]).mean() - 0.3) < 0.02  # by chance


def test_stacked_digits_are_the_digits_of_the_label_in_its_split():
    dataset, digits = load("stacked_digits"), load("digits", binarization="none")
    assert dataset.spec == Spec((8, 8, 3), 17, 1000)
    batch = jax.jit(dataset.eval_transform)(KEY, _raw(dataset.valid))
    real = digits.valid.arrays()
    images = real["image"][..., 0].reshape(200, -1)
    seen = np.rint(np.asarray(batch["image"]) * 16).astype(int)
    for stacked, label in zip(seen, np.asarray(batch["label"]), strict=True):
        classes = [
            real["label"][(images == stacked[..., channel].reshape(1, -1)).all(1)].item()
            for channel in range(3)
        ]
        assert label == classes[0] * 100 + classes[1] * 10 + classes[2]
    assert len(np.unique(dataset.train.arrays()["label"])) == 1000
    larger = load("stacked_digits", image_size=16)
    image = jax.jit(larger.eval_transform)(KEY, _raw(larger.valid))["image"] * 16
    np.testing.assert_allclose(image, np.rint(image), atol=1e-5)
    # Pillow resizes bytes in fixed point: within a level of the same kernel.
    first = load("digits", image_size=16, binarization="none").valid.arrays()["image"][..., 0]
    row = dataset.valid.arrays()["digits"][0] - 1200
    np.testing.assert_allclose(image[0], np.moveaxis(first[row], 0, -1), atol=1.01)


def test_a_scale_goes_for_pairs_too_and_a_flip_is_one():
    dataset = load("outlines", scale=(-1.0, 1.0), flip=True)
    raw = _raw(dataset.train)
    plain = jax.jit(load("outlines").eval_transform)(KEY, raw)
    flipped = jax.jit(dataset.train_transform)(KEY, raw)
    mirrored = []
    for number in range(40):
        turn = [
            np.allclose(flipped[name][number], 2 * plain[name][number][:, ::-1] - 1, atol=1e-5)
            for name in ("image", "target")
        ]
        stay = [
            np.allclose(flipped[name][number], 2 * plain[name][number] - 1, atol=1e-5)
            for name in ("image", "target")
        ]
        assert all(turn) or all(stay)
        mirrored.append(all(turn))
    assert 8 < sum(mirrored) < 32


@pytest.mark.parametrize(
    "name, options, message",
    [
        ("ring", {"image_size": 8}, "ring holds vectors"),
        ("sprites", {"image_size": 8}, "pass an image_size of at least 12"),
        ("sprites", {"flip": True}, "text and keypoints of this set would still tell left"),
        ("sprites", {"dequantize": True}, "this one is continuous"),
        ("colour_worlds", {"channels": 1}, "colour_worlds differ in colour"),
        ("colour_worlds", {"binarization": "static"}, "has unpaired beside its images"),
        ("outlines", {"binarization": "threshold"}, "has target beside its images"),
        ("stacked_digits", {"channels": 1}, "leave channels out"),
    ],
)
def test_what_a_drawn_set_cannot_do_is_refused(name, options, message):
    with pytest.raises(ValueError, match=message) as error:
        load(name, **options)
    assert "\n" not in str(error.value)


def test_places_colours_and_sizes_are_where_and_what_their_names_say():
    factors = jnp.array([[0, 0, 0, 0], [0, 1, 1, 1], [0, 2, 0, 2], [0, 3, 1, 3]])
    image = np.asarray(sprites.render(factors, sprites.geometry(factors)))
    ink = np.abs(image - 0.1).max(-1) > 0.05
    rows, columns = (ink.sum(axis) @ np.arange(16) / ink.sum((1, 2)) for axis in (2, 1))
    np.testing.assert_array_equal(rows > 7.5, [False, False, True, True])
    np.testing.assert_array_equal(columns > 7.5, [False, True, False, True])
    brightest = [tuple(each[inside].mean(0) > 0.5) for each, inside in zip(image, ink, strict=True)]
    red, green, blue = np.eye(3, dtype=bool)
    assert brightest == [tuple(red), tuple(green), tuple(blue), tuple(red | green)]
    assert ink[[0, 2]].sum((1, 2)).max() < ink[[1, 3]].sum((1, 2)).min()
