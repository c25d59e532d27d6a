"""The VAE with a normalising-flow posterior: a Gaussian draw sent through invertible maps.

    z_0 ~ N(mu(x), diag sigma^2(x)),  z_t = f_t(z_{t-1}; h(x)),
    log q(z_T|x) = log q(z_0|x) - sum_t log |det df_t / dz_{t-1}|
    loss = -E[log p(x|z_T) + log p(z_T) - log q(z_T|x)]

Planar maps: Rezende and Mohamed, 2015, arXiv:1505.05770, equation 15. Inverse autoregressive maps:
Kingma, Salimans, Jozefowicz, Chen, Sutskever and Welling, 2016, arXiv:1606.04934, equation 10.
"""

import jax.numpy as jnp
import optax

from genjax.core import Model, Player, Spec, check_at_least, check_name
from genjax.losses import gaussian_log_prob, gaussian_sample
from genjax.nets import InverseAutoregressiveFlows, PlanarFlows
from genjax.vae.latent_model import gaussian_latents, latent_model, negative_elbo, sampled_terms
from genjax.vae.networks import gaussian_encoder_and_decoder


def vae_flow(
    spec: Spec,
    *,
    flow: str = "iaf",
    num_flows: int = 4,
    flow_hidden: int = 100,
    context_dim: int = 50,
    latent_dim: int = 10,
    architecture: str = "mlp",
    hidden: tuple[int, ...] | None = None,
    likelihood: str | None = None,
    learning_rate: float = 1e-3,
    importance_samples: int = 1000,
    precision: str = "float32",
) -> Model:
    """VAE with a flow posterior (Rezende & Mohamed, 2015, arXiv:1505.05770; Kingma et al., 2016).

    Args:
        spec: of vectors, or images in [0, 1].
        flow: `iaf`, inverse autoregressive (arXiv:1606.04934), or `planar` (arXiv:1505.05770).
        num_flows: maps in a row. The papers: 2 to 8 for `iaf`; 10 to 80 for `planar`, with 40 latents.
        flow_hidden: width of the masked networks of `iaf`.
        context_dim: of h(x), outputs of the encoder that steer the maps.
        latent_dim: dimensions of z.
        architecture, hidden, likelihood, learning_rate, importance_samples, precision: as in `vae`.

    Raises:
        ValueError: for an unknown flow, no maps, no context, or what `vae` refuses.
    """
    check_name("flow", flow, ("iaf", "planar"))
    check_at_least(1, num_flows=num_flows, context_dim=context_dim)
    encoder, decoder = gaussian_encoder_and_decoder(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        likelihood=likelihood,
        precision=precision,
        context_dim=context_dim,
    )
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32  # of the masked networks alone
    iaf = InverseAutoregressiveFlows(num_flows, flow_hidden, dtype=dtype)
    maps = iaf if flow == "iaf" else PlanarFlows(num_flows)

    def posterior(key, variables, x):
        mean, log_variance, context = encoder.posterior(variables, x)
        z = gaussian_sample(key, mean, log_variance)
        end, log_det = maps.apply(variables["flow"], z, context)
        return end, gaussian_log_prob(z, mean, log_variance) - log_det

    def encode(variables, x):
        """Where the maps send the mean of z_0."""
        mean, _, context = encoder.posterior(variables, x)
        return maps.apply(variables["flow"], mean, context)[0]

    latents = gaussian_latents(encoder, decoder, latent_dim)
    latents = latents._replace(posterior=posterior, moments=None)  # it is no Gaussian any more
    z, context = jnp.zeros((1, latent_dim)), jnp.zeros((1, context_dim))
    networks = {
        **encoder.networks,
        **decoder.networks,
        "flow": lambda key, batch: maps.init(key, z, context),
    }
    objective = negative_elbo(spec, sampled_terms(latents))
    return latent_model(
        spec,
        networks,
        [Player(tuple(networks), objective, optax.adam(learning_rate), name="vae")],
        latents,
        decoder,
        encode=encode,
        importance_samples=importance_samples,
    )
