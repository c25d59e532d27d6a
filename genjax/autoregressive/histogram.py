"""Counting: the probability of an example is how often it was seen.

    p(x) = (count(x) + alpha) / (n + alpha L^D)

over all L^D examples of D elements of L levels. At alpha = 0 it is the maximum of the likelihood over
all distributions, and its training NLL, the entropy of the counts, is below any other model's; what was
never seen is impossible, log p(x) = -inf. The table doubles with each bit, the curse of dimensionality.
Laplace, "Essai philosophique sur les probabilites", 1814, has alpha = 1 (his rule of succession).
"""

import functools
import math

import jax
import jax.numpy as jnp
import numpy as np

from genjax.autoregressive import counting
from genjax.autoregressive.factors import check_known
from genjax.core import Model, Spec

_MAX_ENTRIES = 2**20  # 4 MiB of counts


def histogram(spec: Spec, *, smoothing: float = 0.0) -> Model:
    """Histogram: maximum likelihood by counting (additive smoothing: Laplace, 1814).

    `log_prob` is exact; -inf for an example that was not seen, at smoothing 0. Where nothing is known
    (before training, or after a beginning that was not seen) what comes next is uniform. Any elements
    may be known to `conditionals.draw`; `conditionals.log_prob` has the factors in raster order.

    Args:
        spec: of discrete data.
        smoothing: alpha, a pseudo-count for every possible example: 1 is Laplace's.

    Raises:
        ValueError: for continuous data, a negative smoothing, or more than 2^20 possible examples.
    """
    counting.check_counts(spec, "histogram", smoothing)
    levels, size = spec.num_levels, math.prod(spec.shape)
    if size * math.log2(levels) > math.log2(_MAX_ENTRIES):
        raise ValueError(
            f"histogram needs an entry for each possible example, {counting.power(levels, size)} of "
            f"them, and {counting.power(2, 20)} fit (the curse of dimensionality): take a model that "
            "shares what it learns, such as bayesian_network, made or pixel_cnn"
        )

    def code(x):
        """The place in the table of levels [B, d]: the first element is the most significant digit."""
        place = functools.reduce(lambda code, digit: code * levels + digit, x.T)
        return place.astype(jnp.int32)

    def count(x):
        return {"examples": jnp.zeros(levels**size).at[code(x)].add(1)}

    def learn(counts):
        return {"probabilities": counting.normalized(counts["examples"] + smoothing)}

    def following(joint, num, beginning):
        """p(x_num | x_<num) [B, L] from a table of all, for the code [B] of each x_<num."""
        masses = joint.reshape(levels**num, levels, -1).sum(-1)
        return counting.normalized(masses[beginning])

    def factors(learned, x):
        beginning, found = jnp.zeros(len(x), jnp.int32), []
        for d in range(size):
            given = following(learned["probabilities"], d, beginning)
            found.append(jnp.take_along_axis(given, x[:, d : d + 1], 1))
            beginning = beginning * levels + x[:, d]
        return jnp.log(jnp.concatenate(found, 1))

    def draw_levels(key, learned, x, known):
        # With the known elements as the leading digits, any of them may be known.
        turned = [*np.flatnonzero(known), *np.flatnonzero(~known)]
        joint = learned["probabilities"].reshape((levels,) * size).transpose(turned)
        beginning = jnp.zeros(len(x), jnp.int32)
        for number, d in enumerate(turned):
            if not known[d]:
                given = following(joint, number, beginning)
                drawn = jax.random.categorical(jax.random.fold_in(key, d), jnp.log(given))
                x = x.at[:, d].set(drawn.astype(x.dtype))
            beginning = beginning * levels + x[:, d]
        return x

    return counting.counting_model(
        spec,
        name="histogram",
        count=count,
        learn=learn,
        factors=factors,
        draw_levels=draw_levels,
        check_known=lambda known: check_known(known, None, spec.shape),
        factor_order=lambda learned: jnp.arange(size),
        num_parameters=levels**size - 1,
        joint=lambda learned, x: jnp.log(learned["probabilities"][code(x)]),
    )
