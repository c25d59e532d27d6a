"""Norms without memory, against NumPy in float64."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import InstanceNorm, MinibatchNorm, image_norm

KEY = jax.random.key(0)
X = np.random.default_rng(0).normal(2.0, 3.0, size=(3, 4, 5, 2)).astype(np.float32)


def standardized(x, axes):
    x = np.asarray(x, np.float64)
    return (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + 1e-5)


def test_instance_norm_is_of_each_channel_of_each_image():
    np.testing.assert_allclose(InstanceNorm().apply({}, X), standardized(X, (1, 2)), atol=1e-5)


def test_an_affine_instance_norm_has_a_gain_and_a_shift_for_each_channel():
    params = {"scale": jnp.asarray([2.0, 3.0]), "bias": jnp.asarray([-1.0, 0.5])}
    found = InstanceNorm(affine=True).apply({"params": params}, X)
    expected = standardized(X, (1, 2)) * np.array([2.0, 3.0]) + np.array([-1.0, 0.5])
    np.testing.assert_allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("train", [True, False])
def test_minibatch_norm_is_of_the_minibatch_whenever(train):
    norm = MinibatchNorm()
    variables = jax.jit(lambda key, x: norm.init(key, x, train=True))(KEY, X)
    assert set(variables) == {"params"}, "it keeps no statistics"
    gain = np.asarray(variables["params"]["scale"])
    found = norm.apply(variables, X, train=train)
    np.testing.assert_allclose(found, gain * standardized(X, (0, 1, 2)), atol=1e-5)


def test_minibatch_norm_starts_with_gains_of_deviation_002_and_no_shifts():
    params = MinibatchNorm().init(KEY, jnp.zeros((1, 400)), train=True)["params"]
    np.testing.assert_allclose(params["scale"].mean(), 1.0, atol=0.005)
    np.testing.assert_allclose(params["scale"].std(), 0.02, rtol=0.2)
    assert not params["bias"].any()


def test_minibatch_norm_in_training_is_of_the_shares_of_all_devices():
    norm, x = MinibatchNorm(), np.concatenate([X, 5 * X])
    variables = norm.init(KEY, X, train=True)
    of_share = jax.vmap(lambda x: norm.apply(variables, x, train=True), axis_name="data")
    found = of_share(x.reshape(2, *X.shape)).reshape(x.shape)
    np.testing.assert_allclose(found, norm.apply(variables, x, train=True), atol=1e-5)


def test_a_flat_image_stays_finite_and_so_does_its_gradient():
    flat = jnp.full((2, 3, 3, 1), 1e6)
    squares = lambda x: jnp.square(InstanceNorm().apply({}, x) + 1).sum()
    value, gradient = jax.value_and_grad(squares)(flat)
    assert value == 18 and np.isfinite(gradient).all()


def test_an_unknown_norm_is_refused():
    with pytest.raises(ValueError, match="norm must be one of minibatch, batch, instance, none"):
        image_norm("group", X, train=True, dtype=jnp.float32)
