"""Kingma and Welling's estimator of the marginal likelihood, for a handful of latents."""

import math

import jax
import jax.numpy as jnp
from jax import lax

from genjax.metrics.ais import TARGET_ACCEPTANCE, Joint
from genjax.metrics.hmc import adapted, hmc_transition, jittered

MAX_LATENTS = 4  # "less then 5", Appendix D
_FIRST_STEP_SIZE = 0.1


def reciprocal_log_likelihood(
    key: jax.Array,
    joint: Joint,
    z: jax.Array,
    *,
    num_samples: int = 1000,
    burn_in: int = 100,
    num_leapfrog: int = 4,
) -> jax.Array:
    """-log (1/L) sum_l q(z_l) / (p(z_l) p(x|z_l)), z_l ~ p(z|x): a reciprocal importance estimate.

    1. Hamiltonian chains draw L times from the posterior p(z|x).
    2. q, here a Gaussian with full covariance, is fitted to these draws.
    3. Other chains draw L times afresh, and these draws are averaged.

    The average estimates 1/p(x) without bias, so its log is biased *upwards*: it flatters a model, by
    more the worse q fits, and without a bound on its variance where q has heavier tails than the
    posterior. It is here because the paper's figures were made with it; importance sampling, annealed
    importance sampling and quadrature are better. The paper takes L = 50 and four leapfrog steps, and
    leaves q open.

    Args:
        key: one typed key.
        joint: of the examples; its `prior` is not used.
        z: where chains start, [C, B, D], an even number of them: the encoder's draws, or the prior's.
            The first half of the chains makes step 1, the other step 3.
        num_samples: L, over C/2 chains; rounded up to a multiple of these.
        burn_in: transitions of each chain before; they adapt the step size, which is then frozen.
        num_leapfrog: of each transition.

    Returns:
        [B], nats.

    Raises:
        ValueError: if there are more than 4 latents, the number of chains is not even, or there are
            too few samples for a covariance.

    Kingma and Welling, 2013, arXiv:1312.6114, Appendix D.
    """
    _check(z, num_samples, burn_in)
    half = len(z) // 2
    key_burn_in, key_samples = jax.random.split(key)
    log_density = lambda z: joint.log_prior(z) + joint.log_likelihood(z)

    def move(key, z, step_size):
        def one(key, z):
            key_step, key_move = jax.random.split(key)
            steps = jittered(key_step, step_size)
            return hmc_transition(key_move, log_density, z, steps, num_leapfrog=num_leapfrog)

        return jax.vmap(one)(jax.random.split(key, len(z)), z)

    def warm(carry, t):
        z, step_size = carry
        moved = move(jax.random.fold_in(key_burn_in, t), z, step_size)
        step_size = adapted(step_size, moved.accept_rate.mean(axis=0), TARGET_ACCEPTANCE)
        return (moved.z, step_size), None

    def draw(carry, t):
        moved = move(jax.random.fold_in(key_samples, t), carry, step_size)
        return moved.z, (moved.z, moved.log_density)

    first = jnp.full(z.shape[1], _FIRST_STEP_SIZE)
    (z, step_size), _ = lax.scan(warm, (z, first), jnp.arange(burn_in))
    _, (draws, log_joint) = lax.scan(draw, z, jnp.arange(-(-num_samples // half)))
    # [steps, chains, B, ...] -> [B, draws, ...], and the two halves of the chains
    by_example = lambda values: jnp.moveaxis(values, 2, 0).reshape(
        values.shape[2], -1, *values.shape[3:]
    )
    fitted, fresh = by_example(draws[:, :half]), by_example(draws[:, half:])
    log_ratio = jax.vmap(_gaussian_log_prob)(fresh, fitted) - by_example(log_joint[:, half:])
    return math.log(fresh.shape[1]) - jax.nn.logsumexp(log_ratio, axis=1)


def _gaussian_log_prob(z, samples):
    """log of the Gaussian fitted to `samples` [n, D], at z [m, D]: [m]."""
    dim = samples.shape[1]
    mean = samples.mean(axis=0, keepdims=True)
    covariance = (samples - mean).T @ (samples - mean) / (len(samples) - 1)
    # Chains that never moved have no spread; a millionth keeps the factor finite.
    ridge = 1e-6 * jnp.trace(covariance) / dim + jnp.finfo(z.dtype).tiny
    factor = jnp.linalg.cholesky(covariance + ridge * jnp.eye(dim))
    scaled = jax.scipy.linalg.solve_triangular(factor, (z - mean).T, lower=True)
    log_determinant = jnp.sum(jnp.log(jnp.diag(factor)))
    return -0.5 * jnp.sum(scaled**2, axis=0) - log_determinant - 0.5 * dim * math.log(2 * math.pi)


def _check(z, num_samples, burn_in):
    if jnp.ndim(z) != 3 or len(z) < 2 or len(z) % 2:
        raise ValueError(f"chains start from [C, B, D] with C even, got shape {jnp.shape(z)}")
    if z.shape[2] > MAX_LATENTS:
        raise ValueError(
            f"the reciprocal estimate is for at most {MAX_LATENTS} latents, got {z.shape[2]}"
        )
    if num_samples <= z.shape[2] + 1 or burn_in < 0:
        raise ValueError(
            f"needs more than {z.shape[2] + 1} samples for a covariance and no negative burn_in, "
            f"got {num_samples} and {burn_in}"
        )
