"""Normalising flows for posteriors: invertible maps of latents, with their log-determinants."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.masked import Made


def planar(z: jax.Array, u: jax.Array, w: jax.Array, b: jax.Array) -> tuple[jax.Array, jax.Array]:
    """z + û tanh(w·z + b), with û = u moved along w until w·û > -1, so that the map is invertible.

    Args:
        z: [B, D].
        u: [B, D].
        w: [B, D].
        b: [B].

    Returns:
        The result [B, D] and log |det of its Jacobian| [B].

    Raises:
        ValueError: if shapes do not fit.

    Rezende and Mohamed, 2015, arXiv:1505.05770, equations 10 to 12 and Appendix A.1.
    """
    if z.ndim != 2 or not z.shape == u.shape == w.shape or b.shape != z.shape[:1]:
        raise ValueError(
            f"z, u and w are all [B, D], b is [B], "
            f"got {z.shape}, {u.shape}, {w.shape} and {b.shape}"
        )
    along = jnp.sum(w * u, axis=-1)
    length = jnp.sum(jnp.square(w), axis=-1)
    safe = jnp.maximum(length, 1e-12)  # w = 0 moves nothing
    u = u + ((nn.softplus(along) - 1 - along) / safe)[:, None] * w
    inner = jnp.tanh(jnp.sum(w * z, axis=-1) + b)
    # 1 + (1 - tanh^2) w.u as a sum of what is positive: near w.u = -1 rounding would pass it.
    share = length / safe
    one_more = share * nn.softplus(along) + (1 - share) * (1 + along)  # 1 + w.u
    log_det = jnp.log(jnp.square(inner) + (1 - jnp.square(inner)) * one_more)
    return z + u * inner[:, None], log_det


class PlanarFlows(nn.Module):
    """Planar maps in a row, whose parameters are linear in a context: (z, context) -> (z, log-det).

    Attributes:
        num_flows: how many.
    """

    num_flows: int

    @nn.compact
    def __call__(self, z: jax.Array, context: jax.Array) -> tuple[jax.Array, jax.Array]:
        """z [B, D], context [B, C]; the log-determinants are summed, [B]."""
        size, dim = z.shape
        parameters = nn.Dense(self.num_flows * (2 * dim + 1))(context)
        parameters = parameters.reshape(size, self.num_flows, 2 * dim + 1).swapaxes(0, 1)

        def step(z, each):
            return planar(z, each[:, :dim], each[:, dim:-1], each[:, -1])

        z, log_dets = jax.lax.scan(step, z, parameters)
        return z, log_dets.sum(axis=0)


class InverseAutoregressiveFlows(nn.Module):
    """z <- s z + (1 - s) m in a row, m and s = sigmoid of MADEs; the order is reversed between them.

    Kingma et al., 2016, arXiv:1606.04934, equations 13 to 15 and Algorithm 1.

    Attributes:
        num_flows: how many.
        hidden: width of the one hidden layer of each MADE.
        dtype: of the MADEs' computation.
    """

    num_flows: int
    hidden: int
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, z: jax.Array, context: jax.Array) -> tuple[jax.Array, jax.Array]:
        """z [B, D], context [B, C]; the log-determinants are summed, [B]."""
        log_det = jnp.zeros(len(z))
        for flow in range(self.num_flows):
            z = z[:, ::-1] if flow else z
            outputs = Made((self.hidden,), 2, dtype=self.dtype)(z, context).astype(jnp.float32)
            # The gate starts near 0.8: a map close to the identity (the paper: a bias of 1 or 2).
            logits = outputs[..., 1] + 1.5
            gate = nn.sigmoid(logits)
            z = gate * z + (1 - gate) * outputs[..., 0]
            log_det = log_det + jax.nn.log_sigmoid(logits).sum(axis=-1)
        return z, log_det
