"""Self-attention: the identity at the start, and by NumPy with the gate open."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.nets import SelfAttention

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (2, 4, 6, 16))


def opened(layer):
    """Its variables with gamma 1."""
    variables = jax.jit(lambda key: layer.init(key, X, train=False))(KEY)
    return {**variables, "params": {**variables["params"], "gamma": jnp.ones(())}}


def test_starts_as_the_identity():
    layer = SelfAttention()
    found, variables = layer.init_with_output(KEY, X, train=False)
    np.testing.assert_array_equal(found, X)
    assert variables["params"]["gamma"].shape == ()
    assert set(variables["spectral"]) == {"theta", "phi", "g", "o"}


def test_by_numpy():
    """Without normalisation of the weights; keys are maxima of 2x2 places."""
    layer = SelfAttention(num_iterations=0)
    variables = opened(layer)
    found, sown = layer.apply(variables, X, train=False, mutable=["intermediates"])
    kernels = {
        n: np.asarray(v["kernel"])[0, 0] for n, v in variables["params"].items() if n != "gamma"
    }
    x = np.asarray(X)
    pool = lambda y: y.reshape(2, 2, 2, 3, 2, -1).max((2, 4)).reshape(2, 6, -1)
    theta = (x @ kernels["theta"]).reshape(2, 24, 2)
    scores = theta @ pool(x @ kernels["phi"]).swapaxes(1, 2)
    weights = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    expected = x + (weights @ pool(x @ kernels["g"]) @ kernels["o"]).reshape(x.shape)
    np.testing.assert_allclose(found, expected, atol=1e-4)
    np.testing.assert_allclose(sown["intermediates"]["weights"][0].sum(-1), 1.0, rtol=1e-5)


def test_at_extremes():
    """Scores of thousands: the softmax stays finite, and so does its gradient."""
    layer = SelfAttention(num_iterations=0)
    variables = opened(layer)
    total = lambda x: layer.apply(variables, x, train=False).sum()
    value, gradient = jax.jit(jax.value_and_grad(total))(1e3 * X)
    assert np.isfinite(value) and np.isfinite(gradient).all()
