"""The InfoVAE of Zhao, Song and Ermon, 2017 (arXiv:1706.02262), with the maximum mean discrepancy.

The bound with a weight of its own on how far the aggregate posterior q(z) is from the prior, so that
codes may tell of x without leaving the prior:

    loss = -E_q[log p(x|z)] + (1 - alpha) KL(q(z|x) || p(z)) + (alpha + lambda - 1) MMD(q(z), p(z))

(equation 6), with p(z) = N(0, I). alpha 0 and lambda 1 is the VAE, alpha 1 the MMD-VAE.
"""

import jax
import optax

from genjax.core import Aux, Model, Player, Spec
from genjax.losses import gaussian_kl, gaussian_sample, mmd, rbf
from genjax.vae.latent_model import analytic_terms, gaussian_latents, latent_model
from genjax.vae.networks import gaussian_encoder_and_decoder


def info_vae(
    spec: Spec,
    *,
    alpha: float = 0.0,
    prior_weight: float = 1000.0,
    latent_dim: int = 10,
    architecture: str = "mlp",
    hidden: tuple[int, ...] | None = None,
    likelihood: str | None = None,
    learning_rate: float = 1e-3,
    importance_samples: int = 1000,
    precision: str = "float32",
) -> Model:
    """InfoVAE (Zhao, Song & Ermon, 2017, arXiv:1706.02262).

    The discrepancy is the unbiased one, between a minibatch's draws of q(z|x) and as many of the prior,
    with the Gaussian kernel of the authors' code (`genjax.losses.rbf`). `evaluate` is of the plain
    bound, and the best checkpoint has the best bound; with alpha 1 the KL is no part of the loss, and
    the latest checkpoint is the one to use.

    Args:
        spec: of vectors, or images in [0, 1].
        alpha: how much of the KL goes, at most 1; weight of the mutual information of x and z.
        prior_weight: lambda, weight of the divergence of q(z) from p(z); the paper has 1000 for MNIST.
        latent_dim: dimensions of z.
        architecture, hidden, likelihood, learning_rate, importance_samples, precision: as in `vae`.

    Raises:
        ValueError: for an alpha above 1, a negative weight of the discrepancy, or what `vae` refuses.
    """
    mmd_weight = alpha + prior_weight - 1
    if alpha > 1 or mmd_weight < 0:
        raise ValueError(
            "alpha must be at most 1 and alpha + prior_weight at least 1, "
            f"got {alpha} and {prior_weight}"
        )
    encoder, decoder = gaussian_encoder_and_decoder(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        likelihood=likelihood,
        precision=precision,
    )

    def objective(key, variables, batch):
        key_codes, key_prior = jax.random.split(key)
        x = batch[spec.entry]
        mean, log_variance = encoder.posterior(variables, x)
        z = gaussian_sample(key_codes, mean, log_variance)
        reconstruction = decoder.log_prob(variables, z, x).mean()
        kl = gaussian_kl(mean, log_variance).mean()
        discrepancy = mmd(z, jax.random.normal(key_prior, z.shape), rbf)
        loss = (1 - alpha) * kl + mmd_weight * discrepancy - reconstruction
        terms = {"elbo": reconstruction - kl, "reconstruction": reconstruction, "kl": kl}
        return loss, Aux({**terms, "mmd": discrepancy})

    networks = {**encoder.networks, **decoder.networks}
    model = latent_model(
        spec,
        networks,
        [Player(tuple(networks), objective, optax.adam(learning_rate), name="vae")],
        gaussian_latents(encoder, decoder, latent_dim),
        decoder,
        encode=lambda variables, x: encoder.posterior(variables, x)[0],
        terms=analytic_terms(encoder, decoder),
        importance_samples=importance_samples,
    )
    return model if alpha < 1 else model._replace(select=None)
