"""What a likelihood p(x | parameters) is, and the door that every one of them has.

Data x is float, [B, *shape], in [0, 1]; with L levels its values are k/(L-1). Parameters are what
a network gives, on the last axis: [B, *shape, num_parameters], whatever the shape is. The one
exception is the mixture, whose channels share an indicator: [B, *shape[:-1], num_parameters].
`parameter_shape(shape)` says which, so that a network makes as many outputs and reshapes.
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp


class Likelihood(NamedTuple):
    """Pure functions of a network's outputs.

    Attributes:
        name: name by which `for_spec` finds it.
        num_parameters: length of the last axis of parameters.
        parameter_shape: (shape of x) -> shape of parameters, both with or both without batch axis.
        log_prob: (parameters, x) -> [B], nats; a log density for the Gaussian, otherwise a log
            probability. Raises ValueError on a wrong shape; nan where the levels of x are not in
            [0, 1] (bytes, or images in [-1, 1]).
        mean: (parameters) -> E[x], [B, *shape], in the data's range.
        sample: (key, parameters) -> x, [B, *shape]; valid data, one of the levels, if x is discrete.
    """

    name: str
    num_parameters: int
    parameter_shape: Callable[[tuple[int, ...]], tuple[int, ...]]
    log_prob: Callable[[jax.Array, jax.Array], jax.Array]
    mean: Callable[[jax.Array], jax.Array]
    sample: Callable[[jax.Array, jax.Array], jax.Array]


def build_likelihood(name, num_parameters, elements, mean, sample, num_channels=None) -> Likelihood:
    """Puts the door before the arithmetic: shapes, float32 at least, the sum over elements.

    Args:
        name: as in `Likelihood`.
        num_parameters: as in `Likelihood`.
        elements: (parameters, x) -> logs, [B, *shape] ([B, *shape[:-1]] with `num_channels`).
        mean: as in `Likelihood`.
        sample: as in `Likelihood`.
        num_channels: length of the last axis of x, where its elements share parameters.
    """

    def parameter_shape(shape):
        if num_channels is None:
            return (*shape, num_parameters)
        if not shape or shape[-1] != num_channels:
            raise ValueError(f"{name!r} has {num_channels} channels, got data of shape {shape}")
        return (*shape[:-1], num_parameters)

    def enter(parameters):
        if jnp.ndim(parameters) < 2 or parameters.shape[-1] != num_parameters:
            raise ValueError(
                f"parameters of {name!r} end with an axis of {num_parameters} after the batch "
                f"axis, got shape {jnp.shape(parameters)}"
            )
        return parameters.astype(jnp.promote_types(parameters.dtype, jnp.float32))

    def log_prob(parameters, x):
        expected = parameter_shape(jnp.shape(x))
        if jnp.shape(parameters) != expected:
            raise ValueError(
                f"x of shape {jnp.shape(x)} needs parameters of shape {expected} for {name!r}, "
                f"got {jnp.shape(parameters)}"
            )
        values = elements(enter(parameters), x)
        return jnp.sum(values, axis=tuple(range(1, values.ndim)))

    return Likelihood(
        name,
        num_parameters,
        parameter_shape,
        log_prob,
        lambda parameters: mean(enter(parameters)),
        lambda key, parameters: sample(key, enter(parameters)),
    )


def factor_log_probs(likelihood: Likelihood, parameters: jax.Array, x: jax.Array) -> jax.Array:
    """log p(x_d | its parameters), not summed: [B, *shape], [B, *shape[:-1]] where channels share them.

    Args:
        likelihood: of the elements.
        parameters: of all of them, `likelihood.parameter_shape` of x.
        x: [B, *shape].
    """
    factors = parameters.shape[:-1]
    values = x.reshape(-1, *x.shape[len(factors) :] or (1,))
    each = parameters.reshape(-1, *(1,) * (x.ndim == len(factors)), parameters.shape[-1])
    return likelihood.log_prob(each, values).reshape(factors)


def check_levels(num_levels: int) -> None:
    """Raises ValueError unless there are two levels to tell apart."""
    if num_levels is None or num_levels < 2:
        raise ValueError(f"a discrete likelihood needs at least 2 levels, got {num_levels}")
