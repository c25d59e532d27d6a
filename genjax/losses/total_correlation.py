"""The KL to the prior taken apart: what codes tell, what they share, and each dimension's own."""

import math
from typing import NamedTuple

import jax
import jax.numpy as jnp


class KlTerms(NamedTuple):
    """log q(z|x) − log p(z) of one draw as a sum of three, [B] each, nats.

    Attributes:
        mutual_information: log q(z|x) − log q(z): of the index and the code.
        total_correlation: log q(z) − Σ_d log q(z_d): dependence among the dimensions.
        dimension_wise_kl: Σ_d log q(z_d) − log p(z_d).
    """

    mutual_information: jax.Array
    total_correlation: jax.Array
    dimension_wise_kl: jax.Array


def kl_terms(
    z: jax.Array,
    mean: jax.Array,
    log_variance: jax.Array,
    *,
    num_examples: int | None = None,
    stratified: bool = False,
) -> KlTerms:
    """The terms for z_i ~ q(z|x_i) = N(μ_i, σ_i²), with p(z) = N(0, I), from a minibatch of M.

    The aggregate q(z) = 1/N Σ_n q(z|x_n) of N examples is estimated from the minibatch: by
    *minibatch-weighted* sampling, log q(z_i) ≈ log 1/(NM) Σ_j q(z_i|x_j), biased downwards; or by
    *stratified* sampling, which weighs z_i's own component by 1/N and each other one by
    (N − 1)/(N (M − 1)), unbiased before the logarithm. N shifts the former by a constant, so its
    gradient needs none.

    Args:
        z: [M, D], one draw for each example.
        mean: [M, D].
        log_variance: [M, D].
        num_examples: N, size of the data set; None takes the minibatch for all there is, and both
            estimates are then the mean over its components.
        stratified: which estimate.

    Returns:
        Their sum is log q(z|x) − log p(z) exactly, whatever the estimates.

    Raises:
        ValueError: if shapes differ or are not [M, D], or N is below M.

    Chen, Li, Grosse and Duvenaud, 2018, arXiv:1802.04942, equation 2 and Appendix C.
    """
    if z.ndim != 2 or not z.shape == mean.shape == log_variance.shape:
        raise ValueError(
            f"z, mean and log_variance are all [M, D], "
            f"got {z.shape}, {mean.shape} and {log_variance.shape}"
        )
    size = len(z)
    if num_examples is not None and num_examples < size:
        raise ValueError(f"{num_examples} examples are fewer than the minibatch's {size}")
    log_densities = _normal_log_prob(z[:, None], mean[None], log_variance[None])  # [M, M, D]
    log_weights = _log_weights(size, num_examples, stratified)
    log_q_z = jax.nn.logsumexp(log_densities.sum(-1) + log_weights, axis=1)
    log_q_each = jax.nn.logsumexp(log_densities + log_weights[:, :, None], axis=1).sum(-1)
    log_q_given = _normal_log_prob(z, mean, log_variance).sum(-1)
    log_prior = _normal_log_prob(z, jnp.zeros_like(z), jnp.zeros_like(z)).sum(-1)
    return KlTerms(log_q_given - log_q_z, log_q_z - log_q_each, log_q_each - log_prior)


def _log_weights(size, num_examples, stratified):
    """Log-weight of component j for draw i, [M, M]."""
    if num_examples is None or (stratified and size == 1):
        return jnp.full((size, size), -math.log(size))
    if not stratified:
        return jnp.full((size, size), -math.log(num_examples * size))
    others = math.log((num_examples - 1) / (num_examples * (size - 1)))
    return jnp.where(jnp.eye(size, dtype=bool), -math.log(num_examples), others)


def _normal_log_prob(z, mean, log_variance):
    """Elementwise, with NumPy's broadcasting of equal ranks."""
    distance = (z - mean) * jnp.exp(-0.5 * log_variance)
    return -0.5 * (jnp.square(distance) + log_variance + math.log(2 * math.pi))
