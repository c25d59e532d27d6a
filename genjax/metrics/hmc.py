"""Hamiltonian Monte Carlo: one transition of one chain for each example, and its step size."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

_JITTER = 0.2  # a fixed length of trajectory can come back to where it started
_ADAPTATION = 0.05  # change of the log step size per unit of missed acceptance


class Transition(NamedTuple):
    """Where chains are.

    Attributes:
        z: [B, ...].
        log_density: at z, [B].
        accept_rate: the probability with which the proposal was accepted, [B].
    """

    z: jax.Array
    log_density: jax.Array
    accept_rate: jax.Array


def hmc_transition(
    key: jax.Array,
    log_density: Callable[[jax.Array], jax.Array],
    z: jax.Array,
    step_size: jax.Array,
    *,
    num_leapfrog: int = 10,
) -> Transition:
    """Leapfrog steps under H(z, p) = -log density(z) + |p|^2 / 2 with p ~ N(0, I); accept or stay.

    It leaves the density invariant, and is reversible. A trajectory that leaves the finite numbers is
    rejected. Map with `jax.vmap` over several chains of the same examples.

    Args:
        key: one typed key.
        log_density: pure function z -> [B], nats, up to a constant for each example; example b's
            depends on z[b] alone.
        z: [B, ...], one chain for each example.
        step_size: [B]; it must not depend on the chain's own past, or the density is not kept.
        num_leapfrog: steps, and gradients, of a trajectory.

    Raises:
        ValueError: if `num_leapfrog` is not positive, or z, the step size and the density do not have
            one B.

    Neal, 2011, "MCMC using Hamiltonian dynamics", arXiv:1206.1901, section 3.2.
    """
    if num_leapfrog < 1:
        raise ValueError(f"num_leapfrog must be positive, got {num_leapfrog}")
    got = jax.eval_shape(log_density, z).shape
    if jnp.ndim(z) < 1 or got != (len(z),) or jnp.shape(step_size) != got:
        raise ValueError(
            f"z [B, ...] needs log_density(z) and step_size of shape [B], got {jnp.shape(z)}, "
            f"{got} and {jnp.shape(step_size)}"
        )
    key_momentum, key_accept = jax.random.split(key)
    per_example = lambda values: values.reshape(-1, *(1,) * (z.ndim - 1))
    step = per_example(step_size)

    def total(z):
        values = log_density(z)
        return jnp.sum(values), values

    def value_and_slope(z):
        (_, values), slope = jax.value_and_grad(total, has_aux=True)(z)
        return values, slope

    def leapfrog(carry, _):
        z, momentum, _, slope = carry
        momentum = momentum + 0.5 * step * slope
        z = z + step * momentum
        values, slope = value_and_slope(z)
        return (z, momentum + 0.5 * step * slope, values, slope), None

    momentum = jax.random.normal(key_momentum, z.shape, z.dtype)
    values, slope = value_and_slope(z)
    start = (z, momentum, values, slope)
    end = lax.scan(leapfrog, start, length=num_leapfrog)[0]
    log_ratio = _minus_energy(end) - _minus_energy(start)
    rate = jnp.where(jnp.isnan(log_ratio), 0.0, jnp.exp(jnp.minimum(log_ratio, 0.0)))
    accepted = jax.random.uniform(key_accept, rate.shape, rate.dtype) < rate
    return Transition(
        jnp.where(per_example(accepted), end[0], z), jnp.where(accepted, end[2], values), rate
    )


def _minus_energy(state):
    _, momentum, log_density, _ = state
    squares = jnp.square(momentum)
    return log_density - 0.5 * jnp.sum(squares, axis=tuple(range(1, squares.ndim)))


def jittered(key: jax.Array, step_size: jax.Array) -> jax.Array:
    """The step sizes, each times a number drawn evenly from 0.8 to 1.2."""
    return step_size * jax.random.uniform(
        key, step_size.shape, step_size.dtype, 1 - _JITTER, 1 + _JITTER
    )


def adapted(step_size: jax.Array, accept_rate: jax.Array, target: float) -> jax.Array:
    """The step size after one look at what it achieves: larger where more than `target` is accepted.

    For a pilot run only. A chain that is weighed or counted needs steps that it does not influence:
    with adaptation inside, annealed importance sampling exceeds the true likelihood.

    Args:
        step_size: [B].
        accept_rate: [B], mean over the chains of each example.
        target: of the rate.
    """
    return step_size * jnp.exp(_ADAPTATION * (accept_rate - target))
