"""What a boundary-seeking generator minimises: examples are weighed by the discriminator's word.

At its optimum the logit of a discriminator is f = log p / q, so that e^f are the importance weights
that turn fakes into data.
"""

import jax
import jax.numpy as jnp

from genjax.losses.adversarial import Adversary, non_saturating


def boundary_seeking() -> Adversary:
    """D: that of `non_saturating`; G: f(fake)^2 / 2, least on the boundary where D = 1/2.

    For continuous examples, through which gradients pass.

    Reference: Hjelm et al., 2018, arXiv:1702.08431, the continuous form.
    """
    return Adversary(non_saturating().discriminator, lambda real, fake: 0.5 * jnp.square(fake))


def importance_weights(logits: jax.Array) -> jax.Array:
    """w_m = exp f_m / sum_m' exp f_m' over the M examples of each latent; no gradient passes.

    Args:
        logits: f of examples drawn from g(x | z), [M, B].

    Returns:
        [M, B], summing to 1 over M.

    Raises:
        ValueError: if there are not two axes.
    """
    if logits.ndim != 2:
        raise ValueError(f"logits must have shape [M, B], got {logits.shape}")
    return jax.lax.stop_gradient(jax.nn.softmax(logits, axis=0))


def importance_weighted_log_prob(logits: jax.Array, log_probs: jax.Array) -> jax.Array:
    """-sum_m w_m log g(x_m | z): a generator's likelihood of its own examples, weighted by D's word.

    With M examples a latent the weights' normaliser is an estimate of E_g[e^f]; M = 1 teaches nothing.

    Args:
        logits: f(x_m), [M, B].
        log_probs: log g(x_m | z), summed over the elements of an example, nats, [M, B].

    Returns:
        [B], nats.

    Raises:
        ValueError: if the shapes differ, or there are not two axes.

    Reference: Hjelm, Jacob, Che, Trischler, Cho and Bengio, 2018, arXiv:1702.08431, the discrete form.
    """
    if logits.shape != log_probs.shape:
        raise ValueError(
            f"logits and log_probs need one shape [M, B], got {logits.shape} and {log_probs.shape}"
        )
    return -(importance_weights(logits) * log_probs).sum(0)


def effective_sample_size(weights: jax.Array) -> jax.Array:
    """1 / sum_m w_m^2 of normalised weights [M, B]: from 1 to M, [B]."""
    return 1 / jnp.square(weights).sum(0)
