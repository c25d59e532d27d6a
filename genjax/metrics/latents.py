"""What the latents of a model are used for, and how far they are from its prior.

Rate and distortion (Alemi et al., 2018, arXiv:1711.00464) are the two terms of the bound: the rate is
E_q[log q(z|x) - log p(z)], which is `kl` in what the VAE family's models say of an example, and the
distortion is -E_q[log p(x|z)], which is -`reconstruction`. They need no function of their own.
"""

import jax
import jax.numpy as jnp
from jax import lax

from genjax.losses import mmd


def active_units(codes: jax.Array, threshold: float = 0.01) -> jax.Array:
    """Cov_x(E_q[z_d|x]) > threshold: which latents tell one example from another.

    Args:
        codes: posterior means of the examples of a split, [N, D].
        threshold: of the variance over examples; 0.01 in the paper.

    Returns:
        [D], bool; their number is its sum.

    Raises:
        ValueError: if `codes` is not [N, D] with at least one example.

    Burda, Grosse and Salakhutdinov, 2015, arXiv:1509.00519, section 5.2.
    """
    if jnp.ndim(codes) != 2 or len(codes) < 1:
        raise ValueError(f"codes must be [N, D], got shape {jnp.shape(codes)}")
    return jnp.var(codes, axis=0) > threshold


def aggregate_mmd(latents: jax.Array, prior: jax.Array, *, block: int = 1000) -> jax.Array:
    """Squared MMD from q(z) = E_x q(z|x) to p(z), with WAE's inverse multiquadratic kernel.

    The kernel's scale is the standard deviation of the prior's draws. The mean over blocks of the
    unbiased estimate: about 0, on either side, where the aggregate posterior is the prior; at most 14.

    Args:
        latents: a draw of q(z|x) for each example of a split, in an order that has nothing to do with
            the examples' kind, [N, D].
        prior: as many draws of p(z), [N, D].
        block: draws in a kernel matrix; what does not fill the last block is left out.

    Returns:
        Scalar.

    Raises:
        ValueError: if the shapes differ, or there are fewer than two draws in a block.
    """
    if jnp.shape(latents) != jnp.shape(prior) or jnp.ndim(latents) != 2:
        raise ValueError(f"needs [N, D] twice, got {jnp.shape(latents)} and {jnp.shape(prior)}")
    size = min(block, len(latents))
    scale = jnp.sqrt(jnp.mean(jnp.var(prior, axis=0)))
    parts = [values[: len(values) // size * size] / scale for values in (latents, prior)]
    parts = [values.reshape(-1, size, values.shape[1]) for values in parts]
    return jnp.mean(lax.map(lambda pair: mmd(*pair), tuple(parts)))
