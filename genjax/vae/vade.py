"""The variational autoencoder whose prior is a mixture: VaDE of Jiang et al., 2017.

A cluster c is drawn, then a code of it, then the example: p(c) = pi_c, p(z|c) = N(mu_c, diag
sigma_c^2), p(x|z) by the decoder. With q(z|x) = N(m, diag s^2) and gamma_c = p(c|z) at the draw of z,

    loss = -E_q[log p(x|z)] + sum_c gamma_c [KL(q(z|x) | p(z|c)) + log(gamma_c / pi_c)]

(arXiv:1611.05148, equations 9, 12 and 16; the mixture is trained with the networks). The autoencoder
is trained without noise first, and a Gaussian mixture fitted to its codes starts pi, mu and sigma. No
label is looked at.
"""

import math
from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Latents, Player, Spec, Stage, check_at_least, check_name, game
from genjax.losses import (
    gaussian_kl_between,
    gaussian_log_prob,
    gaussian_mixture_log_prob,
    gaussian_sample,
)
from genjax.nets import STARTS, first_clusters
from genjax.vae.latent_model import Terms, gaussian_posterior, latent_model, negative_elbo
from genjax.vae.networks import Decoder, Encoder, gaussian_encoder_and_decoder

_MOST_EXAMPLES = 10_000  # that the first mixture is fitted to
_DECAY, _EPSILON = 0.9, 1e-4  # of Adam, in the authors' code


def vade(
    spec: Spec,
    *,
    num_clusters: int | None = None,
    latent_dim: int = 10,
    hidden: tuple[int, ...] | None = None,
    likelihood: str | None = None,
    variance: str | float = "learned",
    start: str = "gmm",
    pretraining_rounds: int = 1500,
    pretraining_learning_rate: float = 1e-3,
    learning_rate: float = 2e-3,
    decay_rounds: int = 2000,
    importance_samples: int = 1000,
    precision: str = "float32",
) -> tuple[Stage, ...]:
    """Variational deep embedding, VaDE (Jiang et al., 2017, arXiv:1611.05148).

    `clusters` gives log p(c|z) at the posterior's mean; `sample` draws a cluster, a code, an example;
    `log_prob` is the importance-sampled estimate under the mixture. How fine the likelihood is decides
    how much the clusters count: the paper takes Bernoulli for MNIST. For grey images --set
    likelihood=gaussian --set variance=0.1 is as coarse; the discretised logistic, the usual likelihood
    of levels, spends its codes on details.

    Departures: the autoencoder is pre-trained at once, not layer by layer; the first mixture has full
    covariances, of which the diagonals are kept; with fewer than 784 inputs the networks are narrower.

    Args:
        spec: of vectors, or images in [0, 1].
        num_clusters: K; None for as many as there are classes (their number alone), or 10.
        latent_dim: dimensions of z.
        hidden: widths between input and code, mirrored in the decoder, ReLU; None for the paper's
            (500, 500, 2000) from 784 inputs on, and (256, 256, 512) below.
        likelihood, variance, importance_samples, precision: as in `vae`.
        start: what finds the first mixture among the codes: `gmm` (the paper's) or `kmeans`.
        pretraining_rounds: of the first stage.
        pretraining_learning_rate: of its Adam.
        learning_rate: of Adam in the second stage.
        decay_rounds: after each so many it is multiplied by 0.9; the paper has 10 epochs.

    Raises:
        ValueError: for fewer than 2 clusters or 1 round, an unknown start, or what `vae` refuses.
    """
    num_clusters = (spec.num_classes or 10) if num_clusters is None else num_clusters
    check_at_least(2, num_clusters=num_clusters)
    check_at_least(1, pretraining_rounds=pretraining_rounds, decay_rounds=decay_rounds)
    check_name("start", start, STARTS)
    if hidden is None:
        hidden = (500, 500, 2000) if math.prod(spec.shape) >= 784 else (256, 256, 512)
    encoder, decoder = gaussian_encoder_and_decoder(
        spec,
        latent_dim,
        hidden=hidden,
        likelihood=likelihood,
        variance=variance,
        activation=nn.relu,
        precision=precision,
    )
    autoencoder = {**encoder.networks, **decoder.networks}
    networks = {**autoencoder, "mixture": _first_mixture(num_clusters, latent_dim)}
    terms = mixture_terms(encoder, decoder)
    decayed = optax.exponential_decay(learning_rate, decay_rounds, _DECAY, staircase=True)
    player = Player(
        tuple(networks), negative_elbo(spec, terms), optax.adam(decayed, eps=_EPSILON), name="vae"
    )
    model = latent_model(
        spec,
        networks,
        [player],
        _latents(encoder, decoder, latent_dim),
        decoder,
        encode=lambda variables, x: encoder.posterior(variables, x)[0],
        terms=terms,
        importance_samples=importance_samples,
    )
    model = model._replace(
        clusters=lambda key, variables, x: jax.nn.log_softmax(
            log_joint(encoder.posterior(variables, x)[0], *_mixture(variables)), axis=1
        )
    )

    def reconstruct(key, variables, batch):
        x = batch[spec.entry]
        mean, _ = encoder.posterior(variables, x)
        return -decoder.log_prob(variables, mean, x).mean(), Aux()

    first = Player(
        tuple(autoencoder), reconstruct, optax.adam(pretraining_learning_rate), name="autoencoder"
    )
    pretraining = game(networks, [first], encode=model.encode, decode=model.decode)

    def enter(key, state, examples):
        codes = model.encode(key, state.variables, examples[spec.entry])
        means, log_variances, logits = first_clusters(key, codes, num_clusters, start)
        mixture = {"means": means, "log_variances": log_variances, "logits": logits}
        variables = {**state.variables, "mixture": {"params": mixture}}
        return model.init(key, examples)._replace(variables=variables)

    return (
        Stage(pretraining, pretraining_rounds),
        Stage(model, enter=enter, num_examples=_MOST_EXAMPLES),
    )


def log_joint(
    z: jax.Array, means: jax.Array, log_variances: jax.Array, log_weights: jax.Array
) -> jax.Array:
    """log pi_c + log N(z; mu_c, diag sigma_c^2), [B, K], nats.

    Args:
        z: [B, D].
        means: mu, [K, D].
        log_variances: log sigma^2, [K, D].
        log_weights: log pi, [K].
    """
    every = lambda of_one: jnp.broadcast_to(of_one[None], z.shape)
    one = lambda mean, log_variance: gaussian_log_prob(z, every(mean), every(log_variance))
    return jax.vmap(one, out_axes=1)(means, log_variances) + log_weights[None]


def mixture_terms(encoder: Encoder, decoder: Decoder) -> Terms:
    """log p(x|z) at a draw of z, and what the code and its cluster cost, in closed form given it."""

    def terms(key, variables, x):
        mean, log_variance = encoder.posterior(variables, x)
        z = gaussian_sample(key, mean, log_variance)
        means, log_variances, log_weights = _mixture(variables)
        log_gamma = jax.nn.log_softmax(log_joint(z, *_mixture(variables)), axis=1)
        every = lambda of_one: jnp.broadcast_to(of_one[None], z.shape)
        one = lambda m, v: gaussian_kl_between(mean, log_variance, every(m), every(v))
        divergence = jax.vmap(one, out_axes=1)(means, log_variances)
        costs = divergence + log_gamma - log_weights[None]
        cost = jnp.sum(jnp.exp(log_gamma) * costs, axis=1)
        return decoder.log_prob(variables, z, x), cost

    return terms


def _mixture(variables) -> tuple[jax.Array, jax.Array, jax.Array]:
    """mu [K, D], log sigma^2 [K, D] and log pi [K]."""
    params = variables["mixture"]["params"]
    return params["means"], params["log_variances"], jax.nn.log_softmax(params["logits"])


def _first_mixture(num_clusters: int, latent_dim: int) -> Callable:
    """Components at random, for a model whose pre-training has not been."""

    def start(key, batch):
        means = jax.random.normal(key, (num_clusters, latent_dim))
        zeros = {"log_variances": jnp.zeros_like(means), "logits": jnp.zeros(num_clusters)}
        return {"params": {"means": means, **zeros}}

    return start


def _latents(encoder: Encoder, decoder: Decoder, latent_dim: int) -> Latents:
    def prior(key, variables, num):
        key_cluster, key_noise = jax.random.split(key)
        means, log_variances, log_weights = _mixture(variables)
        cluster = jax.random.categorical(key_cluster, log_weights, shape=(num,))
        return gaussian_sample(key_noise, means[cluster], log_variances[cluster])

    return Latents(
        (latent_dim,),
        prior=prior,
        posterior=gaussian_posterior(encoder.posterior),
        log_prior=lambda variables, z: gaussian_mixture_log_prob(z, *_mixture(variables)),
        log_likelihood=decoder.log_prob,
        draw=decoder.sample,
    )
