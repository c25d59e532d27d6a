"""The unbiased squared MMD against a double loop, and against the Gaussians' closed form."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.losses import inverse_multiquadratic, mmd, rbf


def by_loops(x, y, kernel):
    """Lemma 6 of Gretton et al. (2012), pair by pair, in float64."""
    x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)

    def within(a):
        pairs = [kernel(p, q) for i, p in enumerate(a) for j, q in enumerate(a) if i != j]
        return np.mean(pairs)

    return within(x) + within(y) - 2 * np.mean([kernel(p, q) for p in x for q in y])


def multiquadratic_of_two(p, q, std=1.0):
    bases = 2 * len(p) * std**2 * np.array([0.1, 0.2, 0.5, 1, 2, 5, 10])
    return np.sum(bases / (bases + np.sum((p - q) ** 2)))


@pytest.fixture(scope="module")
def samples():
    """Two samples of different sizes and distributions, [7, 3] and [5, 3]."""
    key_x, key_y = jax.random.split(jax.random.key(0))
    return jax.random.normal(key_x, (7, 3)), 0.5 + 2 * jax.random.normal(key_y, (5, 3))


@pytest.mark.parametrize(
    "kernel, of_two",
    [
        (inverse_multiquadratic, multiquadratic_of_two),
        (
            functools.partial(inverse_multiquadratic, std=2.0),
            functools.partial(multiquadratic_of_two, std=2.0),
        ),
        (rbf, lambda p, q: np.exp(-np.mean((p - q) ** 2) / len(p))),  # Zhao et al.'s code
        (functools.partial(rbf, bandwidth=0.7), lambda p, q: np.exp(-np.sum((p - q) ** 2) / 0.98)),
    ],
)
def test_equals_a_double_loop(samples, kernel, of_two):
    ours = jax.jit(lambda x, y: mmd(x, y, kernel))(*samples)
    np.testing.assert_allclose(ours, by_loops(*samples, of_two), rtol=1e-5)


def test_gaussians_have_the_closed_form():
    """For p = N(0, I), q = N(m, s^2 I) and an RBF of bandwidth b, E k(x, y) is a Gaussian integral."""
    dim, shift, scale, bandwidth, draws = 3, 0.6, 1.3, 0.9, 400

    def expected_kernel(variance, distance):
        total = bandwidth**2 + variance
        return (bandwidth**2 / total) ** (dim / 2) * np.exp(-(distance**2) / (2 * total))

    exact = (
        expected_kernel(2, 0)
        + expected_kernel(2 * scale**2, 0)
        - 2 * expected_kernel(1 + scale**2, shift * np.sqrt(dim))
    )

    @jax.jit
    @jax.vmap
    def estimates(key):
        key_x, key_y = jax.random.split(key)
        x = jax.random.normal(key_x, (draws, dim))
        y = shift + scale * jax.random.normal(key_y, (draws, dim))
        null = mmd(x, jax.random.normal(key, (draws, dim)))
        return mmd(x, y, functools.partial(rbf, bandwidth=bandwidth)), null

    different, equal = estimates(jax.random.split(jax.random.key(1), 40))
    assert abs(different.mean() - exact) < 3 * different.std() / np.sqrt(40)
    assert different.std() / np.sqrt(40) < 0.04 * exact  # small enough to see a factor
    # Where both are one distribution the mean is 0, and the sign is open.
    assert abs(equal.mean()) < 3 * equal.std() / np.sqrt(40)
    assert 8 < (equal < 0).sum() < 32


@pytest.mark.parametrize("kernel", [inverse_multiquadratic, rbf])
def test_extremes_are_finite_with_their_gradients(samples, kernel):
    x, y = samples
    value_and_gradient = jax.jit(jax.value_and_grad(lambda x, y: mmd(x, y, kernel)))
    for values in (x, 0 * x, x + 1e4, 1e15 * x):
        value, gradient = value_and_gradient(values, y)
        assert np.isfinite(value) and np.isfinite(gradient).all()
    # Far from the origin the distances keep their digits.
    near, far = value_and_gradient(x, y)[0], value_and_gradient(x + 1000.0, y + 1000.0)[0]
    np.testing.assert_allclose(near, far, atol=2e-3)


def test_the_gradient_is_that_of_the_double_loop(samples):
    x, y = samples

    def direct(x):
        distances = lambda a, b: jnp.sum((a[:, None] - b[None]) ** 2, axis=-1)
        k = lambda a, b: jnp.exp(-distances(a, b) / 9)
        within = lambda k: (k.sum() - jnp.trace(k)) / (len(k) * (len(k) - 1))
        return within(k(x, x)) + within(k(y, y)) - 2 * k(x, y).mean()

    ours, expected = jax.jit(lambda x: (jax.grad(mmd)(x, y, rbf), jax.grad(direct)(x)))(x)
    np.testing.assert_allclose(ours, expected, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("x, y", [((3, 2), (3, 4)), ((3,), (3, 2)), ((3, 2, 1), (3, 2, 1))])
def test_wrong_shapes_are_refused(x, y):
    for function in (mmd, inverse_multiquadratic, rbf):
        with pytest.raises(ValueError, match=r"needs \[n, D\] and \[m, D\]"):
            function(jnp.zeros(x), jnp.zeros(y))


def test_wrong_numbers_are_refused():
    x = jnp.zeros((3, 2))
    with pytest.raises(ValueError, match="at least two draws of each, got 3 and 1"):
        mmd(x, x[:1])
    with pytest.raises(ValueError, match="std must be above 0, got 0"):
        inverse_multiquadratic(x, x, std=0)
    with pytest.raises(ValueError, match="bandwidth must be above 0, got -1"):
        rbf(x, x, bandwidth=-1)
