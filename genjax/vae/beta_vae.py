"""The beta-VAE of Higgins et al., 2017: the bound with a heavier KL, which buys latents that separate.

    loss = -E_q[log p(x|z)] + beta KL(q(z|x) || N(0, I))

(equation 4), and with a capacity C the later form of Burgess et al., 2018 (arXiv:1804.03599, eq. 8)

    loss = -E_q[log p(x|z)] + beta |KL(q(z|x) || N(0, I)) - C|

per example in nats, summed over pixels: beta is in those units (their beta_norm is beta D_z / D_x).
"""

import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Player, Spec
from genjax.vae.latent_model import analytic_terms, gaussian_latents, latent_model, negative_elbo
from genjax.vae.networks import gaussian_encoder_and_decoder


def beta_vae(
    spec: Spec,
    *,
    beta: float = 4.0,
    capacity: float | None = None,
    latent_dim: int = 10,
    architecture: str = "mlp",
    hidden: tuple[int, ...] | None = None,
    likelihood: str | None = None,
    learning_rate: float = 1e-3,
    importance_samples: int = 1000,
    precision: str = "float32",
) -> Model:
    """beta-VAE (Higgins et al., 2017, ICLR; Burgess et al., 2018, arXiv:1804.03599).

    `evaluate` and `log_prob` are those of the plain bound (beta 1), so that models of different beta
    compare: `kl` is the rate, minus `reconstruction` the distortion. The paper trains with Adam at
    1e-4 or Adagrad at 1e-2 for some 10^6 steps; the default rate suits runs of 10^4.

    Args:
        spec: of vectors, or images in [0, 1].
        beta: weight of the KL; 1 is the VAE, the paper's are 4 to 250 with its sets.
        capacity: C, nats that the KL is drawn to; None for the first form. Burgess et al. raise it from
            0 to 25 as they train; here it is constant.
        latent_dim: dimensions of z.
        architecture, hidden, likelihood, learning_rate, importance_samples, precision: as in `vae`.

    Raises:
        ValueError: for a negative beta or capacity, or what `vae` refuses.
    """
    if beta < 0 or (capacity is not None and capacity < 0):
        raise ValueError(f"beta and capacity must be at least 0, got {beta} and {capacity}")
    encoder, decoder = gaussian_encoder_and_decoder(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        likelihood=likelihood,
        precision=precision,
    )
    terms = analytic_terms(encoder, decoder)

    def at_capacity(key, variables, batch):
        reconstruction, kl = terms(key, variables, batch[spec.entry])
        loss = jnp.mean(beta * jnp.abs(kl - capacity) - reconstruction)
        elbo = jnp.mean(reconstruction - kl)
        metrics = {"elbo": elbo, "reconstruction": reconstruction.mean(), "kl": kl.mean()}
        return loss, Aux(metrics)

    objective = negative_elbo(spec, terms, kl_weight=beta) if capacity is None else at_capacity
    networks = {**encoder.networks, **decoder.networks}
    return latent_model(
        spec,
        networks,
        [Player(tuple(networks), objective, optax.adam(learning_rate), name="vae")],
        gaussian_latents(encoder, decoder, latent_dim),
        decoder,
        encode=lambda variables, x: encoder.posterior(variables, x)[0],
        terms=terms,
        importance_samples=importance_samples,
    )
