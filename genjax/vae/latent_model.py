"""A Model from its latents and its decoder: the capabilities that every system of this family has."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp

from genjax.core import Aux, Latents, Model, Objective, Player, Spec, check_at_least, game
from genjax.losses import (
    gaussian_kl,
    gaussian_log_prob,
    gaussian_sample,
    importance_log_likelihood,
    importance_weighted_bound,
    standard_normal_log_prob,
)
from genjax.vae.networks import Decoder, Encoder

# (key, variables, x[, label]) -> (log p(x|z), KL or its one-draw estimate), [B] each, nats
Terms = Callable[..., tuple[jax.Array, jax.Array]]


def latent_model(
    spec: Spec,
    networks: Mapping[str, Callable[..., Any]],
    players: Sequence[Player],
    latents: Latents,
    decoder: Decoder,
    *,
    encode: Callable[..., jax.Array],
    terms: Terms | None = None,
    bound: Callable[..., jax.Array] | None = None,
    importance_samples: int = 1000,
    importance_chunk: int = 50,
    pixel_noise: bool = False,
    condition: str | None = None,
    exemplars: Callable[..., jax.Array] | None = None,
) -> Model:
    """The game of `players` with the capabilities that its latents and decoder give.

    Args:
        spec: of the data.
        networks: for `game`.
        players: for `game`.
        latents: the model's, with densities.
        decoder: p(x|z), of the same latents.
        encode: `(variables, x[, label]) -> z`, without noise.
        terms: of the bound that `evaluate` reports; None for those of one draw.
        bound: `(key, variables, x[, label]) -> [B]`, what the model is trained by if that is another
            bound: `evaluate` reports it, and it chooses the checkpoint; None for the `elbo`.
        importance_samples: draws of `log_prob`, the importance-sampled estimate.
        importance_chunk: of them, held at a time.
        pixel_noise: whether `sample` draws from p(x|z), or gives its mean.
        condition, exemplars: as in `Model`.

    Raises:
        ValueError: if there is not at least one importance sample.
    """
    check_at_least(1, importance_samples=importance_samples)
    terms = terms or sampled_terms(latents)

    def sample(key, variables, num, condition=None):
        key_label, key_latent, key_pixels = jax.random.split(key, 3)
        given = _condition(key_label, num, condition)
        z = latents.prior(key_latent, variables, num, *given)
        if pixel_noise:
            return decoder.sample(key_pixels, variables, z, *given)
        return decoder.mean(variables, z, *given)

    def _condition(key, num, given):
        if condition is None:
            if given is not None:
                raise ValueError("the model is unconditional: it takes no condition")
            return ()
        if given is None:
            return (jax.random.randint(key, (num,), 0, spec.num_classes),)
        if jnp.shape(given)[:1] != (num,):
            raise ValueError(f"needs a {condition} for each of {num}, got {jnp.shape(given)}")
        return (given,)

    def log_prob(key, variables, x, *given):
        weight = log_weight(latents)
        one = lambda key: weight(key, variables, x, *given)
        return importance_log_likelihood(key, one, importance_samples, chunk=importance_chunk)

    def evaluate(key, variables, batch):
        given = (batch[condition],) if condition else ()
        x, key_bound = batch[spec.entry], jax.random.fold_in(key, 1)
        reconstruction, kl = terms(key, variables, x, *given)
        values = {"elbo": reconstruction - kl, "reconstruction": reconstruction, "kl": kl}
        return (
            values if bound is None else values | {"bound": bound(key_bound, variables, x, *given)}
        )

    return game(
        networks,
        players,
        sample=sample,
        log_prob=log_prob,
        encode=lambda key, variables, x, *given: encode(variables, x, *given),
        decode=lambda key, variables, z, *given: decoder.mean(variables, z, *given),
        evaluate=evaluate,
        select="elbo" if bound is None else "bound",
        latents=latents,
        condition=condition,
        exemplars=exemplars,
    )


def gaussian_latents(encoder: Encoder, decoder: Decoder, latent_dim: int) -> Latents:
    """q(z|x) of the encoder, p(z) = N(0, I), p(x|z) of the decoder."""
    return Latents(
        (latent_dim,),
        prior=lambda key, variables, num, *given: jax.random.normal(key, (num, latent_dim)),
        posterior=gaussian_posterior(encoder.posterior),
        log_prior=lambda variables, z, *given: standard_normal_log_prob(z),
        log_likelihood=decoder.log_prob,
        draw=decoder.sample,
        moments=encoder.posterior,
        log_factors=decoder.log_factors,
    )


def gaussian_posterior(q: Callable[..., tuple[jax.Array, jax.Array]]) -> Callable[..., Any]:
    """`Latents.posterior` of `q`, `(variables, x[, label]) -> (mean, log-variance)`, [B, D] each."""

    def posterior(key, variables, x, *given):
        mean, log_variance = q(variables, x, *given)
        z = gaussian_sample(key, mean, log_variance)
        return z, gaussian_log_prob(z, mean, log_variance)

    return posterior


def sampled_terms(latents: Latents) -> Terms:
    """log p(x|z) and log q(z|x) - log p(z) at the same draw of z."""

    def terms(key, variables, x, *given):
        z, log_q = latents.posterior(key, variables, x, *given)
        reconstruction = latents.log_likelihood(variables, z, x, *given)
        return reconstruction, log_q - latents.log_prior(variables, z, *given)

    return terms


def analytic_terms(encoder: Encoder, decoder: Decoder) -> Terms:
    """log p(x|z) at a draw of z, and KL(q(z|x) | N(0, I)) in closed form."""

    def terms(key, variables, x, *given):
        mean, log_variance = encoder.posterior(variables, x, *given)
        z = gaussian_sample(key, mean, log_variance)
        return decoder.log_prob(variables, z, x, *given), gaussian_kl(mean, log_variance)

    return terms


def log_weight(latents: Latents) -> Callable[..., jax.Array]:
    """`(key, variables, x[, label]) -> [B]`: log p(x, z) - log q(z|x) at one draw of z from q."""
    terms = sampled_terms(latents)

    def weight(key, variables, x, *given):
        reconstruction, log_ratio = terms(key, variables, x, *given)
        return reconstruction - log_ratio

    return weight


def negative_elbo(
    spec: Spec,
    terms: Terms,
    *,
    kl_weight: float = 1.0,
    num_samples: int = 1,
    condition: str | None = None,
) -> Objective:
    """The objective -E[log p(x|z)] + kl_weight KL, mean over the batch, nats.

    Args:
        spec: of the data.
        terms: of the bound.
        kl_weight: of the KL. Where `variables` has an entry `warm_up` in `extra` (see `warm_up`), it is
            a further factor, and rises by its step each round.
        num_samples: k draws of z at once, for the bound L_k; its weights are exp of log p(x|z) minus
            the weighted KL.
        condition: as in `Model`.

    Raises:
        ValueError: if there is not at least one draw.
    """
    draw = several(terms, num_samples)

    def objective(key, variables, batch):
        given = (batch[condition],) if condition else ()
        reconstruction, kl = draw(key, variables, batch[spec.entry], *given)  # [k, B] each
        weight, updates = kl_weight, {}
        if "extra" in variables:
            factor, updates = _warmed_up(variables["extra"])
            weight = weight * factor
        bound = importance_weighted_bound(reconstruction - weight * kl).mean()
        metrics = {
            "elbo": jnp.mean(reconstruction - kl),
            "reconstruction": reconstruction.mean(),
            "kl": kl.mean(),
        }
        if num_samples > 1:
            metrics["bound"] = bound
        return -bound, Aux(metrics, updates)

    return objective


def multi_sample_bound(terms: Terms, num_samples: int) -> Callable[..., jax.Array]:
    """`(key, variables, x[, label]) -> [B]`: the bound L_k of k draws of z, nats."""
    draw = several(terms, num_samples)

    def bound(key, variables, x, *given):
        reconstruction, kl = draw(key, variables, x, *given)
        return importance_weighted_bound(reconstruction - kl)

    return bound


def several(terms: Terms, num_samples: int) -> Terms:
    """The terms of `num_samples` draws, [k, B] each; a single draw uses the key as it is."""
    check_at_least(1, num_samples=num_samples)

    def draw(key, variables, x, *given):
        keys = jax.random.split(key, num_samples) if num_samples > 1 else key[None]
        return jax.vmap(lambda key: terms(key, variables, x, *given))(keys)

    return draw


def warm_up(rounds: int) -> dict[str, Callable[..., Any]]:
    """Networks to add to a game whose `negative_elbo` weighs the KL by min(1, round / rounds).

    Bowman et al., 2015, arXiv:1511.06349; Soenderby et al., 2016, arXiv:1602.02282, section 2.3.

    Raises:
        ValueError: if `rounds` is negative.
    """
    if rounds < 0:
        raise ValueError(f"warm_up must be at least 0 rounds, got {rounds}")
    if rounds == 0:
        return {}
    start = {"warm_up": jnp.zeros(()), "warm_up_step": jnp.asarray(1.0 / rounds)}
    return {"extra": lambda key, batch: start}


def _warmed_up(extra):
    factor = jnp.minimum(1.0, extra["warm_up"])
    return factor, {"extra": {"warm_up": factor + extra["warm_up_step"]}}
