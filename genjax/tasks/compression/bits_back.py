"""Bits back with asymmetric numeral systems: lossless coding with a model of latent variables.

For each example: pop z from the stack with q(z|x), push x with p(x|z), push z with p(z). Popping z
draws it and shortens the stack by -log2 q(z|x), so that an example costs, in expectation, minus the
ELBO; the receiver gets the popped bits back. z is cut into 2^b bins of equal mass under the prior
N(0, I), of which each has the prior b bits to the last, and q the mass that it puts there.

Townsend, Bird and Barber, 2019, "Practical lossless compression with latent variables using bits back
coding", arXiv:1901.04866, section 2 and Appendix B.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy import special

from genjax.core import Latents, Spec, Variables
from genjax.tasks.compression import ans


class Coded(NamedTuple):
    """A stack, and how much of it was there before.

    Attributes:
        words: all of the stack, uint32.
        untouched: how many of the words at its bottom are as they were: they need not be stored.
    """

    words: np.ndarray
    untouched: int


class _Programs(NamedTuple):
    """Of one example, compiled once: sender and receiver must have the same numbers to the last bit.

    Attributes:
        bins: `(levels [D]) -> q` [K, 2^b], the mass of each latent's bins.
        table: `(bins [K]) -> p(x_d|z)` [D, L].
        prior: of a latent's bins, [K, 2^b].
    """

    bins: Callable[[np.ndarray], np.ndarray]
    table: Callable[[np.ndarray], np.ndarray]
    prior: np.ndarray


def encode(
    latents: Latents,
    spec: Spec,
    variables: Variables,
    levels: np.ndarray,
    initial: np.ndarray,
    *,
    prior_bits: int = 8,
) -> Coded:
    """A stack that holds the examples.

    Args:
        latents: the model's, with `moments` and `log_factors`.
        spec: of discrete data.
        variables: the model's.
        levels: of the examples, 0 to L - 1, [N, D].
        initial: words on the stack beforehand, which the first example pops; `num_initial` suffice.
        prior_bits: b; 8 in the paper's scripts.

    Raises:
        ValueError: if b is out of range, or the likelihood is none of discrete data.
    """
    programs, stack = _programs(latents, spec, variables, prior_bits), ans.Stack(initial)
    least = len(initial)
    for x in levels:
        bins = ans.pop(stack, programs.bins(x))
        least = min(least, stack.num_words())
        ans.push(stack, x, programs.table(bins))
        ans.push(stack, bins, programs.prior)
    return Coded(stack.get_compressed(), max(0, least - 2))  # two words of them are the head


def decode(
    latents: Latents,
    spec: Spec,
    variables: Variables,
    words: np.ndarray,
    num: int,
    *,
    prior_bits: int = 8,
) -> tuple[np.ndarray, np.ndarray]:
    """The levels [num, D] that `encode` put on the stack, and the stack as it was before, uint32.

    Raises:
        ValueError: as `encode`, or if the words are no stack's.
    """
    programs, stack = _programs(latents, spec, variables, prior_bits), ans.Stack(words)
    levels = np.zeros((num, math.prod(spec.shape)), np.int32)
    for row in reversed(range(num)):
        bins = ans.pop(stack, programs.prior)
        levels[row] = ans.pop(stack, programs.table(bins))
        ans.push(stack, bins, programs.bins(levels[row]))
    return levels, stack.get_compressed()


def num_initial(latents: Latents) -> int:
    """Words that the first example can pop: no bin has less than 24 bits' worth of mass."""
    return 2 + math.ceil(math.prod(latents.shape) * 24 / 32)


def _programs(latents: Latents, spec: Spec, variables: Variables, prior_bits: int) -> _Programs:
    if not 1 <= prior_bits <= 16:
        raise ValueError(f"prior_bits must be from 1 to 16, got {prior_bits}")
    num_bins, size = 2**prior_bits, math.prod(latents.shape)
    edges = special.ndtri(np.arange(num_bins + 1) / num_bins)  # from -inf to inf
    centers = special.ndtri((np.arange(num_bins) + 0.5) / num_bins).astype(np.float32)
    most = spec.num_levels - 1
    values = jnp.arange(spec.num_levels, dtype=jnp.float32) / most
    variables = jax.device_put(variables)

    @jax.jit
    def moments(variables, x):
        mean, log_variance = latents.moments(variables, x)
        return mean.reshape(size), log_variance.reshape(size)

    @jax.jit
    def log_factors(variables, z):
        def of(value):
            x = jnp.full((1, *spec.shape), value)
            return latents.log_factors(variables, z, x).reshape(-1)

        return jax.vmap(of, out_axes=1)(values)

    def bins(x):
        x = (x / np.float32(most)).astype(np.float32).reshape(1, *spec.shape)
        mean, log_variance = (np.asarray(m, np.float64) for m in moments(variables, x))
        if not (np.isfinite(mean).all() and np.isfinite(log_variance).all()):
            raise ValueError("the posterior of an example is not finite: the model is not trained")
        deviation = np.maximum(np.exp(log_variance / 2), 1e-12)  # 0 would divide 0 by 0
        below = special.ndtr((edges[None] - mean[:, None]) / deviation[:, None])
        return np.diff(below, axis=1)

    def table(bins):
        z = centers[bins].reshape(1, *latents.shape)
        log_probs = np.asarray(log_factors(variables, z))
        if len(log_probs) != math.prod(spec.shape):
            raise ValueError(
                "compression needs a factor for each element, and here the channels of a place share "
                "one: take grey images, or a likelihood of single channels"
            )
        return ans.probabilities(log_probs)

    return _Programs(bins, table, np.full((size, num_bins), 1 / num_bins))
