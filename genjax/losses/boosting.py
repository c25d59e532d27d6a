"""Weights of examples that a mixture's next component is to learn: what the others missed.

With h = dP_g / dP_d, how much denser the mixture is than the data, the best next component of weight
beta has the density  max(lambda - (1 - beta) h, 0) / beta  with respect to the data, where lambda makes
it integrate to 1.
"""

import jax
import jax.numpy as jnp

_LARGEST = 18.420680743952367  # log 1e8: 1e-8 is added to d in the authors' code


def mixture_to_data_ratio(logits: jax.Array) -> jax.Array:
    """h = (1 - d) / d = exp(-f), of logits f of d = P(data | x), a classifier of data and mixture.

    At most 1e8. Logits may have any shape.

    Reference: Tolstikhin et al., 2017, arXiv:1701.02386, section 3.
    """
    return jnp.exp(jnp.minimum(-logits, _LARGEST))


def boosting_threshold(ratios: jax.Array, component_weight: jax.Array | float) -> jax.Array:
    """lambda with  (1/N) sum_i max(lambda - (1 - beta) h_i, 0) = beta.

    Of h sorted, with S_k the sum of the k smallest, it is  (N beta + (1 - beta) S_k) / k  for the
    smallest k at which that is no more than (1 - beta) h_{k+1}. Those values fall up to this k and rise
    behind it, so it is the least of them: no search can miss it by rounding.

    Args:
        ratios: h at N training examples, [N].
        component_weight: beta in (0, 1]; 1 gives every example the same weight.

    Returns:
        Scalar.

    Raises:
        ValueError: if there is not one axis.

    Reference: Tolstikhin, Gelly, Bousquet, Simon-Gabriel and Schoelkopf, 2017, arXiv:1701.02386.
    """
    if ratios.ndim != 1:
        raise ValueError(f"ratios must have shape [N], got {ratios.shape}")
    counts = jnp.arange(1, len(ratios) + 1, dtype=ratios.dtype)
    sums = (1 - component_weight) * jnp.cumsum(jnp.sort(ratios))
    return ((len(ratios) * component_weight + sums) / counts).min()


def boosting_density(
    ratios: jax.Array, threshold: jax.Array, component_weight: jax.Array | float
) -> jax.Array:
    """max(lambda - (1 - beta) h, 0) / beta, like h in shape: N times the weights of N examples.

    Args:
        ratios: h at any examples.
        threshold: lambda, of the training examples.
        component_weight: beta.

    Reference: as `boosting_threshold`.
    """
    return jnp.maximum(threshold - (1 - component_weight) * ratios, 0.0) / component_weight
