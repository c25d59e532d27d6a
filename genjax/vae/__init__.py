"""Variational autoencoders: latents with a prior, an encoder for their posterior, a bound."""

from genjax.vae.vae import vae

MODELS = {"vae": vae}

__all__ = ["MODELS", "vae"]
