"""Variational autoencoders: latents with a prior, an encoder for their posterior, a bound."""

from genjax.vae.adversarial_autoencoder import adversarial_autoencoder
from genjax.vae.beta_tc_vae import beta_tc_vae
from genjax.vae.beta_vae import beta_vae
from genjax.vae.conditional_vae import conditional_vae
from genjax.vae.factor_vae import factor_vae
from genjax.vae.hierarchical_vae import hierarchical_vae
from genjax.vae.info_vae import info_vae
from genjax.vae.iwae import iwae
from genjax.vae.vade import vade
from genjax.vae.vae import vae
from genjax.vae.vae_flow import vae_flow
from genjax.vae.vampprior import vampprior
from genjax.vae.vq_vae import vq_vae
from genjax.vae.wae_mmd import wae_mmd

MODELS = {
    "vae": vae,
    "beta_vae": beta_vae,
    "iwae": iwae,
    "conditional_vae": conditional_vae,
    "beta_tc_vae": beta_tc_vae,
    "vampprior": vampprior,
    "hierarchical_vae": hierarchical_vae,
    "vae_flow": vae_flow,
    "factor_vae": factor_vae,
    "info_vae": info_vae,
    "vade": vade,
    "wae_mmd": wae_mmd,
    "adversarial_autoencoder": adversarial_autoencoder,
    "vq_vae": vq_vae,
}

__all__ = [
    "MODELS",
    "adversarial_autoencoder",
    "beta_tc_vae",
    "beta_vae",
    "conditional_vae",
    "factor_vae",
    "hierarchical_vae",
    "info_vae",
    "iwae",
    "vade",
    "vae",
    "vae_flow",
    "vampprior",
    "vq_vae",
    "wae_mmd",
]
