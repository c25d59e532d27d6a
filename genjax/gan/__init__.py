"""Generative adversarial networks: players with objectives of their own, one file a system."""

from genjax.gan.biggan import biggan
from genjax.gan.cyclegan import cyclegan
from genjax.gan.dcgan import dcgan
from genjax.gan.gan import gan
from genjax.gan.lsgan import lsgan
from genjax.gan.pix2pix import pix2pix
from genjax.gan.progan import progan
from genjax.gan.sngan import sngan
from genjax.gan.srgan import srgan
from genjax.gan.wgan import wgan
from genjax.gan.wgan_gp import wgan_gp

MODELS = {
    "gan": gan,
    "dcgan": dcgan,
    "lsgan": lsgan,
    "wgan": wgan,
    "wgan_gp": wgan_gp,
    "pix2pix": pix2pix,
    "cyclegan": cyclegan,
    "sngan": sngan,
    "biggan": biggan,
    "progan": progan,
    "srgan": srgan,
}

__all__ = [
    "MODELS",
    "biggan",
    "cyclegan",
    "dcgan",
    "gan",
    "lsgan",
    "pix2pix",
    "progan",
    "sngan",
    "srgan",
    "wgan",
    "wgan_gp",
]
