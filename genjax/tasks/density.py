"""Densities and probabilities of examples without a network, and a model's own as exactly as can be.

What is compared must be of one kind. Continuous values have densities: kernel density and Gaussian
mixtures (scikit-learn). Levels have probabilities, and no density may be set beside them: their kernel
density is

    p(x) = 1/N sum_n prod_d (1 - b if x_d = x_nd, else b / (L - 1))

(Aitchison and Aitken, 1976, Biometrika 63, 413), their mixture has independent levels in each
component (for bits, of Bernoullis) and is fitted by EM. Bandwidths and numbers of components are
those under which the validation examples are likeliest.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.special import logsumexp
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import KernelDensity

from genjax.core import Model
from genjax.metrics import quadrature_log_likelihood

COMPONENTS = (1, 2, 4, 8, 16, 32, 64)
_RIDGES = (1e-6, 1e-4, 1e-3)  # added to a Gaussian component's variances: elements may be constant
_BANDWIDTHS = np.geomspace(0.02, 1.0, 14)
_SHARES = np.geomspace(0.005, 0.5, 14)  # b
_CHUNK = 100


class Fitted(NamedTuple):
    """A density or a mass function.

    Attributes:
        log_prob: `(x [N, ...]) -> [N]`, nats.
        chosen: what validation chose, in words.
    """

    log_prob: Callable[[np.ndarray], np.ndarray]
    chosen: str


def baselines(
    train: np.ndarray, valid: np.ndarray, num_levels: int | None, *, seed: int = 0
) -> dict[str, Fitted]:
    """`kernel_density` and a mixture (`gaussian_mixture`, or `categorical_mixture` of levels).

    Args:
        train: [N, ...]; levels as k/(L - 1).
        valid: [M, ...].
        num_levels: L; None for continuous values.
        seed: of the mixtures' starts.

    Raises:
        ValueError: if the shapes differ.
    """
    if train.shape[1:] != valid.shape[1:] or not len(train) or not len(valid):
        raise ValueError(f"needs examples of one shape, got {train.shape} and {valid.shape}")
    if num_levels is None:
        return {
            "kernel_density": kernel_density(train, valid),
            "gaussian_mixture": gaussian_mixture(train, valid, seed=seed),
        }
    return {
        "kernel_density": level_kernel_density(train, valid, num_levels),
        "categorical_mixture": categorical_mixture(train, valid, num_levels, seed=seed),
    }


def kernel_density(train: np.ndarray, valid: np.ndarray) -> Fitted:
    """scikit-learn's, Gaussian kernels, of the bandwidth that validation chooses."""
    train = _flat(train)
    fits = [(f"bandwidth {b:.3g}", KernelDensity(bandwidth=b).fit(train)) for b in _BANDWIDTHS]
    of = lambda fit: lambda x: fit.score_samples(_flat(x))
    return _best([Fitted(of(fit), name) for name, fit in fits], valid)


def gaussian_mixture(train: np.ndarray, valid: np.ndarray, *, seed: int = 0) -> Fitted:
    """scikit-learn's; validation chooses components, full or diagonal covariances, and their ridge.

    Components are doubled for as long as that helps.
    """
    flat, fits = _flat(train), []
    for kind, ridge in itertools.product(("full", "diag"), _RIDGES):
        last = -np.inf
        for num in [num for num in COMPONENTS if 2 * num <= len(flat)]:
            fit = GaussianMixture(num, covariance_type=kind, reg_covar=ridge, random_state=seed)
            fit.fit(flat)
            score = lambda x, fit=fit: fit.score_samples(_flat(x))
            fits.append(Fitted(score, f"{num} {kind} components, ridge {ridge:g}"))
            mean = score(valid).mean()
            if mean < last:
                break
            last = mean
    return _best(fits, valid)


def level_kernel_density(train: np.ndarray, valid: np.ndarray, num_levels: int) -> Fitted:
    """Aitchison and Aitken's, with the share b that validation chooses."""
    train = _levels(train, num_levels)

    def of(share):
        def log_prob(x):
            x, values = _levels(x, num_levels), []
            for part in np.array_split(x, -(-len(x) // _CHUNK)):
                same = (part[:, None] == train[None]).sum(-1)
                other = train.shape[1] - same
                logs = same * np.log1p(-share) + other * np.log(share / (num_levels - 1))
                values.append(logsumexp(logs, axis=1) - np.log(len(train)))
            return np.concatenate(values)

        return log_prob

    return _best([Fitted(of(share), f"b {share:.3g}") for share in _SHARES], valid)


def categorical_mixture(
    train: np.ndarray,
    valid: np.ndarray,
    num_levels: int,
    *,
    components: Sequence[int] = COMPONENTS,
    seed: int = 0,
) -> Fitted:
    """A mixture of independent levels, by EM; validation chooses how many components.

    Args:
        train, valid: as in `baselines`.
        num_levels: L.
        components: numbers of them to choose from.
        seed: of the start, at training examples drawn at random.
    """
    levels = _levels(train, num_levels)
    fits = []
    for num in [num for num in components if num <= len(levels)]:
        log_weights, log_tables = _em(levels, num_levels, num, np.random.default_rng(seed))

        def log_prob(x, log_weights=log_weights, log_tables=log_tables):
            joint = _joint(_one_hot(_levels(x, num_levels), num_levels), log_weights, log_tables)
            return logsumexp(joint, axis=1)

        fits.append(Fitted(log_prob, f"{num} components"))
    return _best(fits, valid)


def exact_log_prob(model: Model) -> tuple[Callable[..., jax.Array], str]:
    """`(key, variables, x) -> [B]` of a model with `log_prob`, and what it is, in words.

    Where there are 1 or 2 latents with densities it is their integral on a grid; otherwise
    `Model.log_prob`, which is exact where the model has no latents, and else an estimate that is a
    lower bound in expectation.
    """
    latents = model.latents
    if latents is None:
        return model.log_prob, "exact"
    densities = latents.log_prior is not None and latents.log_likelihood is not None
    if not densities or latents.shape not in ((1,), (2,)):
        return model.log_prob, "a lower bound in expectation (importance sampling)"

    def log_prob(key, variables, x):
        del key

        def given_latents(z, x):
            # The decoder sees z alone: vmap over x leaves it outside.
            one = lambda x: latents.log_likelihood(
                variables, z, jnp.broadcast_to(x[None], (len(z), *x.shape))
            )
            return jax.vmap(one)(x).T

        prior = lambda z: latents.log_prior(variables, z)
        return quadrature_log_likelihood(given_latents, x, latents.shape[0], log_prior=prior)

    return log_prob, "exact: quadrature over the latents, 201 points an axis from -8 to 8"


def _em(levels: np.ndarray, num_levels: int, num: int, generator: np.random.Generator):
    """log weights [K], log tables [K, D L], with a pseudo-count of 1 for an element of a component."""
    one_hot = _one_hot(levels, num_levels)
    start = one_hot[generator.choice(len(levels), num, replace=False)]
    log_tables = np.log((start + 1.0 / num_levels) / 2)
    log_weights, last = np.full(num, -np.log(num)), -np.inf
    for _ in range(200):
        joint = _joint(one_hot, log_weights, log_tables)
        total = logsumexp(joint, axis=1)
        share = np.exp(joint - total[:, None])
        counts = share.sum(0)
        tables = (share.T @ one_hot + 1.0 / num_levels) / (counts + 1)[:, None]
        log_tables, log_weights = np.log(tables), np.log((counts + 1) / (counts.sum() + num))
        if total.mean() - last < 1e-4:
            break
        last = total.mean()
    return log_weights, log_tables


def _joint(one_hot, log_weights, log_tables) -> np.ndarray:
    return one_hot @ log_tables.T + log_weights[None]


def _one_hot(levels: np.ndarray, num_levels: int) -> np.ndarray:
    return np.eye(num_levels)[levels].reshape(len(levels), -1)


def _levels(x: np.ndarray, num_levels: int) -> np.ndarray:
    """Indices of levels, [N, D].

    Raises:
        ValueError: if a value is none of the levels.
    """
    scaled = _flat(x) * (num_levels - 1)
    levels = np.round(scaled)
    if np.abs(scaled - levels).max() > 1e-3 or levels.min() < 0 or levels.max() >= num_levels:
        raise ValueError(f"values must be k/{num_levels - 1}, k from 0 to {num_levels - 1}")
    return levels.astype(np.int64)


def _flat(x: Any) -> np.ndarray:
    return np.asarray(x, np.float64).reshape(len(x), -1)


def _best(fits: list[Fitted], valid: np.ndarray) -> Fitted:
    return max(fits, key=lambda fit: fit.log_prob(valid).mean())
