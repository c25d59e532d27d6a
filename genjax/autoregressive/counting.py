"""What the models that learn by counting share: examples as whole numbers, and a game that counts.

Their one network, `table`, has no params. Its collection `counts` is what was seen, added up over
minibatches, and `learned` what follows from it; an optimizer has nothing to do. One minibatch that is
the whole training set is all of their training (`Model.one_pass`). Counts are exact up to 2^24.
"""

import math
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from genjax.core import Aux, Conditionals, Model, Player, Spec, data_axis, game
from genjax.losses.logistic import level_index

NAME = "table"


def counting_model(
    spec: Spec,
    *,
    name: str,
    count: Callable[[jax.Array], Any],
    learn: Callable[[Any], Any],
    factors: Callable[[Any, jax.Array], jax.Array],
    draw_levels: Callable[[jax.Array, Any, jax.Array, np.ndarray], jax.Array],
    check_known: Callable[[np.ndarray], np.ndarray],
    num_parameters: int,
    order: np.ndarray | None = None,
    factor_order: Callable[[Any], jax.Array] | None = None,
    joint: Callable[[Any, jax.Array], jax.Array] | None = None,
) -> Model:
    """The Model of a table of counts.

    Args:
        spec: of discrete data.
        name: of the player.
        count: levels [B, D] -> a tree of counts.
        learn: the sum of all such trees -> a tree of finite arrays: probabilities, a structure.
        factors: (learned, levels) -> log p(x_d | before d), [B, D]; their sum is log p(x).
        draw_levels: (key, learned, levels [B, D], known [D]) -> levels, those not known drawn.
        check_known: refuses what `draw_levels` cannot be given, as `factors.check_known`.
        num_parameters: free ones.
        order: as in `Conditionals`.
        factor_order: (learned) -> when each factor comes, [D], where `order` is None.
        joint: (learned, levels) -> log p(x), [B], where that is no sum of `factors`.
    """
    size = math.prod(spec.shape)

    joint = joint or (lambda learned, levels: factors(learned, levels).sum(-1))

    def learned(variables):
        # A host's arrays, as the loop gives them back, cannot be looked up at traced places.
        return jax.tree.map(jnp.asarray, variables[NAME]["learned"])

    def log_factors(variables, x):
        levels = levels_of(spec, x)
        each = factors(learned(variables), jnp.maximum(levels, 0))
        return jnp.where(levels < 0, jnp.nan, each).reshape(x.shape)

    def log_prob(key, variables, x):
        del key
        levels = levels_of(spec, x)
        value = joint(learned(variables), jnp.maximum(levels, 0))
        return jnp.where((levels < 0).any(-1), jnp.nan, value)

    def objective(key, variables, batch):
        x = batch[spec.entry]
        seen = count(levels_of(spec, x))
        if data_axis() is not None:  # a table of all devices' shares, not their mean
            seen = jax.lax.psum(seen, data_axis())
        counts = jax.tree.map(jnp.add, variables[NAME]["counts"], seen)
        table = {"counts": counts, "learned": learn(counts)}
        nll = -log_prob(key, {NAME: table}, x).mean()
        metrics = {
            "bits_per_dim": nll / (size * math.log(2)),
            "free_parameters": jnp.asarray(num_parameters, nll.dtype),
        }
        return nll, Aux(metrics, {NAME: table})

    def start(key, batch):
        del key, batch
        shapes = jax.eval_shape(count, jax.ShapeDtypeStruct((1, size), jnp.int32))
        counts = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)
        return {"counts": counts, "learned": learn(counts)}

    def draw(key, variables, x, known, *, cached=True):
        del cached  # a factor is a row of a table: there is nothing to compute anew
        known = check_known(known)
        levels = jnp.where(known.reshape(-1)[None], levels_of(spec, x), 0)
        levels = draw_levels(key, learned(variables), levels, known.reshape(-1))
        drawn = levels.reshape(x.shape).astype(x.dtype) / (spec.num_levels - 1)
        return jnp.where(known[None], x, drawn)

    def sample(key, variables, num, condition=None):
        if condition is not None:
            raise ValueError(f"this {name} is unconditional: it takes no condition")
        return draw(key, variables, jnp.zeros((num, *spec.shape)), np.zeros(spec.shape, bool))

    return game(
        {NAME: start},
        [Player((NAME,), objective, optax.identity(), name=name)],
        one_pass=True,
        sample=sample,
        log_prob=log_prob,
        evaluate=lambda key, variables, batch: {
            "log_likelihood": log_prob(key, variables, batch[spec.entry])
        },
        select="log_likelihood",
        conditionals=Conditionals(
            order,
            None,
            log_factors,
            draw,
            factor_order
            and (lambda variables: factor_order(learned(variables)).reshape(spec.shape)),
        ),
    )


def levels_of(spec: Spec, x: jax.Array) -> jax.Array:
    """x [B, *shape] as levels 0 ... L-1, [B, D] int32; -1 where a value lies outside [0, 1].

    Raises:
        ValueError: if x has another shape.
    """
    if x.shape[1:] != tuple(spec.shape):
        raise ValueError(f"examples have shape {tuple(spec.shape)}, got data of shape {x.shape}")
    levels = level_index(x.reshape(len(x), -1), spec.num_levels)
    return jnp.where(jnp.isnan(levels), -1, levels).astype(jnp.int32)


def normalized(weights: jax.Array) -> jax.Array:
    """Weights over their sum along the last axis; uniform where all are 0: nothing is known there."""
    total = weights.sum(-1, keepdims=True)
    return jnp.where(total > 0, weights / jnp.where(total > 0, total, 1), 1 / weights.shape[-1])


def check_counts(spec: Spec, name: str, smoothing: float) -> None:
    """Raises ValueError unless the data is discrete and `smoothing` a pseudo-count."""
    if spec.num_levels is None:
        raise ValueError(
            f"{name} counts values, and these are continuous: take discrete data "
            "(--binarization=threshold), or a model of densities"
        )
    if not 0 <= smoothing < math.inf:
        raise ValueError(f"smoothing must be a number of 0 or more, got {smoothing}")


def power(base: int, exponent: int, factor: int = 1) -> str:
    """factor * base^exponent as text: the power, and the number where it is readable, else about."""
    shown = f"{base}^{exponent}" if factor == 1 else f"{factor} x {base}^{exponent}"
    digits = math.log10(factor) + exponent * math.log10(base)
    if digits < 15:
        return f"{shown} = {factor * base**exponent:,}"
    mantissa, whole = 10 ** (digits % 1), math.floor(digits)
    return f"{shown} (about {mantissa:.1f}e{whole})"
