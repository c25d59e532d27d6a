"""Autoencoders: one file a system, and `MODELS`, from name to the function that makes it."""

from genjax.autoencoders.autoencoder import autoencoder
from genjax.autoencoders.compressive_autoencoder import compressive_autoencoder
from genjax.autoencoders.contractive_autoencoder import contractive_autoencoder
from genjax.autoencoders.convolutional_autoencoder import convolutional_autoencoder
from genjax.autoencoders.dec import dec
from genjax.autoencoders.denoising_autoencoder import denoising_autoencoder
from genjax.autoencoders.espcn import espcn
from genjax.autoencoders.sparse_autoencoder import sparse_autoencoder
from genjax.autoencoders.srcnn import srcnn
from genjax.autoencoders.srresnet import srresnet

MODELS = {
    "autoencoder": autoencoder,
    "sparse_autoencoder": sparse_autoencoder,
    "contractive_autoencoder": contractive_autoencoder,
    "denoising_autoencoder": denoising_autoencoder,
    "convolutional_autoencoder": convolutional_autoencoder,
    "compressive_autoencoder": compressive_autoencoder,
    "srcnn": srcnn,
    "espcn": espcn,
    "srresnet": srresnet,
    "dec": dec,
}

__all__ = [
    "MODELS",
    "autoencoder",
    "compressive_autoencoder",
    "contractive_autoencoder",
    "convolutional_autoencoder",
    "dec",
    "denoising_autoencoder",
    "espcn",
    "sparse_autoencoder",
    "srcnn",
    "srresnet",
]
