"""Flat shapes by their signed distance, and what a pixel sees of them."""

import jax
import jax.numpy as jnp

from genjax.data.rendered import pixel_centres

SHAPES = ("circle", "square", "triangle", "cross")
# Sizes for radius 1, so that all cover about the same area: size is not told by shape.
_SQUARE = 0.886  # half a side
_TRIANGLE = 1.45  # centre of mass to corner
_CROSS = 1.19  # length of an arm
_ARM = 0.4  # half its width
# Where the axes through the centre leave the shape: up, right, down, left.
_REACH = (
    (1.0, 1.0, 1.0, 1.0),
    (_SQUARE, _SQUARE, _SQUARE, _SQUARE),
    (0.75 * _TRIANGLE, 0.433 * _TRIANGLE, 0.75 * _TRIANGLE, 0.433 * _TRIANGLE),
    (_CROSS, _CROSS, _CROSS, _CROSS),
)
_AXES = ((0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0))  # y runs down


def signed_distance(
    shape: jax.Array, centre: jax.Array, radius: jax.Array, angle: jax.Array, image_size: int
) -> jax.Array:
    """Distance of each pixel to the outline, negative inside, in widths of the image.

    Straight edges meet in points: outside a corner it is the distance to the nearer edge's line.

    Args:
        shape: int [B], of `SHAPES`.
        centre: [B, 2], (x, y) in [0, 1], y down: the middle of the shape's height and width.
        radius: [B], in widths of the image; a circle's, and about that area for others.
        angle: [B], radians, clockwise on the screen.
        image_size: side S of the image.

    Returns:
        [B, S, S].
    """
    offset = pixel_centres(image_size)[None] - centre[:, None, None]
    cos, sin = jnp.cos(angle)[:, None, None], jnp.sin(angle)[:, None, None]
    x = (cos * offset[..., 0] + sin * offset[..., 1]) / radius[:, None, None]
    y = (cos * offset[..., 1] - sin * offset[..., 0]) / radius[:, None, None]
    across, along = jnp.abs(x), jnp.abs(y)
    circle = jnp.sqrt(x**2 + y**2) - 1.0
    square = jnp.maximum(across, along) - _SQUARE
    # Slanted edges pass through (0, -0.75 R), 60 degrees steep; the base is at 0.75 R.
    slanted = 0.866 * across - 0.5 * (y + 0.75 * _TRIANGLE)
    triangle = jnp.maximum(slanted, y - 0.75 * _TRIANGLE)
    upright = jnp.maximum(across - _ARM, along - _CROSS)
    level = jnp.maximum(across - _CROSS, along - _ARM)
    cross = jnp.minimum(upright, level)
    which = shape[:, None, None]
    distance = jnp.where(which == 0, circle, jnp.where(which == 1, square, triangle))
    return jnp.where(which == 3, cross, distance) * radius[:, None, None]


def coverage(distance: jax.Array) -> jax.Array:
    """Share of each pixel inside the shape, 0 to 1, from its signed distance [B, S, S].

    Exact where the outline runs along pixels; antialiased elsewhere.
    """
    return jnp.clip(0.5 - distance * distance.shape[-1], 0.0, 1.0)


def line_coverage(distance: jax.Array, width: float) -> jax.Array:
    """Share of each pixel on a line of `width` (in pixels) inside the outline, from [B, S, S]."""
    inner = distance + width / distance.shape[-1]
    return coverage(distance) - coverage(inner)


def keypoints(
    shape: jax.Array, centre: jax.Array, radius: jax.Array, angle: jax.Array
) -> jax.Array:
    """[B, 5, 2]: the centre, and the points of the outline above, right of, below and left of it.

    The four turn with the shape. (x, y), in widths of the image, arguments as `signed_distance`'s.
    """
    reach = jnp.asarray(_REACH)[shape] * radius[:, None]
    axes = jnp.asarray(_AXES)
    cos, sin = jnp.cos(angle)[:, None], jnp.sin(angle)[:, None]
    turned = jnp.stack(
        [
            cos * axes[None, :, 0] - sin * axes[None, :, 1],
            sin * axes[None, :, 0] + cos * axes[None, :, 1],
        ],
        axis=-1,
    )
    points = centre[:, None] + reach[..., None] * turned
    return jnp.concatenate([centre[:, None], points], axis=1)
