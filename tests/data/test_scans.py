"""The scans: training shows healthy ones alone, and the mask is where an ill one was changed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.data import load, scans

KEY = jax.random.key(0)


def test_only_the_test_split_has_ill_ones_and_they_are_marked():
    dataset = load("scans")
    assert dataset.spec == Spec((16, 16, 1), None, None, {"mask": (16, 16, 1)})
    render = jax.jit(dataset.eval_transform)
    for split, share in (("train", 0.0), ("valid", 0.0), ("test", 0.5)):
        rows = np.arange(200)
        batch = render(KEY, {**getattr(dataset, split)[rows], "index": rows})
        assert set(batch) == {"image", "mask", "index"}
        assert np.asarray(batch["mask"]).any((1, 2, 3)).mean() == share
        assert batch["image"].shape == batch["mask"].shape == (200, 16, 16, 1)


def test_the_mask_is_where_a_healthy_image_is_changed():
    keys = jax.random.split(KEY, 64)
    render = jax.jit(lambda ill: scans.render(keys, ill, image_size=32))
    (healthy, none), (ill, mask) = (render(jnp.full(64, ill)) for ill in (0, 1))
    assert not none.any()
    inside = mask[..., 0] > 0
    changed = jnp.abs(healthy - ill)[..., 0]
    assert (changed[~inside] <= 0.55).all() and changed[~inside].mean() < 0.01
    assert ill[..., 0][inside].mean() < 0.25 < healthy[..., 0][inside].mean()


def test_a_small_image_is_refused():
    with pytest.raises(ValueError, match="at least 12"):
        load("scans", image_size=8)
