"""Luminance by BT.601's own numbers; resampling against Pillow."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from genjax.losses import bicubic, crop_to_multiple, enlarge, low_resolution, luminance


def by_pillow(images, height, width):
    """Each channel of [B, H, W, C] by itself, as Pillow resizes floats."""
    resize = lambda plane: np.asarray(
        Image.fromarray(np.ascontiguousarray(plane)).resize(
            (width, height), Image.Resampling.BICUBIC
        )
    )
    planes = [[resize(image[..., c]) for c in range(image.shape[-1])] for image in images]
    return np.stack([np.stack(each, axis=-1) for each in planes])


def test_luminance_of_the_corners():
    """Black is 16, white 235, and pure red, green and blue 81.48, 144.55 and 40.97 of 255."""
    corners = jnp.array([[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1]], jnp.float32)
    expected = np.array([[16], [235], [81.481], [144.553], [40.966]])
    np.testing.assert_allclose(255 * luminance(corners), expected, rtol=1e-6)
    np.testing.assert_allclose(luminance(255 * corners, data_range=255), expected, rtol=1e-6)
    with pytest.raises(ValueError, match="three channels"):
        luminance(jnp.zeros((2, 1)))


@pytest.mark.parametrize("height, width", [(12, 10), (5, 4), (48, 40), (7, 33)])
def test_bicubic_equals_pillow(height, width):
    """Keys' kernel with a = -0.5, widened where it shrinks: smaller, larger, and both at once."""
    images = np.random.default_rng(0).random((2, 24, 20, 3)).astype(np.float32)
    found = jax.jit(bicubic, static_argnums=(1, 2))(images, height, width)
    np.testing.assert_allclose(found, by_pillow(images, height, width), atol=2e-6)


def test_low_resolution_and_back():
    images = jnp.asarray(np.random.default_rng(0).integers(0, 2, (1, 9, 8, 1)), jnp.float32)
    cropped = crop_to_multiple(images, 4)
    assert cropped.shape == (1, 8, 8, 1)
    np.testing.assert_array_equal(cropped, images[:, :8])
    low = low_resolution(cropped, 4)
    np.testing.assert_allclose(low, by_pillow(cropped, 2, 2).clip(0, 1), atol=1e-6)
    assert enlarge(low, 4).shape == cropped.shape
    flat = jnp.full((1, 8, 8, 2), 0.25)
    np.testing.assert_allclose(enlarge(low_resolution(flat, 2), 2), flat, rtol=1e-6)


def test_shapes_are_checked():
    with pytest.raises(ValueError, match="4 does not divide the sides of 9x8"):
        low_resolution(jnp.zeros((1, 9, 8, 1)), 4)
    with pytest.raises(ValueError, match=r"\[B, H, W, C\], got shape"):
        bicubic(jnp.zeros((8, 8)), 4, 4)
    with pytest.raises(ValueError, match="at least one pixel, got 0x4"):
        bicubic(jnp.zeros((1, 8, 8, 1)), 0, 4)
