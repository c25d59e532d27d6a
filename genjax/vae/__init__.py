"""Variational autoencoders: latents with a prior, an encoder for their posterior, a bound."""

from genjax.vae.beta_vae import beta_vae
from genjax.vae.vae import vae

MODELS = {"vae": vae, "beta_vae": beta_vae}

__all__ = ["MODELS", "beta_vae", "vae"]
