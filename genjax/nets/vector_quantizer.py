"""Vector quantisation: the nearest code, the gradient past it, and a codebook moved by averages.

Codes are [K, D] with K of them; whatever is quantised is [..., D]. Sums over a minibatch are over all
devices that share it, so that each of them moves its codebook to the same place.

Reference: van den Oord, Vinyals and Kavukcuoglu, 2017, arXiv:1711.00937, section 3 and Appendix A.1.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax

from genjax.core import data_axis

_SMOOTHING = 1e-5  # epsilon of the authors' code (Sonnet's VectorQuantizerEMA)
_GRACE = 10.0  # a new code starts with so many times the count below which it would go


class Codebook(NamedTuple):
    """Codes that are averages of what chose them.

    Attributes:
        codes: e, [K, D].
        counts: N, [K], how many vectors of a minibatch choose each code, averaged over rounds.
        sums: m, [K, D], the sum of the vectors that do, averaged likewise.
    """

    codes: jax.Array
    counts: jax.Array
    sums: jax.Array


def nearest_code(z: jax.Array, codes: jax.Array) -> jax.Array:
    """argmin_k |z - e_k|^2: integers [...] for z [..., D]; the first of codes as near.

    Raises:
        ValueError: if the dimensions of z and of the codes [K, D] differ.
    """
    if jnp.ndim(codes) != 2 or jnp.ndim(z) < 1 or z.shape[-1] != codes.shape[-1]:
        raise ValueError(f"needs [..., D] and codes [K, D], got {z.shape} and {codes.shape}")
    # |z|^2 is the same for all; around the codes' centre the products keep their digits.
    centre = codes.mean(axis=0, keepdims=True)
    codes, flat = codes - centre, z.reshape(-1, z.shape[-1]) - centre
    products = jnp.matmul(flat, codes.T, precision=lax.Precision.HIGHEST)
    nearest = jnp.argmin(jnp.sum(codes * codes, axis=1)[None] - 2 * products, axis=1)
    return nearest.astype(jnp.int32).reshape(z.shape[:-1])


def straight_through(z: jax.Array, quantized: jax.Array) -> jax.Array:
    """`quantized`, exactly, whose gradient is passed to z as it is (and not to the codes).

    Raises:
        ValueError: if the shapes differ.
    """
    if z.shape != quantized.shape:
        raise ValueError(f"shapes must be equal, got {z.shape} and {quantized.shape}")
    return lax.stop_gradient(quantized) + (z - lax.stop_gradient(z))


def code_counts(indices: jax.Array, num_codes: int) -> jax.Array:
    """How often each code [num_codes] is among `indices`, float32, over all devices."""
    return _over_devices(jnp.zeros(num_codes).at[indices.reshape(-1)].add(1.0))


def perplexity(counts: jax.Array) -> jax.Array:
    """exp of the entropy of the frequencies counts / sum: from 1, for one code, to K, all alike."""
    frequencies = counts / jnp.maximum(counts.sum(), 1e-12)
    return jnp.exp(-jnp.sum(jax.scipy.special.xlogy(frequencies, frequencies)))


def new_codebook(codes: jax.Array, *, restart_below: float = 0.0) -> Codebook:
    """A codebook of these codes [K, D] that no data has moved yet.

    Counts start where a code that the first minibatch does not choose is dead: such codes are drawn
    from that minibatch, and with `restart_below` 0 the others become its plain averages.
    """
    counts = jnp.full(len(codes), restart_below, codes.dtype)
    return Codebook(codes, counts, counts[:, None] * codes)


def move_codebook(
    key: jax.Array,
    codebook: Codebook,
    z: jax.Array,
    indices: jax.Array,
    *,
    decay: float = 0.99,
    restart_below: float = 0.0,
) -> Codebook:
    """The codebook after a minibatch z [..., D] of which each vector chose a code, `indices` [...].

        N_k <- decay N_k + (1 - decay) n_k     m_k <- decay m_k + (1 - decay) sum of z that chose k
        e_k <- m_k / N_k

    with counts under the bar smoothed by Laplace's rule, as in the authors' code. A code that nothing
    chose stays; one whose count falls below `restart_below` becomes a vector of the minibatch, drawn at
    random. With decay 0 and no restart it is one step of Lloyd's k-means.

    Args:
        key: one typed key; each device may have its own.
        codebook: what it was.
        z: [..., D].
        indices: [...], integers.
        decay: gamma, in [0, 1).
        restart_below: uses in a minibatch; 0 for no restarts.

    Raises:
        ValueError: if the shapes do not fit, or the decay is not in [0, 1).

    van den Oord et al., 2017, arXiv:1711.00937, Appendix A.1.
    """
    codes, counts, sums = codebook
    if z.shape != (*indices.shape, codes.shape[1]):
        raise ValueError(
            f"needs z [..., {codes.shape[1]}] and indices, got {z.shape} and {indices.shape}"
        )
    if not 0 <= decay < 1:
        raise ValueError(f"decay must be in [0, 1), got {decay}")
    num_codes = len(codes)
    z, indices = z.reshape(-1, z.shape[-1]), indices.reshape(-1)
    chosen = code_counts(indices, num_codes)
    counts = decay * counts + (1 - decay) * chosen
    chosen_sums = _over_devices(jnp.zeros_like(sums).at[indices].add(z))
    sums = decay * sums + (1 - decay) * chosen_sums
    total = counts.sum()
    smooth = (counts + _SMOOTHING) / (total + num_codes * _SMOOTHING) * total
    means = sums / jnp.maximum(smooth, _SMOOTHING)[:, None]
    codes = jnp.where((chosen > 0)[:, None], means, codes)
    dead = counts < restart_below
    drawn = _draw(key, z, num_codes)
    counts = jnp.where(dead, _GRACE * restart_below, counts)
    return Codebook(
        jnp.where(dead[:, None], drawn, codes),
        counts,
        jnp.where(dead[:, None], counts[:, None] * drawn, sums),
    )


def _draw(key, z, num):
    """`num` of the vectors z, the same on every device: the k-th is from device k modulo theirs."""
    drawn = z[jax.random.randint(key, (num,), 0, len(z))]
    if data_axis() is None:
        return drawn
    everywhere = lax.all_gather(drawn, data_axis())
    order = jnp.arange(num)
    return everywhere[order % len(everywhere), order]


def _over_devices(values):
    return values if data_axis() is None else lax.psum(values, data_axis())
