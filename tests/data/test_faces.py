"""The faces: who and how old is what is seen, and a pose changes neither."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.data import faces, load

KEY = jax.random.key(0)


def test_a_batch_is_what_the_spec_says_and_a_row_is_one_picture():
    dataset = load("faces")
    assert dataset.spec == Spec((16, 16, 3), None, 6, {"factors": (2,), "identity": (40,)})
    rows = np.arange(5, 9)
    raw = {**dataset.test[rows], "index": rows}
    render = jax.jit(dataset.eval_transform)
    batch, part = render(KEY, raw), render(KEY, {name: each[1:3] for name, each in raw.items()})
    np.testing.assert_array_equal(batch["factors"][:, 1], batch["label"])
    np.testing.assert_array_equal(batch["identity"].argmax(1), batch["factors"][:, 0])
    np.testing.assert_array_equal(batch["identity"].sum(1), 1.0)
    np.testing.assert_allclose(batch["image"][1:3], part["image"], atol=1e-6)
    again = jax.jit(dataset.train_transform)(jax.random.key(1), raw)
    np.testing.assert_array_equal(batch["image"], again["image"])
    assert set(batch) == {"image", "label", "identity", "factors", "index"}
    combinations = dataset.train.arrays()["factors"] @ [6, 1]
    np.testing.assert_array_equal(np.bincount(combinations), 40)
    grey = load("faces", image_size=20, channels=1)
    assert jax.eval_shape(grey.eval_transform, KEY, raw)["image"].shape == (4, 20, 20, 1)


def test_persons_and_ages_are_told_apart_across_poses():
    """The nearest upright face is the right one of all 240, of at least 0.9 of them, at 32 pixels."""
    every = jnp.array([[person, age] for person in range(40) for age in range(6)])
    render = jax.jit(lambda where: faces.render(every, where, image_size=32).reshape(240, -1))
    upright = render(jnp.zeros((240, 3)))
    posed = render(0.3 * faces.pose(jax.random.split(KEY, 240)))
    squares = lambda x: (x**2).sum(1)
    distance = squares(posed)[:, None] - 2 * posed @ upright.T + squares(upright)[None]
    assert (distance.argmin(1) == jnp.arange(240)).mean() > 0.9


def test_age_greys_and_the_pose_moves():
    young, old = (
        np.asarray(faces.render(jnp.array([[5, age]]), jnp.zeros((1, 3)), image_size=32)[0])
        for age in (1, 5)
    )
    rows = np.flatnonzero(np.abs(young - old).sum((1, 2)) > 0.1)
    hair = (rows[0] + 1, 16)
    assert np.ptp(old[hair]) < 0.1 < np.ptp(young[hair])  # grey is a colour of three alike
    where = faces.pose(jax.random.split(KEY, 100))
    limits = [faces.SHIFT, faces.SHIFT, faces.TURN]
    assert (jnp.abs(where) <= jnp.array([limits])).all()
    assert (jnp.abs(where).max(0) > 0.9 * jnp.array(limits)).all()
    shifted = faces.render(jnp.array([[5, 1]]), jnp.array([[1 / 32, 0.0, 0.0]]), image_size=32)[0]
    np.testing.assert_allclose(shifted[:, 1:], young[:, :-1], atol=1e-4)


def test_what_cannot_be_drawn_is_refused():
    with pytest.raises(ValueError, match=r"integers \[B, 2\] of person, age"):
        faces.render(jnp.zeros((1, 3), int), jnp.zeros((1, 3)))
    with pytest.raises(ValueError, match="at least 12"):
        load("faces", image_size=8)
