"""Generative adversarial networks: players with objectives of their own, one file a system."""

from genjax.gan.acgan import acgan
from genjax.gan.adagan import adagan
from genjax.gan.aegan import aegan
from genjax.gan.affgan import affgan
from genjax.gan.age_cgan import age_cgan
from genjax.gan.al_cgan import al_cgan
from genjax.gan.ali import ali
from genjax.gan.am_gan import am_gan
from genjax.gan.anogan import anogan
from genjax.gan.artgan import artgan
from genjax.gan.b_gan import b_gan
from genjax.gan.bayesian_gan import bayesian_gan
from genjax.gan.began import began
from genjax.gan.bigan import bigan
from genjax.gan.biggan import biggan
from genjax.gan.bs_gan import bs_gan
from genjax.gan.c_rnn_gan import c_rnn_gan
from genjax.gan.calogan import calogan
from genjax.gan.catgan import catgan
from genjax.gan.ccgan import ccgan
from genjax.gan.cgan import cgan
from genjax.gan.cogan import cogan
from genjax.gan.context_rnn_gan import context_rnn_gan
from genjax.gan.cs_gan import cs_gan
from genjax.gan.cvae_gan import cvae_gan
from genjax.gan.cyclegan import cyclegan
from genjax.gan.dcgan import dcgan
from genjax.gan.gan import gan
from genjax.gan.gan_3d import gan_3d
from genjax.gan.improved_gan import improved_gan
from genjax.gan.infogan import infogan
from genjax.gan.lfvi import lfvi
from genjax.gan.lsgan import lsgan
from genjax.gan.pix2pix import pix2pix
from genjax.gan.progan import progan
from genjax.gan.sngan import sngan
from genjax.gan.srgan import srgan
from genjax.gan.text_to_image import text_to_image
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
    "cgan": cgan,
    "acgan": acgan,
    "infogan": infogan,
    "improved_gan": improved_gan,
    "text_to_image": text_to_image,
    "adagan": adagan,
    "lfvi": lfvi,
    "calogan": calogan,
    "bayesian_gan": bayesian_gan,
    "ali": ali,
    "bigan": bigan,
    "aegan": aegan,
    "anogan": anogan,
    "cvae_gan": cvae_gan,
    "affgan": affgan,
    "age_cgan": age_cgan,
    "am_gan": am_gan,
    "artgan": artgan,
    "catgan": catgan,
    "ccgan": ccgan,
    "b_gan": b_gan,
    "bs_gan": bs_gan,
    "began": began,
    "c_rnn_gan": c_rnn_gan,
    "context_rnn_gan": context_rnn_gan,
    "cogan": cogan,
    "al_cgan": al_cgan,
    "cs_gan": cs_gan,
    "gan_3d": gan_3d,
}

__all__ = [
    "MODELS",
    "acgan",
    "adagan",
    "aegan",
    "affgan",
    "age_cgan",
    "al_cgan",
    "ali",
    "am_gan",
    "anogan",
    "artgan",
    "b_gan",
    "bayesian_gan",
    "began",
    "bigan",
    "biggan",
    "bs_gan",
    "c_rnn_gan",
    "calogan",
    "catgan",
    "ccgan",
    "cgan",
    "cogan",
    "context_rnn_gan",
    "cs_gan",
    "cvae_gan",
    "cyclegan",
    "dcgan",
    "gan",
    "gan_3d",
    "improved_gan",
    "infogan",
    "lfvi",
    "lsgan",
    "pix2pix",
    "progan",
    "sngan",
    "srgan",
    "text_to_image",
    "wgan",
    "wgan_gp",
]
