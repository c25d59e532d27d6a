"""A model whose likelihood and posterior are known: x = W z + b + noise, z ~ N(0, I)."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats

from genjax.losses import standard_normal_log_prob
from genjax.metrics import Joint


class Linear(NamedTuple):
    """Probabilistic PCA with examples of it.

    Attributes:
        joint: of the examples, for estimators.
        exact: log p(x) = log N(x; b, W W^T + sigma^2 I) by SciPy, [B].
        posterior: `(key, num) -> z`, exact draws of p(z|x), [num, B, D].
    """

    joint: Joint
    exact: np.ndarray
    posterior: object


def linear(latent_dim, *, deviation=0.5, num_examples=6, num_dims=5):
    """The model with fixed random weights and noise of this standard deviation."""
    rng = np.random.default_rng(latent_dim)
    weights = rng.normal(size=(num_dims, latent_dim)) * np.linspace(1.5, 0.4, latent_dim)
    bias = rng.normal(size=num_dims)
    x = 1.5 * rng.normal(size=(num_examples, num_dims))
    covariance = weights @ weights.T + deviation**2 * np.eye(num_dims)
    exact = stats.multivariate_normal(bias, covariance).logpdf(x)
    precision = weights.T @ weights / deviation**2 + np.eye(latent_dim)
    means = np.linalg.solve(precision, weights.T @ (x - bias).T / deviation**2).T
    factor = np.linalg.cholesky(np.linalg.inv(precision))
    weights, bias, x, means, factor = (
        jnp.asarray(v, jnp.float32) for v in (weights, bias, x, means, factor)
    )

    def log_likelihood(z):
        squares = jnp.square((x - z @ weights.T - bias[None]) / deviation).sum(axis=-1)
        return -0.5 * squares - num_dims * np.log(deviation * np.sqrt(2 * np.pi))

    def posterior(key, num):
        noise = jax.random.normal(key, (num, num_examples, latent_dim))
        return means[None] + noise @ factor.T

    prior = lambda key: jax.random.normal(key, (num_examples, latent_dim))
    return Linear(Joint(prior, standard_normal_log_prob, log_likelihood), exact, posterior)
