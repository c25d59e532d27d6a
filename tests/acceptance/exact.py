"""Likelihoods without the code under test: quadrature, for Bernoulli decoders, from `decode` alone."""

import jax
import jax.numpy as jnp

from genjax.metrics import quadrature_log_likelihood


def test_images(dataset):
    """The binarised test set, and its labels."""
    arrays = dataset.eval_transform(None, dataset.test.arrays())
    return jnp.asarray(arrays["image"]), jnp.asarray(arrays["label"])


test_images.__test__ = False


def pixel_log_prob(probabilities, x):
    """log p(x) of independent bits, [n, B], for probabilities [n, ...] and images [B, ...]."""
    p = jnp.clip(probabilities.reshape(len(probabilities), -1), 1e-7, 1 - 1e-7)
    x = x.reshape(len(x), -1)
    return jnp.log(p) @ x.T + jnp.log1p(-p) @ (1 - x).T


def quadrature(model, variables, x, *given, num_points=201, limit=8.0):
    """log p(x) on a grid of two latents, under the model's own prior; `given`: a label for the grid."""

    def at(z):
        return [jnp.broadcast_to(one, (len(z),)) for one in given]

    def log_prob_given_latents(z, x):
        return pixel_log_prob(model.decode(None, variables, z, *at(z)), x)

    return quadrature_log_likelihood(
        log_prob_given_latents,
        x,
        2,
        log_prior=lambda z: model.latents.log_prior(variables, z, *at(z)),
        num_points=num_points,
        limit=limit,
    )


def bounds(make, variables, x, samples, key):
    """Mean importance-sampled log p(x) for each number of samples; `make(n)` gives the model."""
    means = []
    for num in samples:
        model = make(num)
        means.append(float(jax.jit(model.log_prob)(key, variables, x).mean()))
    return means
