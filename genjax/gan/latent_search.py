"""The latents of given examples, found by gradient descent through networks that stand still."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

LatentLoss = Callable[[Any, jax.Array], jax.Array]


def latent_search(
    loss: LatentLoss,
    variables: Any,
    start: jax.Array,
    *,
    optimizer: optax.GradientTransformation,
    steps: int,
    project: Callable[[jax.Array], jax.Array] | None = None,
) -> tuple[jax.Array, jax.Array]:
    """(z [B, ...], its loss [B]): argmin_z loss(variables, z)_b for each example b, by descent.

    Each example has a z and an optimizer's state of its own, so that its result does not depend on the
    others, provided that its loss does not: networks in there are to be in evaluation mode, for batch
    statistics would tie them together. `variables` get no gradient. The last z counts, not the best.

    Args:
        loss: `(variables, z [B, ...]) -> [B]`, the examples captured in it.
        variables: of its networks.
        start: [B, ...].
        optimizer: of one example's z.
        steps: of it, 0 or more.
        project: `z -> z` after each step, back to where the prior has mass; None for nowhere.

    Raises:
        ValueError: for a negative number of steps, or a loss that is not one value an example.
    """
    if steps < 0:
        raise ValueError(f"a search takes 0 steps or more, got {steps}")
    shape = jax.eval_shape(loss, variables, start).shape
    if shape != (len(start),):
        raise ValueError(f"a search needs a loss of each of {len(start)} examples, got {shape}")
    slope = jax.grad(lambda z: loss(variables, z).sum())

    def step(carry, _):
        z, kept = carry
        moves, kept = jax.vmap(optimizer.update)(slope(z), kept, z)
        z = optax.apply_updates(z, moves)
        return (z if project is None else project(z), kept), None

    (z, _), _ = jax.lax.scan(step, (start, jax.vmap(optimizer.init)(start)), length=steps)
    return z, loss(variables, z)


def within(low: float, high: float) -> Callable[[jax.Array], jax.Array]:
    """`z -> z` clipped to [low, high]: a projection for `latent_search` under a uniform prior."""
    return lambda z: jnp.clip(z, low, high)
