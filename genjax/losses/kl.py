"""Densities and Kullback-Leibler divergences of diagonal Gaussians.

All functions take arrays with the batch first, sum over every other axis and return nats per
example. Variances come as logarithms: a network's head is then any real number. Map with `jax.vmap`
over further leading axes (importance samples, components): they would be summed otherwise.
"""

import math

import jax
import jax.numpy as jnp

_LOG_TWO_PI = math.log(2.0 * math.pi)


def gaussian_kl(mean: jax.Array, log_variance: jax.Array) -> jax.Array:
    """½ Σ (μ² + σ² − 1 − log σ²): the divergence KL(N(μ, σ²) ‖ N(0, 1)), summed over dimensions.

    Args:
        mean: μ, [B, ...].
        log_variance: log σ², [B, ...].

    Returns:
        [B], nats. Overflows to inf where a log-variance passes 88.

    Raises:
        ValueError: if the shapes differ or lack a batch axis.

    Kingma and Welling, 2013, arXiv:1312.6114, Appendix B.
    """
    _check_equal_shapes(mean=mean, log_variance=log_variance)
    # expm1(v) - v keeps its digits near v = 0, where a collapsed posterior sits; exp(v) - 1 does not.
    return 0.5 * _sum(jnp.square(mean) + jnp.expm1(log_variance) - log_variance)


def gaussian_kl_between(
    mean: jax.Array,
    log_variance: jax.Array,
    other_mean: jax.Array,
    other_log_variance: jax.Array,
) -> jax.Array:
    """KL(N(μ₁, σ₁²) ‖ N(μ₂, σ₂²)): expectation under the first Gaussian, summed over dimensions.

    Args:
        mean: μ₁, [B, ...].
        log_variance: log σ₁², [B, ...].
        other_mean: μ₂, [B, ...].
        other_log_variance: log σ₂², [B, ...].

    Returns:
        [B], nats.

    Raises:
        ValueError: if the shapes differ or lack a batch axis.
    """
    _check_equal_shapes(
        mean=mean,
        log_variance=log_variance,
        other_mean=other_mean,
        other_log_variance=other_log_variance,
    )
    log_ratio = log_variance - other_log_variance
    distance = (mean - other_mean) * jnp.exp(-0.5 * other_log_variance)
    return 0.5 * _sum(jnp.square(distance) + jnp.expm1(log_ratio) - log_ratio)


def gaussian_sample(key: jax.Array, mean: jax.Array, log_variance: jax.Array) -> jax.Array:
    """μ + σ ε with ε ~ N(0, I): a draw whose gradient reaches μ and σ.

    Args:
        key: one typed key.
        mean: μ, [B, ...].
        log_variance: log σ², [B, ...].

    Returns:
        [B, ...].

    Raises:
        ValueError: if the shapes differ or lack a batch axis.

    Kingma and Welling, 2013, arXiv:1312.6114, section 2.4.
    """
    _check_equal_shapes(mean=mean, log_variance=log_variance)
    return mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape, mean.dtype)


def gaussian_product(
    mean: jax.Array,
    log_variance: jax.Array,
    other_mean: jax.Array,
    other_log_variance: jax.Array,
) -> tuple[jax.Array, jax.Array]:
    """The Gaussian proportional to N(μ₁, σ₁²) N(μ₂, σ₂²): precisions add and weigh the means.

    Args:
        mean: μ₁, [B, ...].
        log_variance: log σ₁², [B, ...].
        other_mean: μ₂, [B, ...].
        other_log_variance: log σ₂², [B, ...].

    Returns:
        Its mean and log-variance, [B, ...] each.

    Raises:
        ValueError: if the shapes differ or lack a batch axis.

    The ladder's merge: Soenderby et al., 2016, arXiv:1602.02282, equations 17 to 19.
    """
    _check_equal_shapes(
        mean=mean,
        log_variance=log_variance,
        other_mean=other_mean,
        other_log_variance=other_log_variance,
    )
    merged = -jnp.logaddexp(-log_variance, -other_log_variance)
    share, other_share = jnp.exp(merged - log_variance), jnp.exp(merged - other_log_variance)
    return share * mean + other_share * other_mean, merged


def gaussian_log_prob(x: jax.Array, mean: jax.Array, log_variance: jax.Array) -> jax.Array:
    """log N(x; μ, σ²) with a diagonal covariance, the 2π included, summed over dimensions.

    Args:
        x: [B, ...].
        mean: μ, [B, ...].
        log_variance: log σ², [B, ...].

    Returns:
        [B], nats (a log density: it may be positive).

    Raises:
        ValueError: if the shapes differ or lack a batch axis.
    """
    _check_equal_shapes(x=x, mean=mean, log_variance=log_variance)
    # Scale before squaring: exp(-v) alone overflows at v = -88, and 0 times inf is nan.
    distance = (x - mean) * jnp.exp(-0.5 * log_variance)
    return -0.5 * _sum(jnp.square(distance) + log_variance + _LOG_TWO_PI)


def standard_normal_log_prob(x: jax.Array) -> jax.Array:
    """log N(x; 0, I), summed over dimensions.

    Args:
        x: [B, ...].

    Returns:
        [B], nats.

    Raises:
        ValueError: if there is no batch axis.
    """
    _check_equal_shapes(x=x)
    return -0.5 * _sum(jnp.square(x) + _LOG_TWO_PI)


def _sum(values: jax.Array) -> jax.Array:
    return jnp.sum(values, axis=tuple(range(1, values.ndim)))


def _check_equal_shapes(**arrays: jax.Array) -> None:
    shapes = {name: jnp.shape(array) for name, array in arrays.items()}
    if len(set(shapes.values())) > 1:
        raise ValueError(f"shapes must be equal, got {shapes}")
    if any(len(shape) == 0 for shape in shapes.values()):
        raise ValueError(f"arrays need a batch axis, got {shapes}")
