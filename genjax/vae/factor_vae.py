"""The FactorVAE of Kim and Mnih, 2018, "Disentangling by Factorising" (arXiv:1802.05983).

A VAE whose aggregate posterior q(z) is drawn to the product of its marginals, qbar(z). How far apart
they are, the total correlation, a discriminator D tells: at its optimum D(z) = q / (q + qbar), so that

    KL(q(z) || qbar(z)) = E_q[log q(z) / qbar(z)] = E_q[log D(z) / (1 - D(z))] = E_q[logit of D]

    the VAE's loss = -E_q[log p(x|z)] + KL(q(z|x) || N(0, I)) + gamma E_q[logit of D(z)]
    D's loss = -1/2 E_q[log D(z)] - 1/2 E_qbar[log(1 - D(z))]

(equations 2 and 3, Algorithm 2). Draws of qbar are codes whose dimensions are shuffled over a batch.
"""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Player, Spec
from genjax.losses import gaussian_kl, gaussian_sample
from genjax.nets import Mlp
from genjax.vae.latent_model import analytic_terms, gaussian_latents, latent_model
from genjax.vae.networks import gaussian_encoder_and_decoder


def permute_dimensions(key: jax.Array, z: jax.Array) -> jax.Array:
    """Draws of the product of marginals: each dimension of z [B, D] shuffled over the batch by itself.

    Kim and Mnih, 2018, arXiv:1802.05983, Algorithm 1.

    Raises:
        ValueError: if z is not [B, D].
    """
    if jnp.ndim(z) != 2:
        raise ValueError(f"codes are [B, D], got shape {jnp.shape(z)}")
    return jax.random.permutation(key, z, axis=0, independent=True)


def factor_vae(
    spec: Spec,
    *,
    gamma: float = 10.0,
    latent_dim: int = 10,
    architecture: str = "mlp",
    hidden: tuple[int, ...] | None = None,
    discriminator_width: int = 200,
    likelihood: str | None = None,
    learning_rate: float = 1e-3,
    discriminator_learning_rate: float = 1e-3,
    importance_samples: int = 1000,
    precision: str = "float32",
) -> Model:
    """FactorVAE (Kim & Mnih, 2018, arXiv:1802.05983).

    Two players: `vae` trains encoder and decoder, `discriminator` the discriminator, in this order. As
    in the paper the shuffled codes are of other examples than those they are told from: of the second
    half of the minibatch, of the first. `evaluate` adds `total_correlation`, the logit at a draw of z,
    to the terms of the plain bound; its mean estimates the total correlation in nats, as well as the
    discriminator can.

    The paper trains for 3e5 steps, the VAE by Adam at 1e-4, the discriminator by Adam at 1e-4 with
    (0.5, 0.9), on minibatches of 64, with six layers of 1000 units: the defaults suit runs of 10^4.

    Args:
        spec: of vectors, or images in [0, 1].
        gamma: weight of the total correlation; the paper's are 35 for dSprites, 6.4 for CelebA.
        latent_dim: dimensions of z.
        discriminator_width: units in each of the discriminator's six hidden layers.
        learning_rate: of the VAE's Adam.
        discriminator_learning_rate: of the discriminator's.
        architecture, hidden, likelihood, importance_samples, precision: as in `vae`.

    Raises:
        ValueError: for a negative gamma, no unit, a minibatch of one example, or what `vae` refuses.
    """
    if gamma < 0 or discriminator_width < 1:
        raise ValueError(
            f"gamma must be at least 0 and discriminator_width 1, got {gamma}, {discriminator_width}"
        )
    encoder, decoder = gaussian_encoder_and_decoder(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        likelihood=likelihood,
        precision=precision,
    )
    discriminator = Mlp(
        (discriminator_width,) * 6,
        1,
        activation=functools.partial(nn.leaky_relu, negative_slope=0.2),
        dtype=jnp.bfloat16 if precision == "bf16" else jnp.float32,
    )

    def logit(variables, z):
        """log D(z) - log(1 - D(z)), [B]: large where z looks like a code, not a shuffled one."""
        return discriminator.apply(variables["discriminator"], z)[:, 0].astype(jnp.float32)

    def factorise(key, variables, batch):
        x = batch[spec.entry]
        mean, log_variance = encoder.posterior(variables, x)
        z = gaussian_sample(key, mean, log_variance)
        metrics = {
            "reconstruction": decoder.log_prob(variables, z, x).mean(),
            "kl": gaussian_kl(mean, log_variance).mean(),
            "total_correlation": logit(variables, z).mean(),
        }
        metrics["elbo"] = metrics["reconstruction"] - metrics["kl"]
        return gamma * metrics["total_correlation"] - metrics["elbo"], Aux(metrics)

    def discriminate(key, variables, batch):
        key_codes, key_shuffle = jax.random.split(key)
        half = len(batch[spec.entry]) // 2
        if half < 1:
            raise ValueError("a minibatch of factor_vae has two halves: it needs two examples")
        codes = gaussian_sample(key_codes, *encoder.posterior(variables, batch[spec.entry]))
        shuffled = permute_dimensions(key_shuffle, codes[half : 2 * half])
        on_codes, on_shuffled = logit(variables, codes[:half]), logit(variables, shuffled)
        loss = 0.5 * (nn.softplus(-on_codes) + nn.softplus(on_shuffled)).mean()
        return loss, Aux({"accuracy": 0.5 * ((on_codes > 0).mean() + (on_shuffled < 0).mean())})

    networks = {**encoder.networks, **decoder.networks}
    start = lambda key, batch: discriminator.init(key, jnp.zeros((1, latent_dim)))
    model = latent_model(
        spec,
        {**networks, "discriminator": start},
        [
            Player(tuple(networks), factorise, optax.adam(learning_rate), name="vae"),
            Player(
                ("discriminator",), discriminate, optax.adam(discriminator_learning_rate, 0.5, 0.9)
            ),
        ],
        gaussian_latents(encoder, decoder, latent_dim),
        decoder,
        encode=lambda variables, x: encoder.posterior(variables, x)[0],
        terms=analytic_terms(encoder, decoder),
        importance_samples=importance_samples,
    )

    def evaluate(key, variables, batch):
        key_terms, key_codes = jax.random.split(key)
        codes = gaussian_sample(key_codes, *encoder.posterior(variables, batch[spec.entry]))
        terms = model.evaluate(key_terms, variables, batch)
        return {**terms, "total_correlation": logit(variables, codes)}

    return model._replace(evaluate=evaluate)
