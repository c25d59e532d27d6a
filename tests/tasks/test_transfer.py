"""Few labels: which are chosen, what is fine-tuned, and the regression beside it."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoencoders import autoencoder
from genjax.core import Spec
from genjax.tasks import transfer as tasks

LABEL = np.repeat(np.arange(4), [50, 30, 3, 17])


def test_labelled_rows_are_stratified_where_they_can_be():
    counts = lambda num, seed=0: np.bincount(LABEL[tasks.labelled_rows(LABEL, num, seed)])
    assert counts(4).tolist() == [1, 1, 1, 1]
    assert counts(12).tolist() == [3, 3, 3, 3]
    assert counts(20)[2] == 3 and counts(20).sum() == 20 and counts(20)[[0, 1, 3]].min() >= 5
    assert counts(100).tolist() == [50, 30, 3, 17]
    rows = tasks.labelled_rows(LABEL, 12, 1)
    assert len(set(rows)) == 12
    np.testing.assert_array_equal(rows, tasks.labelled_rows(LABEL, 12, 1))
    assert set(rows) != set(tasks.labelled_rows(LABEL, 12, 2))
    for num in (0, 101):
        with pytest.raises(ValueError, match="needs 1 to 100"):
            tasks.labelled_rows(LABEL, num, 0)


def test_fine_tuning_moves_the_encoder_and_nothing_else():
    """The first step of Adam is the rate times the sign of the gradient, which is known here."""
    spec = Spec((3,))
    model = autoencoder(spec, code_dim=2, hidden=())
    variables = jax.jit(model.init)(jax.random.key(0), {"vector": jnp.zeros((4, 3))}).variables
    x = jnp.asarray(np.random.default_rng(0).normal(size=(8, 3)), jnp.float32)
    y = jnp.arange(8) % 2
    tuned = tasks.fine_tune(
        model.encode, jax.random.key(1), variables, x, y, 2, steps=1, learning_rate=0.01
    )
    kernel = jax.random.normal(jax.random.key(1), (2, 2)) / np.sqrt(2)
    z = model.encode(None, variables, x)
    off = jax.nn.softmax(z @ kernel) - jax.nn.one_hot(y, 2)
    np.testing.assert_allclose(tuned.kernel, kernel - 0.01 * jnp.sign(z.T @ off), atol=1e-5)
    of_encoder = x.T @ (off @ kernel.T)
    before, after = (v["encoder"]["params"]["Dense_0"] for v in (variables, tuned.variables))
    moved = after["kernel"] - before["kernel"]
    np.testing.assert_allclose(moved, -0.01 * jnp.sign(of_encoder), atol=1e-5)
    jax.tree.map(np.testing.assert_array_equal, variables["decoder"], tuned.variables["decoder"])
    assert tasks.logits(model.encode, tuned, x).shape == (8, 2)


def test_fine_tuning_learns_and_maps_over_seeds():
    spec = Spec((2,))
    model = autoencoder(spec, code_dim=4, hidden=(16,))
    variables = jax.jit(model.init)(jax.random.key(0), {"vector": jnp.zeros((4, 2))}).variables
    x = np.random.default_rng(0).normal(size=(3, 60, 2)).astype(np.float32)
    y = (x.prod(-1) > 0).astype(np.int32)  # no linear rule tells

    def one(key, x, y):
        tuned = tasks.fine_tune(model.encode, key, variables, x, y, 2, learning_rate=0.01)
        return (tasks.logits(model.encode, tuned, x).argmax(-1) == y).mean()

    accuracy = jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(0), 3), x, y)
    assert (accuracy > 0.95).all(), accuracy


def test_logistic_regression_on_few_labels():
    rng = np.random.default_rng(0)
    train, test = rng.normal(size=(40, 3, 1)), rng.normal(size=(200, 3, 1))
    rule = lambda x: (x[:, 0, 0] + 0.5 * x[:, 1, 0] > 0).astype(int)
    guess = tasks.logistic_regression(train, rule(train), test)
    assert (guess == rule(test)).mean() > 0.9
    one_each = tasks.logistic_regression(train[:2], np.array([3, 7]), test)
    assert set(one_each) <= {3, 7}  # no folds to choose by
    assert set(tasks.logistic_regression(train[:2], np.array([3, 3]), test)) == {3}
    with pytest.raises(ValueError, match="shapes do not fit"):
        tasks.logistic_regression(train, rule(train)[:3], test)


def test_the_deviation_is_of_the_sample():
    assert tasks.mean_and_std([1.0, 3.0]) == (2.0, pytest.approx(2**0.5))
    assert tasks.mean_and_std([0.5]) == (0.5, 0.0)
