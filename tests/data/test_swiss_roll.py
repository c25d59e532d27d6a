"""The Swiss roll: scikit-learn's curve, noise of the right size, fixed where it is evaluated."""

import jax
import numpy as np

from genjax import data
from genjax.data import SWISS_ROLL_STD, draw_swiss_roll, swiss_roll_curve


def test_the_curve_is_scikit_learns():
    from sklearn.datasets import make_swiss_roll

    points, t = make_swiss_roll(50, random_state=0)
    place = (t / (1.5 * np.pi) - 1) / 2
    np.testing.assert_allclose(5 * swiss_roll_curve(place), points[:, [0, 2]], atol=1e-4)


def test_draws_lie_about_the_curve():
    x = np.asarray(draw_swiss_roll(jax.random.key(0), 2000))
    curve = np.asarray(swiss_roll_curve(np.linspace(0, 1, 2001)))
    nearest = np.sqrt(np.square(x[:, None] - curve[None]).sum(-1)).min(1)
    np.testing.assert_allclose(np.square(nearest).mean() ** 0.5, SWISS_ROLL_STD, rtol=0.06)


def test_training_draws_and_evaluation_does_not():
    dataset = data.load("swiss_roll")
    assert dataset.spec.shape == (2,) and len(dataset.train) == 16000
    raw = {**dataset.test[np.arange(4)], "index": np.arange(4, dtype=np.int32)}
    keys = jax.random.key(0), jax.random.key(1)
    one, other = (dataset.train_transform(key, raw)["vector"] for key in keys)
    assert (one != other).all()
    one, other = (dataset.eval_transform(key, raw) for key in keys)
    np.testing.assert_array_equal(one["vector"], other["vector"])
    assert set(one) == {"vector", "index"}
