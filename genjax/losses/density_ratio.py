"""Density ratios r = p / q, of data to fakes, by Bregman divergences; and what a fit is good for.

For a convex f with f(1) = 0, D_f(p || q) = E_q f(p / q) >= 0. The Bregman divergence that f defines,
between p / q and a positive r, is, but for a constant of p and q alone,

    E_q[f'(r) r - f(r)] - E_p[f'(r)],        least at r = p / q, where it is -D_f(p || q).
"""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from genjax.core import check_name

_SOFTPLUS_OF_ONE = 0.5413248546129181  # log(e - 1), where softplus is 1
_LOG_4 = 1.3862943611198906


class Convex(NamedTuple):
    """f of a density ratio, whose functions take (r, log r), so that none takes a logarithm of 0.

    Attributes:
        value: f(r).
        slope: f'(r).
        rest: f'(r) r - f(r).
    """

    value: Callable[[jax.Array, jax.Array], jax.Array]
    slope: Callable[[jax.Array, jax.Array], jax.Array]
    rest: Callable[[jax.Array, jax.Array], jax.Array]


# The divergence of p and q that each is: (p - q)^2 / 2q, KL(p || q), KL(q || p), and 2 JSD.
CONVEX = {
    "pearson": Convex(
        lambda r, log_r: 0.5 * jnp.square(r - 1),
        lambda r, log_r: r - 1,
        lambda r, log_r: 0.5 * (jnp.square(r) - 1),
    ),
    "kl": Convex(
        lambda r, log_r: r * log_r,
        lambda r, log_r: log_r + 1,
        lambda r, log_r: r,
    ),
    "reverse_kl": Convex(
        lambda r, log_r: -log_r,
        lambda r, log_r: -jnp.exp(-log_r),
        lambda r, log_r: log_r - 1,
    ),
    "gan": Convex(
        lambda r, log_r: _LOG_4 - r * jax.nn.softplus(-log_r) - jax.nn.softplus(log_r),
        lambda r, log_r: -jax.nn.softplus(-log_r),
        lambda r, log_r: jax.nn.softplus(log_r) - _LOG_4,
    ),
}
POSITIVE = ("softplus", "exp")


def convex(name: str) -> Convex:
    """The f of this name, one of `CONVEX`: f(r) is (r - 1)^2 / 2 for `pearson`, r log r for `kl`,
    -log r for `reverse_kl`, r log r - (r + 1) log(r + 1) + log 4 for `gan`.

    Raises:
        ValueError: for another name.
    """
    check_name("divergence", name, CONVEX)
    return CONVEX[name]


def positive_ratio(logits: jax.Array, positive: str = "softplus") -> tuple[jax.Array, jax.Array]:
    """(r, log r) of a network's outputs, like them in shape; r is 1 where they are 0.

    Args:
        logits: any shape.
        positive: `softplus`, of logits + log(e - 1), which grows no faster than they do; or `exp`.

    Raises:
        ValueError: for another name.
    """
    check_name("positive", positive, POSITIVE)
    if positive == "exp":
        return jnp.exp(logits), logits
    shifted = logits + _SOFTPLUS_OF_ONE
    r = jax.nn.softplus(shifted)
    # Far below 0 softplus(x) is exp(x), and in float32 becomes 0: its logarithm is x there.
    far = shifted < -15
    return r, jnp.where(far, shifted, jnp.log(jnp.where(far, 1.0, r)))


def bregman_ratio_loss(
    real_logits: jax.Array,
    fake_logits: jax.Array,
    *,
    divergence: str = "pearson",
    alpha: float = 0.0,
    positive: str = "softplus",
) -> jax.Array:
    """alpha h(r(x)) + (1 - alpha) h(r(x~)) - f'(r(x)), with h(r) = f'(r) r - f(r), example by example.

    With alpha above 0 the fit is of the relative ratio p / (alpha p + (1 - alpha) q), which is at most
    1 / alpha. The least value is minus the divergence D_f of p from q, or from that mixture.

    Args:
        real_logits: of examples of p, [B].
        fake_logits: of examples of q, [B].
        divergence: f, a name of `CONVEX`.
        alpha: in [0, 1).
        positive: see `positive_ratio`.

    Returns:
        [B].

    Raises:
        ValueError: for an unknown name, an alpha beyond its range, or logits of different shapes.

    Reference: Uehara et al., 2016, arXiv:1610.02920; Sugiyama, Suzuki and Kanamori, 2012,
    "Density-ratio matching under the Bregman divergence"; Yamada et al., 2013, "Relative density-ratio
    estimation for robust distribution comparison".
    """
    check_alpha(alpha)
    if real_logits.shape != fake_logits.shape:
        raise ValueError(
            f"as many real as fake logits are needed, got {real_logits.shape} and {fake_logits.shape}"
        )
    f = convex(divergence)
    real, fake = positive_ratio(real_logits, positive), positive_ratio(fake_logits, positive)
    loss = (1 - alpha) * f.rest(*fake) - f.slope(*real)
    return loss + alpha * f.rest(*real) if alpha else loss


def f_divergence_of_ratio(
    fake_logits: jax.Array, *, divergence: str = "pearson", positive: str = "softplus"
) -> jax.Array:
    """f(r(x~)), like the logits in shape: its mean over fakes is D_f(p || q) where r = p / q.

    Args:
        fake_logits: of examples of q.
        divergence: f, a name of `CONVEX`.
        positive: see `positive_ratio`.

    Raises:
        ValueError: for an unknown name.

    Reference: Uehara et al., 2016, arXiv:1610.02920.
    """
    return convex(divergence).value(*positive_ratio(fake_logits, positive))


def check_alpha(alpha: float) -> None:
    """Raises ValueError unless alpha, of a relative density ratio, is in [0, 1)."""
    if not 0 <= alpha < 1:
        raise ValueError(f"alpha must be in [0, 1), 0 for the plain ratio, got {alpha}")
