"""Log-likelihoods as they are reported, and the exact one where the latent space is small."""

import math
from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax

from genjax.core import Spec
from genjax.losses import standard_normal_log_prob


def bits_per_dim(log_likelihood: jax.Array, dims: Spec | int) -> jax.Array:
    """−log₂ p(x) / D.

    Args:
        log_likelihood: log *probability* of the data's levels, nats, summed over dimensions, any
            shape. A density of the same data scaled to [0, 1] needs log₂ L added.
        dims: D, or the spec of an example, whose elements (channels too) are counted.

    Returns:
        Bits, of the shape of `log_likelihood`; lower is better.

    Raises:
        ValueError: if there is not at least one dimension.
    """
    num_dims = math.prod(dims.shape) if isinstance(dims, Spec) else dims
    if num_dims < 1:
        raise ValueError(f"needs at least one dimension, got {num_dims}")
    return -log_likelihood / (num_dims * math.log(2.0))


def quadrature_log_likelihood(
    log_prob_given_latents: Callable[[jax.Array, jax.Array], jax.Array],
    x: jax.Array,
    latent_dim: int,
    *,
    log_prior: Callable[[jax.Array], jax.Array] = standard_normal_log_prob,
    num_points: int = 201,
    limit: float = 8.0,
    chunk: int = 200,
) -> jax.Array:
    """log ∫ p(z) p(x | z) dz by the trapezoid rule on a grid over [−limit, limit]^d.

    Exact to rounding while the grid is finer than the posteriors (a spacing below about one of
    their standard deviations; the default's is 0.08) and while they lie within the limit: compare
    with twice the points where decoders are sharp. Unlike a bound it needs no encoder, so it tells a
    better model from a better bound.

    Args:
        log_prob_given_latents: (z [n, d], x [B, ...]) -> log p(x | z), [n, B], nats.
        x: [B, ...].
        latent_dim: d, 1 or 2.
        log_prior: z [n, d] -> log p(z), [n], nats; N(0, I) if not given.
        num_points: points on each axis.
        limit: where the grid ends; the mass of N(0, I) beyond 8 is 1e-15. Another prior must lie
            within it.
        chunk: latents decoded at a time: bounds the memory, not the result.

    Returns:
        log p(x), [B], nats.

    Raises:
        ValueError: if `latent_dim` is not 1 or 2, a size is not positive, there are fewer than two
            points, or a closure's result is not of its shape.
    """
    if latent_dim not in (1, 2):
        raise ValueError(f"a grid is for a latent of 1 or 2 dimensions, got {latent_dim}")
    if num_points < 2 or limit <= 0 or chunk < 1:
        raise ValueError(
            f"needs two points, a positive limit and a positive chunk, "
            f"got {num_points}, {limit} and {chunk}"
        )
    axis = jnp.linspace(-limit, limit, num_points)
    grid = jnp.stack(jnp.meshgrid(*[axis] * latent_dim, indexing="ij"), axis=-1)
    latents = grid.reshape(-1, latent_dim)
    log_area = latent_dim * math.log(2 * limit / (num_points - 1))
    # Points that fill up the last chunk weigh nothing. At the ends the prior is 1e-14 of its top,
    # so the trapezoid's halves there are left out.
    missing = -len(latents) % chunk
    log_areas = jnp.pad(
        jnp.full(len(latents), log_area), (0, missing), constant_values=-jnp.inf
    ).reshape(-1, chunk)
    latents = jnp.pad(latents, ((0, missing), (0, 0))).reshape(-1, chunk, latent_dim)

    expected = (chunk, x.shape[0])
    got = jax.eval_shape(log_prob_given_latents, latents[0], x).shape
    if got != expected:
        raise ValueError(f"log_prob_given_latents must return [n, B] = {expected}, got {got}")
    got = jax.eval_shape(log_prior, latents[0]).shape
    if got != (chunk,):
        raise ValueError(f"log_prior must return [n] = ({chunk},), got {got}")

    def log_sum(part):
        z, log_area = part
        log_mass = log_prior(z) + log_area
        return jax.nn.logsumexp(log_prob_given_latents(z, x) + log_mass[:, None], axis=0)

    # Sums, unlike means, may be taken by chunks in log space.
    return jax.nn.logsumexp(lax.map(log_sum, (latents, log_areas)), axis=0)
