"""The judge of sprites, for which nothing was trained: it has to read what was drawn."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.data import COOL, WARM, counterpart, load, read_sprites, sprites, stripe_contrast

NUM = 400


def _batch(name, num, **options):
    dataset = load(name, **options)
    rows = np.arange(num, dtype=np.int32)
    return jax.jit(dataset.eval_transform)(jax.random.key(0), {**dataset.test[rows], "index": rows})


def _accuracies(read, factors):
    factors = np.asarray(factors)
    return {name: float((read[name] == factors[:, i]).mean())
            for i, name in enumerate(sprites.FACTORS)}  # fmt: skip


@pytest.mark.parametrize("image_size", [16, 28])
def test_the_factors_of_jittered_sprites_are_read(image_size):
    batch = _batch("sprites", NUM, image_size=image_size)
    accuracies = _accuracies(read_sprites(batch["image"]), batch["factors"])
    assert min(accuracies.values()) >= 0.98, accuracies
    if image_size == 16:  # and under noise that a generator may leave
        noisy = batch["image"] + 0.1 * jax.random.normal(jax.random.key(1), batch["image"].shape)
        accuracies = _accuracies(read_sprites(noisy), batch["factors"])
        assert min(accuracies.values()) >= 0.98, accuracies


def test_stripes_and_their_lack_are_told():
    batch = _batch("outlines", NUM, image_size=32)
    read = read_sprites(batch["target"], striped=True)
    accuracies = _accuracies(read, batch["factors"])
    assert min(accuracies.values()) >= 0.98, accuracies
    flat = sprites.render(
        batch["factors"],
        sprites.geometry(batch["factors"]),
        image_size=32,
        shade=jnp.full((NUM, 32, 32), sprites.SHADE),
    )
    true, blurred = stripe_contrast(batch["target"]), stripe_contrast(flat)
    assert abs(np.median(true) - 1.0) < 0.1 and np.median(blurred) < 0.2
    assert true.mean() > 0.9 and blurred.mean() < 0.3


def test_the_true_map_between_the_worlds_keeps_what_is_read():
    batch = _batch("colour_worlds", NUM)
    here = read_sprites(batch["image"], world=WARM)
    there = read_sprites(counterpart(batch["image"]), world=COOL)
    for name in sprites.FACTORS:
        assert np.mean(here[name] == there[name]) >= 0.98, name
    assert min(_accuracies(here, batch["factors"]).values()) >= 0.98
    # The other world is told from this one: unchanged, images are far from all of its sprites.
    unchanged = read_sprites(batch["image"], world=COOL)["distance"]
    assert unchanged.min() > 3 * there["distance"].max()


def test_a_batch_is_drawn_inside_a_compiled_step_as_outside():
    dataset = load("sprites")
    rows = np.arange(6, dtype=np.int32)
    raw = {**dataset.valid[rows], "index": rows}
    compiled = jax.jit(dataset.eval_transform)(jax.random.key(0), raw)
    eager = dataset.eval_transform(jax.random.key(0), raw)
    for name in ("image", "keypoints"):  # fused or not, sums round differently
        np.testing.assert_allclose(compiled[name], eager[name], atol=2e-6)
    for name in ("text", "attributes", "factors", "label"):
        np.testing.assert_array_equal(compiled[name], eager[name])
