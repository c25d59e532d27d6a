"""Layers with normalised weights started from data, noise in training alone, the fixed reference."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.nets import NoisyClassifier, SoftplusGenerator, WeightNormDense

KEY = jax.random.key(0)
X = jnp.asarray(np.random.default_rng(0).normal(2.0, 3.0, size=(50, 4)), jnp.float32)


def test_a_layer_starts_with_outputs_of_mean_0_and_deviation_1():
    layer = WeightNormDense(6)
    variables = jax.jit(layer.init)(KEY, X)
    y = layer.apply(variables, X)
    np.testing.assert_allclose(y.mean(0), 0.0, atol=1e-5)
    np.testing.assert_allclose(y.std(0), 1.0, atol=1e-5)
    params = variables["params"]
    doubled = {"params": {**params, "direction": 2 * params["direction"]}}
    np.testing.assert_allclose(layer.apply(doubled, X), y, atol=1e-5)  # its length says nothing
    direction = np.asarray(params["direction"])
    unit = direction / np.linalg.norm(direction, axis=0)
    expected = np.asarray(params["scale"]) * (np.asarray(X) @ unit) + np.asarray(params["bias"])
    np.testing.assert_allclose(y, expected, atol=1e-5)


def test_a_layer_started_from_one_example_is_finite():
    layer = WeightNormDense(6)
    y = layer.apply(jax.jit(layer.init)(KEY, X[:1]), X)
    assert np.isfinite(y).all() and np.abs(y).max() < 100


def test_noise_is_of_training_alone():
    net = NoisyClassifier((8,), 3, minibatch_kernels=2)
    start = jax.jit(lambda key: net.init({"params": key, "noise": key}, X, train=True))
    variables = start(KEY)
    noisy = jax.jit(lambda key: net.apply(variables, X, train=True, rngs={"noise": key})["class"])
    quiet = jax.jit(lambda: net.apply(variables, X, train=False))()
    assert quiet["class"].shape == (50, 3) and quiet["features"].shape == (50, 8)
    assert np.abs(noisy(KEY) - noisy(jax.random.key(1))).max() > 0.1
    assert "MinibatchDiscrimination_0" in variables["params"]


def test_features_are_without_the_noise_that_the_last_layer_reads():
    net = NoisyClassifier((8,), 3, input_noise=0.0, hidden_noise=0.5, weight_norm=False)
    variables = jax.jit(lambda key: net.init(key, X, train=False))(KEY)
    quiet, noisy = (net.apply(variables, X, train=t, rngs={"noise": KEY}) for t in (False, True))
    np.testing.assert_array_equal(noisy["features"], quiet["features"])
    assert np.abs(noisy["class"] - quiet["class"]).max() > 0.1


def test_a_virtual_generators_example_does_not_depend_on_the_others():
    draw = lambda key: jax.random.normal(key, (10, 4))
    for reference in (draw, None):
        net = SoftplusGenerator((2, 2, 1), (8,), reference=reference)
        variables = jax.jit(lambda net=net: net.init(KEY, X, train=False))()
        apply = lambda z, net=net, variables=variables: net.apply(
            variables, z, train=True, mutable=["batch_stats"]
        )[0]
        out = jax.jit(apply)
        changed = np.abs(out(X)[0] - out(X.at[1:].multiply(3))[0]).max()
        assert (changed < 1e-6) == (reference is not None)
    assert out(X).shape == (50, 2, 2, 1) and np.abs(out(X)).max() <= 1
