"""Annealed importance sampling: log p(x) from below, and from above where z ~ p(z|x) is at hand."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from genjax.metrics.hmc import adapted, hmc_transition, jittered

TARGET_ACCEPTANCE = 0.65  # Wu et al., section 4
_PILOT_CHAINS = 4
_FIRST_STEP_SIZE = 0.5  # at the prior, whose deviation is about 1


class Joint(NamedTuple):
    """p(z) p(x|z) of B given examples x.

    Attributes:
        prior: `(key) -> z`, [B, ...], a draw of p(z) for each.
        log_prior: `(z) -> [B]`, nats.
        log_likelihood: `(z) -> [B]`, log p(x|z), nats.
    """

    prior: Callable[[jax.Array], jax.Array]
    log_prior: Callable[[jax.Array], jax.Array]
    log_likelihood: Callable[[jax.Array], jax.Array]


def sigmoid_schedule(num_steps: int, *, delta: float = 4.0) -> jax.Array:
    """sigma(delta (2t/T - 1)) for t = 0 ... T, moved and stretched to run from 0 to 1: [T + 1].

    Raises:
        ValueError: if there is not at least one step, or `delta` is not above 0.

    Wu et al., 2017, arXiv:1611.04273, section 4.
    """
    if num_steps < 1 or not delta > 0:
        raise ValueError(f"needs a step and a positive delta, got {num_steps} and {delta}")
    values = jax.nn.sigmoid(delta * jnp.linspace(-1.0, 1.0, num_steps + 1))
    return (values - values[0]) / (values[-1] - values[0])


def ais_log_likelihood(
    key: jax.Array,
    joint: Joint,
    *,
    num_steps: int = 500,
    num_chains: int = 16,
    num_leapfrog: int = 10,
) -> jax.Array:
    """log (1/C) sum_c w_c, log w = sum_t (beta_t - beta_{t-1}) log p(x|z_{t-1}): a lower bound.

    z_0 ~ p(z), and z_t is z_{t-1} after a Hamiltonian transition that keeps p(z) p(x|z)^beta_t. The
    mean of w is p(x) exactly, so this is a lower bound of log p(x) in expectation, and tightens as the
    steps grow. It needs no encoder, and so it tells a bad encoder from a bad decoder.

    Step sizes, one for each example and temperature, come from a pilot run of its own draws that aims
    at an acceptance of 0.65, and are then frozen. In all about (num_chains + 4) num_steps
    (num_leapfrog + 2) evaluations of the decoder and its gradient for each example; memory does not
    grow with `num_steps`, but for the step sizes.

    Args:
        key: one typed key.
        joint: of the examples.
        num_steps: T, temperatures; Wu et al. use 10,000.
        num_chains: C, in memory at once.
        num_leapfrog: of each transition.

    Returns:
        [B], nats.

    Raises:
        ValueError: if a number is not positive or a closure's result is not [B].

    Neal, 2001, "Annealed importance sampling"; Wu et al., 2017, arXiv:1611.04273.
    """
    _check_joint(joint, num_chains)
    key_pilot, key_prior, key_chains = jax.random.split(key, 3)
    schedule = sigmoid_schedule(num_steps)
    step_sizes = _pilot(key_pilot, joint, schedule, num_leapfrog)
    start = jax.vmap(joint.prior)(jax.random.split(key_prior, num_chains))

    def step(carry, at):
        z, log_weight = carry
        t, before, beta, step_size = at
        log_weight += (beta - before) * jax.vmap(joint.log_likelihood)(z)
        z = _move(jax.random.fold_in(key_chains, t), joint, beta, z, step_size, num_leapfrog).z
        return (z, log_weight), None

    carry = (start, jnp.zeros(start.shape[:2]))
    (_, log_weight), _ = lax.scan(step, carry, _stops(schedule, step_sizes))
    return _log_mean(log_weight)


def reverse_ais_log_likelihood(
    key: jax.Array,
    joint: Joint,
    z: jax.Array,
    *,
    num_steps: int = 500,
    num_leapfrog: int = 10,
) -> jax.Array:
    """-log (1/C) sum_c 1/w_c over chains that run from the posterior back to the prior: an upper bound.

    The same path, transitions and pilot as `ais_log_likelihood`, in reverse order. The mean of 1/w is
    1/p(x) only if the chains start from *exact* draws of p(z|x): for examples that were drawn
    from the model, x ~ p(x|z), the z that made x is one, and every chain may start there.

    Args:
        key: one typed key.
        joint: of the examples.
        z: exact draws of p(z|x), [C, B, ...], a chain from each.
        num_steps: T.
        num_leapfrog: of each transition.

    Returns:
        [B], nats.

    Raises:
        ValueError: if a number is not positive or a closure's result is not [B].

    Grosse, Ghahramani and Adams, 2015, arXiv:1511.02543, "bidirectional Monte Carlo".
    """
    _check_joint(joint, len(z))
    key_pilot, key_chains = jax.random.split(key)
    schedule = sigmoid_schedule(num_steps)
    step_sizes = _pilot(key_pilot, joint, schedule, num_leapfrog)

    def step(carry, at):
        z, log_weight = carry
        t, before, beta, step_size = at
        z = _move(jax.random.fold_in(key_chains, t), joint, beta, z, step_size, num_leapfrog).z
        log_weight += (beta - before) * jax.vmap(joint.log_likelihood)(z)
        return (z, log_weight), None

    carry = (z, jnp.zeros(z.shape[:2]))
    (_, log_weight), _ = lax.scan(step, carry, _stops(schedule, step_sizes), reverse=True)
    return -_log_mean(-log_weight)


def _pilot(key, joint, schedule, num_leapfrog):
    """Step sizes [T, B] that an annealing run of a few chains found on its way."""
    key_prior, key_chains = jax.random.split(key)
    z = jax.vmap(joint.prior)(jax.random.split(key_prior, _PILOT_CHAINS))

    def step(carry, at):
        z, step_size = carry
        t, beta = at
        moved = _move(jax.random.fold_in(key_chains, t), joint, beta, z, step_size, num_leapfrog)
        step_size = adapted(step_size, moved.accept_rate.mean(axis=0), TARGET_ACCEPTANCE)
        return (moved.z, step_size), step_size

    carry = (z, jnp.full(z.shape[1], _FIRST_STEP_SIZE))
    return lax.scan(step, carry, (jnp.arange(len(schedule) - 1), schedule[1:]))[1]


def _move(key, joint, beta, z, step_size, num_leapfrog):
    """A transition of every chain, z [C, B, ...], under p(z) p(x|z)^beta."""

    def one(key, z):
        key_step, key_move = jax.random.split(key)
        log_density = lambda z: joint.log_prior(z) + beta * joint.log_likelihood(z)
        steps = jittered(key_step, step_size)
        return hmc_transition(key_move, log_density, z, steps, num_leapfrog=num_leapfrog)

    return jax.vmap(one)(jax.random.split(key, len(z)), z)


def _stops(schedule, step_sizes):
    return jnp.arange(len(step_sizes)), schedule[:-1], schedule[1:], step_sizes


def _log_mean(log_weight):
    return jax.nn.logsumexp(log_weight, axis=0) - jnp.log(float(len(log_weight)))


def _check_joint(joint, num_chains):
    if num_chains < 1:
        raise ValueError(f"needs at least one chain, got {num_chains}")
    z = jax.eval_shape(joint.prior, jax.random.key(0))
    for name in ("log_prior", "log_likelihood"):
        got = jax.eval_shape(getattr(joint, name), z).shape
        if got != z.shape[:1]:
            raise ValueError(f"{name} of z {z.shape} must be [B], got shape {got}")
