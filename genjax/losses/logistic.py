"""The logistic distribution cut into bins: the arithmetic under the discretised likelihoods.

L levels k/(L-1) in [0, 1] sit at 2k/(L-1) - 1, where means and scales live. A bin reaches half-way
to its neighbours; the first and the last are open, so that the masses sum to one.
"""

import functools

import jax
import jax.numpy as jnp
from jax import lax

from genjax.losses.likelihood import Likelihood, build_likelihood, check_levels

_MIN_LOG_SCALE = -7.0  # Salimans et al., 2017 (PixelCNN++), released code
_MAX_LOG_SCALE = 20.0  # flatter than any data; keeps a bin's width in scales above zero


def discretized_logistic(num_levels: int) -> Likelihood:
    """log of the mass that a logistic puts on the bin of x, the bins at both ends open.

    Parameters (mean, log-scale), both in units of 2x − 1, so that a mean of 0 is mid-grey.

    Kingma et al., 2016, arXiv:1606.04934, appendix; Salimans et al., 2017, arXiv:1701.05517,
    equation 2.
    """
    check_levels(num_levels)
    return build_likelihood(
        "discretized_logistic",
        2,
        lambda p, x: log_bin_mass(level_index(x, num_levels), p[..., 0], p[..., 1], num_levels),
        lambda p: bin_mean(p[..., 0], p[..., 1], num_levels),
        lambda key, p: bin_value(
            jax.random.logistic(key, p.shape[:-1], p.dtype), p[..., 0], p[..., 1], num_levels
        ),
    )


def level_index(x: jax.Array, num_levels: int) -> jax.Array:
    """The level k of x in [0, 1] as a whole float; nan where x is outside, not a wrong number."""
    levels = jnp.round(x * (num_levels - 1))
    return jnp.where((levels >= 0) & (levels < num_levels), levels, jnp.nan)


def log_bin_mass(
    levels: jax.Array, mean: jax.Array, log_scale: jax.Array, num_levels: int
) -> jax.Array:
    """log [σ((y + h − μ)/s) − σ((y − h − μ)/s)] of the bin of half-width h around level y.

    Args:
        levels: whole floats in 0 ... L-1, from `level_index`.
        mean: μ in units of [-1, 1].
        log_scale: log s in the same units, kept above -7.
        num_levels: L.

    Returns:
        Logarithms of probabilities, of the arguments' broadcast shape; finite for finite arguments.
    """
    half = _inverse_scale(log_scale) / (num_levels - 1)
    # Counted in half-bins, levels are whole numbers: neighbours then agree to the last bit on the
    # edge that they share, and the masses sum to one in float32 however narrow the scale is.
    center = (2 * levels - (num_levels - 1) - mean * (num_levels - 1)) * half
    below_upper = jax.nn.log_sigmoid(center + half)
    above_lower = jax.nn.log_sigmoid(half - center)
    # σ(a) − σ(b) = σ(a) σ(−b) (1 − exp(b − a)): a product, so that nothing cancels in the tails.
    inner = below_upper + above_lower + jnp.log(-jnp.expm1(-2 * half))
    open_at_the_top = jnp.where(levels == num_levels - 1, above_lower, inner)
    return jnp.where(levels == 0, below_upper, open_at_the_top)


@functools.partial(jax.jit, static_argnames="num_levels")  # or eager calls compile its scan anew
def bin_mean(mean: jax.Array, log_scale: jax.Array, num_levels: int) -> jax.Array:
    """E[x] in [0, 1] of the binned logistic: Σ P(level > k) over k, divided by L − 1."""
    inverse_scale = _inverse_scale(log_scale)

    def add_tail(total, edge):
        return total + jax.nn.sigmoid((mean - edge) * inverse_scale), None

    # A scan, for all edges at once would take L times the memory of an image.
    edges = (2 * jnp.arange(num_levels - 1, dtype=mean.dtype) + 1) / (num_levels - 1) - 1
    total, _ = lax.scan(add_tail, jnp.zeros_like(mean), edges)
    return total / (num_levels - 1)


def bin_value(
    noise: jax.Array, mean: jax.Array, log_scale: jax.Array, num_levels: int
) -> jax.Array:
    """The level, in [0, 1], on which a standard logistic draw `noise` falls: a sample of x."""
    draw = mean + noise / _inverse_scale(log_scale)
    return jnp.clip(jnp.round((draw + 1) / 2 * (num_levels - 1)), 0, num_levels - 1) / (
        num_levels - 1
    )


def _inverse_scale(log_scale: jax.Array) -> jax.Array:
    return jnp.exp(-jnp.clip(log_scale, _MIN_LOG_SCALE, _MAX_LOG_SCALE))
