"""Optimizers that sample: stochastic gradient Hamiltonian Monte Carlo, whose key lives in its state."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax


class SghmcState(NamedTuple):
    """State of `sghmc`: all that its next draw depends on.

    Attributes:
        count: steps done, int32.
        seed: root of its noise, uint32.
        velocity: like the parameters.
    """

    count: jax.Array
    seed: jax.Array
    velocity: optax.Params


def sghmc(
    step_size: float, friction: float, temperature: float = 1.0
) -> optax.GradientTransformation:
    """theta <- theta + v, v <- (1 - alpha) v - eta grad u + N(0, 2 alpha eta T).

    For small eta its draws are of exp(-u(theta) / T): a posterior of N examples where u is the mean of
    their losses plus -log prior / N, and T = 1 / N. A minibatch's gradient has noise of its own, which
    is not taken off (the paper's beta is 0), so that draws are a little too wide.

    The noise is a function of the state alone, so that a run that is resumed is the same run. Its seed
    is a hash of the first parameters: runs that start elsewhere draw other noise.

    Args:
        step_size: eta, above 0.
        friction: alpha in (0, 1]; 1 - alpha is the momentum, and 1 is Langevin dynamics.
        temperature: T, 0 or more; 0 is gradient descent with momentum.

    Raises:
        ValueError: for a number out of its range.

    Reference: Chen, Fox and Guestrin, 2014, arXiv:1402.4102, equation 15 (unit mass, beta = 0).
    """
    if step_size <= 0 or not 0 < friction <= 1 or temperature < 0:
        raise ValueError(
            "sghmc takes step_size > 0, friction in (0, 1] and temperature >= 0, got "
            f"{step_size}, {friction} and {temperature}"
        )
    std = (2 * friction * step_size * temperature) ** 0.5

    def init(params):
        bits = [
            jax.lax.bitcast_convert_type(leaf.astype(jnp.float32), jnp.uint32).sum(dtype=jnp.uint32)
            for leaf in jax.tree.leaves(params)
        ]
        velocity = jax.tree.map(jnp.zeros_like, params)
        return SghmcState(jnp.zeros((), jnp.int32), sum(bits, jnp.uint32(0)), velocity)

    def update(gradients, state, params=None):
        del params
        key = jax.random.fold_in(jax.random.key(state.seed), state.count)
        leaves, tree = jax.tree.flatten(gradients)
        keys = jax.tree.unflatten(tree, list(jax.random.split(key, len(leaves))))

        def move(v, gradient, key):
            noise = std * jax.random.normal(key, v.shape, v.dtype)
            return (1 - friction) * v - step_size * gradient + noise

        velocity = jax.tree.map(move, state.velocity, gradients, keys)
        return velocity, SghmcState(state.count + 1, state.seed, velocity)

    return optax.GradientTransformation(init, update)


class AfterState(NamedTuple):
    """State of `after`: steps done, and the states of both parts."""

    count: jax.Array
    first: optax.OptState
    then: optax.OptState


def after(
    num_steps: int, first: optax.GradientTransformation, then: optax.GradientTransformation
) -> optax.GradientTransformation:
    """`first` for so many steps, then `then`, which starts as if it were new.

    Raises:
        ValueError: for fewer than 0 steps.
    """
    if num_steps < 0:
        raise ValueError(f"the first optimizer takes 0 steps or more, got {num_steps}")

    def init(params):
        return AfterState(jnp.zeros((), jnp.int32), first.init(params), then.init(params))

    def update(gradients, state, params=None):
        def before(state):
            updates, new = first.update(gradients, state.first, params)
            return updates, state._replace(count=state.count + 1, first=new)

        def since(state):
            updates, new = then.update(gradients, state.then, params)
            return updates, state._replace(count=state.count + 1, then=new)

        return jax.lax.cond(state.count < num_steps, before, since, state)

    return optax.GradientTransformation(init, update)
