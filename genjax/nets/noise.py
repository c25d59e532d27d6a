"""What a generator starts from: a distribution of z as a tuple of pure functions."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax.scipy import stats

from genjax.core import check_name


class Noise(NamedTuple):
    """p(z), z [B, dim].

    Attributes:
        dim: numbers in z.
        sample: `(key, num) -> z`.
        log_prob: `z -> [B]`, nats (of a category, its log-probability).
        interpolate: `(z0, z1, weight) -> z`: from z0 at weight 0 to z1 at 1, through the middle of the
            distribution's mass; weight is a number, or [B, 1].
        truncated: `(key, num, threshold) -> z`, draws without the tails; None where there are none.
    """

    dim: int
    sample: Callable[[jax.Array, int], jax.Array]
    log_prob: Callable[[jax.Array], jax.Array]
    interpolate: Callable[[jax.Array, jax.Array, jax.Array], jax.Array]
    truncated: Callable[[jax.Array, int, float], jax.Array] | None = None


def normal_noise(dim: int) -> Noise:
    """N(0, I). Interpolation is along the great circle; truncation draws elements beyond again."""
    _check_dim(dim)
    return Noise(
        dim,
        lambda key, num: jax.random.normal(key, (num, dim)),
        lambda z: stats.norm.logpdf(z).sum(-1),
        slerp,
        lambda key, num, threshold: jax.random.truncated_normal(
            key, -threshold, threshold, (num, dim)
        ),
    )


def uniform_noise(dim: int, low: float = -1.0, high: float = 1.0) -> Noise:
    """Each element uniform in [low, high]; interpolation is linear.

    Raises:
        ValueError: unless low is below high.
    """
    _check_dim(dim)
    if not low < high:
        raise ValueError(f"uniform noise runs from low to high, got {low} and {high}")
    return Noise(
        dim,
        lambda key, num: jax.random.uniform(key, (num, dim), minval=low, maxval=high),
        lambda z: stats.uniform.logpdf(z, low, high - low).sum(-1),
        _linear,
    )


def categorical_noise(num_categories: int) -> Noise:
    """One-hot, all categories alike; there is nothing between two of them: interpolation jumps."""
    _check_dim(num_categories)

    def sample(key, num):
        drawn = jax.random.randint(key, (num,), 0, num_categories)
        return jax.nn.one_hot(drawn, num_categories)

    return Noise(
        num_categories,
        sample,
        lambda z: jnp.full(z.shape[:-1], -jnp.log(num_categories)),
        lambda z0, z1, weight: jnp.where(jnp.asarray(weight) < 0.5, z0, z1),
    )


def joint_noise(*parts: Noise) -> Noise:
    """The parts side by side, independent; `split_noise` takes them apart."""
    dims = [part.dim for part in parts]

    def sample(key, num):
        keys = jax.random.split(key, len(parts))
        drawn = [part.sample(k, num) for k, part in zip(keys, parts, strict=True)]
        return jnp.concatenate(drawn, -1)

    def log_prob(z):
        pairs = zip(parts, split_noise(z, dims), strict=True)
        return sum(part.log_prob(each) for part, each in pairs)

    def interpolate(z0, z1, weight):
        triples = zip(parts, split_noise(z0, dims), split_noise(z1, dims), strict=True)
        return jnp.concatenate([part.interpolate(a, b, weight) for part, a, b in triples], -1)

    return Noise(sum(dims), sample, log_prob, interpolate)


def split_noise(z: jax.Array, dims: list[int]) -> list[jax.Array]:
    """The parts of z [B, sum(dims)], [B, dim] each.

    Raises:
        ValueError: if the dims do not add up.
    """
    if z.shape[-1] != sum(dims):
        raise ValueError(f"parts of {dims} numbers make {sum(dims)}, z has {z.shape[-1]}")
    ends = [sum(dims[: index + 1]) for index in range(len(dims) - 1)]
    return jnp.split(z, ends, axis=-1)


NOISES = {"normal": normal_noise, "uniform": uniform_noise}


def named_noise(name: str, dim: int) -> Noise:
    """The noise of this name, one of `NOISES`.

    Raises:
        ValueError: for another name, or no dimension.
    """
    check_name("prior", name, NOISES)
    return NOISES[name](dim)


def _linear(z0: jax.Array, z1: jax.Array, weight: jax.Array | float) -> jax.Array:
    """(1 - weight) z0 + weight z1."""
    return z0 + weight * (z1 - z0)


def slerp(z0: jax.Array, z1: jax.Array, weight: jax.Array | float) -> jax.Array:
    """Along the great circle: (sin((1 - w) t) z0 + sin(w t) z1) / sin(t), t the angle between them.

    A straight line between two normal draws passes where hardly any mass is; on the circle the norm
    stays what it is at the ends (where these agree). Parallel vectors are interpolated linearly.

    Args:
        z0, z1: [..., D].
        weight: a number, or what broadcasts with [..., 1].

    Reference: White, 2016, arXiv:1609.04468, section 2.1; Shoemake, 1985.
    """
    norms = jnp.linalg.norm(z0, axis=-1, keepdims=True) * jnp.linalg.norm(
        z1, axis=-1, keepdims=True
    )
    cosine = (z0 * z1).sum(-1, keepdims=True) / jnp.maximum(norms, 1e-12)
    angle = jnp.arccos(jnp.clip(cosine, -1.0, 1.0))
    sine = jnp.sin(angle)
    parallel = sine < 1e-4
    safe = jnp.where(parallel, 1.0, sine)
    curved = (jnp.sin((1 - weight) * angle) * z0 + jnp.sin(weight * angle) * z1) / safe
    return jnp.where(parallel, _linear(z0, z1, weight), curved)


def _check_dim(dim):
    if dim < 1:
        raise ValueError(f"noise needs at least 1 number, got {dim}")
