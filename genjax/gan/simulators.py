"""Hierarchical implicit models to draw from: beta, then z_n given beta, then x_n given both."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy.stats import norm

from genjax.core import Spec, check_name


class Simulator(NamedTuple):
    """A model that can be drawn from, one example for each beta; beta ~ N(0, s^2 I).

    Attributes:
        names: of the P numbers of beta.
        prior_std: s.
        simulate: `(key, beta [B, P], z [B, L]) -> x [B, *shape]`, differentiable or not.
        local_dim: L, numbers in z_n; 0 for none.
        local: `(key, beta [B, P]) -> z [B, L]`, draws of p(z|beta).
        log_likelihood: `(beta [P], x) -> log p(x|beta)` of one example, nats, without z: for whoever
            compares a posterior with the exact one. No training looks at it, and None is the
            interesting case.
    """

    names: tuple[str, ...]
    prior_std: float
    simulate: Callable[..., jax.Array]
    local_dim: int = 0
    local: Callable[..., jax.Array] | None = None
    log_likelihood: Callable[..., jax.Array] | None = None


def location(dim: int) -> Simulator:
    """x_n = beta + noise of N(0, I), beta ~ N(0, I): of `dim` numbers each."""
    return Simulator(
        names=tuple(f"mean_{d}" for d in range(dim)),
        prior_std=1.0,
        simulate=lambda key, beta, z: beta + jax.random.normal(key, beta.shape),
        log_likelihood=lambda beta, x: norm.logpdf(x, beta, 1.0).sum(),
    )


def random_effects(dim: int) -> Simulator:
    """z_n ~ N(beta, I), x_n ~ N(z_n, I), beta ~ N(0, I): of `dim` numbers each."""
    return location(dim)._replace(
        simulate=lambda key, beta, z: z + jax.random.normal(key, z.shape),
        local_dim=dim,
        local=lambda key, beta: beta + jax.random.normal(key, beta.shape),
        log_likelihood=lambda beta, x: norm.logpdf(x, beta, 2**0.5).sum(),
    )


LINE_STD = 0.5


def line(dim: int) -> Simulator:
    """x_n = (t, intercept + slope t + noise), t uniform in [-1, 1], noise N(0, 1/4), beta ~ N(0, 4 I).

    Raises:
        ValueError: if examples are no points of the plane.
    """
    if dim != 2:
        raise ValueError(f"the simulator line makes points of the plane, got vectors of {dim}")

    def simulate(key, beta, z):
        key_place, key_noise = jax.random.split(key)
        t = jax.random.uniform(key_place, (len(beta),), minval=-1.0, maxval=1.0)
        y = beta[:, 0] + beta[:, 1] * t + LINE_STD * jax.random.normal(key_noise, t.shape)
        return jnp.stack([t, y], axis=1)

    def log_likelihood(beta, x):
        return jnp.log(0.5) + norm.logpdf(x[1], beta[0] + beta[1] * x[0], LINE_STD)

    return Simulator(("intercept", "slope"), 2.0, simulate, log_likelihood=log_likelihood)


SIMULATORS: dict[str, Callable[[int], Simulator]] = {
    "location": location,
    "random_effects": random_effects,
    "line": line,
}


def named_simulator(name: str, spec: Spec) -> Simulator:
    """The simulator of that name for such examples.

    Raises:
        ValueError: for another name, or data that none of them makes.
    """
    check_name("simulator", name, SIMULATORS)
    if spec.entry != "vector" or spec.num_levels is not None:
        raise ValueError(
            f"the simulator {name} makes continuous vectors, and this data is no such: pass a Simulator"
        )
    return SIMULATORS[name](spec.shape[0])
