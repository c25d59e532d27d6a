"""Maxout and batch norm by NumPy, and dropout of the discriminator in training alone."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.nets import MlpDiscriminator, MlpGenerator

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (6, 5))


def test_a_maxout_unit_is_the_largest_of_its_pieces():
    net = MlpDiscriminator((4,), pieces=3)
    heads, variables = net.init_with_output(KEY, X, train=False)
    layer = jax.tree.map(np.asarray, variables["params"]["Dense_0"])
    pieces = (np.asarray(X) @ layer["kernel"] + layer["bias"]).reshape(6, 4, 3)
    np.testing.assert_allclose(heads["features"], pieces.max(-1), rtol=1e-5, atol=1e-6)


def test_dropout_is_of_training_alone():
    net, plain = MlpDiscriminator((40,), dropout_rate=0.5), MlpDiscriminator((40,))
    variables = plain.init(KEY, X, train=False)
    wanted = np.asarray(plain.apply(variables, X, train=False)["features"])
    np.testing.assert_allclose(net.apply(variables, X, train=False)["features"], wanted, rtol=1e-6)
    found = np.asarray(net.apply(variables, X, train=True, rngs={"dropout": KEY})["features"])
    kept = found != 0
    assert 0.3 < kept.mean() < 0.7
    np.testing.assert_allclose(found[kept], 2 * wanted[kept], rtol=1e-5)
    noisy = MlpDiscriminator((40,), input_dropout_rate=0.5)
    moved = noisy.apply(variables, jnp.abs(X), train=True, rngs={"dropout": KEY})["features"]
    assert np.abs(moved - plain.apply(variables, jnp.abs(X), train=True)["features"]).max() > 0.1


def test_batch_norm_is_of_all_hidden_layers_of_a_generator_and_all_but_the_first_of_a_critic():
    net = MlpGenerator((2,), (4,), bounded=False, batch_norm=True)
    variables = net.init(KEY, X, train=False)
    found, _ = net.apply(variables, X, train=True, mutable=["batch_stats"])
    first, last = (
        jax.tree.map(np.asarray, variables["params"][name]) for name in ("Dense_0", "Dense_1")
    )
    hidden = np.asarray(X) @ first["kernel"] + first["bias"]
    normed = (hidden - hidden.mean(0)) / np.sqrt(hidden.var(0) + 1e-5)
    expected = np.maximum(normed, 0) @ last["kernel"] + last["bias"]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    critic = MlpDiscriminator((4, 3, 2), batch_norm=True)
    stats = jax.eval_shape(lambda: critic.init(KEY, X, train=False))["batch_stats"]
    assert [leaf.shape for leaf in jax.tree.leaves(stats)] == [(3,), (3,), (2,), (2,)]
