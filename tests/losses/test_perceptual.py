"""The distance in features: the mean over everything, of each image."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.losses import perceptual_distance

RNG = np.random.default_rng(0)
X, Y = (jnp.asarray(RNG.random((3, 4, 5, 1)), jnp.float32) for _ in range(2))


def test_of_pixels_it_is_the_mean_squared_error():
    expected = np.square(np.asarray(X, np.float64) - Y).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(perceptual_distance(lambda x: x, X, Y), expected, rtol=1e-5)


def test_of_one_feature_it_is_that_ones_square():
    brightness = lambda x: 3 * x.mean(axis=(1, 2))
    expected = 9 * np.square(np.asarray(X - Y).mean(axis=(1, 2, 3)))
    np.testing.assert_allclose(perceptual_distance(brightness, X, Y), expected, rtol=1e-4)


def test_it_is_zero_with_no_gradient_at_the_original():
    value, gradient = jax.value_and_grad(
        lambda x: perceptual_distance(jnp.sqrt, x, jax.lax.stop_gradient(x)).sum()
    )(X)
    assert value == 0 and not gradient.any()


def test_images_of_two_shapes_are_refused():
    with pytest.raises(ValueError, match="images of one shape"):
        perceptual_distance(lambda x: x, X, Y[:1])
