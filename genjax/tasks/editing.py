"""Latent arithmetic: means of the latents of groups of samples, and what is between and beyond them.

Radford, Metz and Chintala, 2016, arXiv:1511.06434, section 6.3.2 and Figure 7.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import Model

_AT_A_TIME = 128  # draws that are decoded and classified together


def mean_latents(
    key: jax.Array,
    model: Model,
    variables: Any,
    classify: Callable[[np.ndarray], np.ndarray],
    group: int,
    num: int = 3,
    *,
    most: int = 10_000,
) -> jax.Array:
    """The mean of the latents of the first `num` samples that `classify` puts into `group`, [*shape].

    Three in the paper: a single one is not steady under arithmetic, and the mean of very many lies near
    the origin, where no sample does.

    Args:
        key: of the draws.
        model: unconditional, with `decode` and a prior over what that takes (`latents`).
        variables: of the model.
        classify: samples [B, ...] on the host -> their groups, integers [B].
        group: which.
        num: at least 1.
        most: draws after which it gives up.

    Raises:
        ValueError: if the model has no such latents or is conditional, `num` is none, or fewer than
            `num` of `most` draws are of the group.
    """
    check_latents(model)
    if num < 1:
        raise ValueError(f"a mean needs at least 1 sample, got {num}")
    prior, decode = jax.jit(model.latents.prior, static_argnums=2), jax.jit(model.decode)
    found, count = [], 0
    for part in range(-(-most // _AT_A_TIME)):
        key_prior, key_decode = jax.random.split(jax.random.fold_in(key, part))
        z = prior(key_prior, variables, _AT_A_TIME)
        groups = np.asarray(classify(np.asarray(decode(key_decode, variables, z))))
        found.append(np.asarray(z)[groups == group])
        count += len(found[-1])
        if count >= num:
            return jnp.asarray(np.concatenate(found)[:num].mean(axis=0))
    raise ValueError(f"{count} of {most} samples are of group {group}, and {num} are needed")


def arithmetic(
    key: jax.Array,
    model: Model,
    variables: Any,
    means: tuple[jax.Array, jax.Array, jax.Array],
    num: int = 9,
    *,
    scale: float = 0.25,
) -> jax.Array:
    """Examples of a - b + c, [num, ...]: of the sum itself, then of it with uniform noise added.

    Args:
        key: of the noise.
        model, variables: as in `mean_latents`.
        means: a, b and c, latents [*shape] each.
        num: how many.
        scale: noise is uniform in [-scale, scale]; 0.25 in the paper.

    Raises:
        ValueError: as `mean_latents`.
    """
    check_latents(model)
    a, b, c = means
    key_noise, key_decode = jax.random.split(key)
    shape = (num - 1, *jnp.shape(a))
    noise = jax.random.uniform(key_noise, shape, minval=-scale, maxval=scale)
    z = (a - b + c)[None] + jnp.concatenate([jnp.zeros((1, *jnp.shape(a))), noise])
    return jax.jit(model.decode)(key_decode, variables, z)


def check_latents(model: Model) -> None:
    """Raises ValueError unless the model decodes draws of a prior, without any condition."""
    if model.condition is not None:
        raise ValueError(
            f"latent arithmetic needs an unconditional model, and this one is of {model.condition}"
        )
    if model.latents is None or model.decode is None:
        raise ValueError("latent arithmetic needs a model with a prior over latents and decode")
