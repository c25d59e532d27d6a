"""The picture of what a model learned of the numbers that all examples share."""

from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np

from experiments.subject import Subject, Unsuitable, require
from genjax import plots

DRAWS = 2000
_PROPOSED = 50_000  # draws that are weighed for the exact posterior
_MOST_EXAMPLES = 1000
_WIDER = 2.0  # deviations of what is proposed over those of what was learned
_LEAST = 100.0  # effective draws, below which what is proposed missed


def posterior(subject: Subject, key, path: Path) -> None:
    """Draws of the posterior that was learned over the exact one, and of the predictive over the data.

    The exact one is drawn where the likelihood is known and there are at most 1000 training examples:
    draws of a wider Gaussian, weighed by prior and likelihood.
    """
    require(subject, "shared")
    model, shared = subject.model, subject.model.shared
    key_draws, key_exact, key_sample = jax.random.split(key, 3)
    draws = np.asarray(
        jax.jit(shared.posterior, static_argnums=2)(key_draws, subject.variables, DRAWS)
    )
    dataset = subject.dataset()
    raw = {**dataset.train.arrays(), "index": np.arange(len(dataset.train), dtype=np.int32)}
    x = np.asarray(dataset.eval_transform(jax.random.key(0), raw)[subject.spec.entry])
    exact = None
    if shared.log_likelihood is not None and len(x) <= _MOST_EXAMPLES:
        exact = weighed(key_exact, shared, draws, x)
    points = {}
    if x.shape[1:] == (2,) and model.sample is not None:
        sample = jax.jit(model.sample, static_argnums=2)
        points = {"data": x, "samples": np.asarray(sample(key_sample, subject.variables, DRAWS))}
    plots.posterior_figure(shared.names, draws, path, exact=exact, **points)


def weighed(key, shared, draws: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Draws of the exact posterior, [K, P], by importance resampling about those that were learned."""
    key_normal, key_choice = jax.random.split(key)
    mean, std = draws.mean(0), _WIDER * draws.std(0)
    normal = jax.random.normal(key_normal, (_PROPOSED, draws.shape[1]))
    values = mean[None] + std[None] * normal

    def log_weight(values, normal):
        likelihood = shared.log_likelihood(values, x).sum(1)
        return shared.log_prior(values) + likelihood + 0.5 * jnp.square(normal).sum(1)

    weights = jax.nn.softmax(jax.jit(log_weight)(values, normal))
    if 1 / float(jnp.square(weights).sum()) < _LEAST:
        raise Unsuitable(
            "what was learned is too far from the exact posterior to draw that about it"
        )
    return np.asarray(values[jax.random.choice(key_choice, _PROPOSED, (len(draws),), p=weights)])
