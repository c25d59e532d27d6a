"""Spectral normalisation against NumPy's SVD and the gradient on paper."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import SpectralConv, SpectralDense, SpectralEmbed, largest_singular_value

KEY = jax.random.key(0)


def matrix_of(values, rows, columns, seed=0):
    """A matrix with these singular values, float32."""
    rng = np.random.default_rng(seed)
    left = np.linalg.qr(rng.normal(size=(rows, len(values))))[0]
    right = np.linalg.qr(rng.normal(size=(columns, len(values))))[0]
    return jnp.asarray(left * values @ right.T, jnp.float32)


def test_largest_singular_value_is_the_svds():
    """Singular values 1/k, as a trained kernel's fall off: within 1e-3 after 8 steps, from below."""
    matrix = matrix_of(3 / np.arange(1, 13), 40, 12)
    u = jax.random.normal(KEY, (12,))
    found = [float(largest_singular_value(matrix, u, n)[0]) for n in (1, 2, 4, 8)]
    assert found == sorted(found) and found[-1] <= 3 + 1e-5
    np.testing.assert_allclose(found[-1], 3.0, rtol=1e-3)
    np.testing.assert_allclose(np.linalg.svd(matrix)[1][0], 3.0, rtol=1e-5)


def test_gradient_goes_through_sigma():
    """d <G, W / sigma> / dW = (G - <G, W / sigma> v u^T) / sigma; without sigma's part G / sigma."""
    matrix, cotangent = matrix_of([2.0, 1.0, 0.5], 5, 4), matrix_of([1.0, 3.0], 5, 4, seed=1)
    u = jax.random.normal(KEY, (4,))
    quotient = lambda w: (cotangent * w / largest_singular_value(w, u, 3)[0]).sum()
    sigma, moved = largest_singular_value(matrix, u, 3)
    v = matrix @ largest_singular_value(matrix, u, 2)[1]
    v = v / jnp.linalg.norm(v)
    inner = (cotangent * matrix).sum() / sigma
    expected = (cotangent - inner * jnp.outer(v, moved)) / sigma
    np.testing.assert_allclose(jax.grad(quotient)(matrix), expected, atol=1e-5)


def test_largest_singular_value_at_extremes():
    u = jnp.ones(3)
    for scale in (0.0, 1e-12, 1e12):
        matrix = scale * jnp.ones((4, 3))
        value, gradient = jax.value_and_grad(lambda w: largest_singular_value(w, u)[0])(matrix)
        np.testing.assert_allclose(value, scale * np.sqrt(12), rtol=1e-4)
        assert np.isfinite(gradient).all()
    with pytest.raises(ValueError, match=r"u \[3\], got 1 from \(4,\)"):
        largest_singular_value(jnp.ones((4, 3)), jnp.ones(4))
    with pytest.raises(ValueError, match="at least 1 step"):
        largest_singular_value(jnp.ones((4, 3)), u, 0)


LAYERS = {
    "dense": (SpectralDense(6), (5, 4)),
    "conv": (SpectralConv(6), (2, 4, 4, 3)),
    "up": (SpectralConv(6, resampling="up"), (2, 4, 4, 3)),
    "embed": (SpectralEmbed(6, num_embeddings=7), None),
}


@pytest.mark.parametrize("name", LAYERS)
def test_only_training_passes_move_u(name):
    """Twenty training passes make sigma 1; the kernel is [-1, O]; evaluation leaves u as it is."""
    layer, shape = LAYERS[name]
    x = jnp.array([1, 5]) if shape is None else jax.random.normal(KEY, shape)

    @jax.jit
    def run(key):
        first = layer.init(key, x, train=False)

        def train(variables, _):
            out, moved = layer.apply(variables, x, train=True, mutable=["spectral"])
            return {**variables, **moved}, out

        last, outs = jax.lax.scan(train, first, length=20)
        still = layer.apply(last, x, train=False, mutable=["spectral"])
        return first, last, outs[-1], *still

    first, last, trained, evaluated, kept = run(KEY)
    assert np.abs(first["spectral"]["u"] - last["spectral"]["u"]).max() > 1e-3
    np.testing.assert_array_equal(kept["spectral"]["u"], last["spectral"]["u"])
    np.testing.assert_allclose(trained, evaluated, atol=2e-3)
    kernel = np.asarray(next(v for n, v in last["params"].items() if n != "bias"), np.float64)
    normed = kernel / np.linalg.svd(kernel.reshape(-1, 6))[1][0]
    if name == "dense":
        np.testing.assert_allclose(evaluated, np.asarray(x) @ normed, rtol=0.02, atol=0.02)
    if name == "embed":
        np.testing.assert_allclose(evaluated, normed[np.asarray(x)], rtol=0.02, atol=0.02)
    if name == "up":
        assert evaluated.shape == (2, 8, 8, 6)


def test_a_pass_takes_as_many_steps_as_it_is_told():
    layer = SpectralDense(4, num_iterations=3, use_bias=False)
    used, variables = layer.init_with_output(KEY, jnp.eye(5), train=False)
    kernel, u = variables["params"]["kernel"], variables["spectral"]["u"]
    once, thrice = (float(largest_singular_value(kernel, u, num)[0]) for num in (1, 3))
    assert thrice - once > 0.01
    np.testing.assert_allclose(used, kernel / thrice, rtol=1e-4)


def test_no_iteration_is_an_ordinary_layer():
    layer, x = SpectralDense(3, num_iterations=0), jnp.ones((2, 4))
    variables = layer.init(KEY, x, train=True)
    assert list(variables) == ["params"]
    expected = np.asarray(x) @ np.asarray(variables["params"]["kernel"])
    np.testing.assert_allclose(layer.apply(variables, x, train=True), expected, rtol=1e-5)
