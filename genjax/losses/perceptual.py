"""Distances between images as a network sees them."""

from collections.abc import Callable

import jax
import jax.numpy as jnp


def perceptual_distance(
    features: Callable[[jax.Array], jax.Array], x: jax.Array, y: jax.Array
) -> jax.Array:
    """mean_d (phi_d(x) - phi_d(y))^2 [B], the mean over all places and channels of the features.

    The paper divides the sum by the number of places alone; its weight of 1/12.75 on VGG's features
    belongs to the mean over channels too, as the common implementations have it.

    Args:
        features: phi, images -> [B, ...], of a network that is not trained meanwhile.
        x, y: images [B, H, W, C] in the range that phi expects.

    Raises:
        ValueError: for images of two shapes.

    Reference: Ledig et al., 2017, arXiv:1609.04802, equation 5.
    """
    if x.shape != y.shape:
        raise ValueError(f"a distance is of images of one shape, got {x.shape} and {y.shape}")
    squares = jnp.square(features(x).astype(jnp.float32) - features(y).astype(jnp.float32))
    return squares.reshape(len(x), -1).mean(axis=1)
