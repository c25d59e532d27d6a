"""Layers and networks that more than one system uses: arrays to arrays, one file a kind."""

from genjax.nets.autoencoder import ARCHITECTURES, encoder_and_decoder
from genjax.nets.convolution import Conv, ConvTranspose
from genjax.nets.convolutional import ConvDecoder, ConvEncoder
from genjax.nets.mlp import Mlp
from genjax.nets.normalization import BatchNorm

__all__ = [
    "ARCHITECTURES",
    "BatchNorm",
    "Conv",
    "ConvDecoder",
    "ConvEncoder",
    "ConvTranspose",
    "Mlp",
    "encoder_and_decoder",
]
