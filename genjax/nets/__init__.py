"""Layers and networks that more than one system uses: arrays to arrays, one file a kind."""

from genjax.nets.autoencoder import ARCHITECTURES, encoder_and_decoder
from genjax.nets.convolution import Conv, ConvTranspose
from genjax.nets.convolutional import ConvDecoder, ConvEncoder
from genjax.nets.flows import InverseAutoregressiveFlows, PlanarFlows, planar
from genjax.nets.masked import Made
from genjax.nets.mlp import GatedMlp, Mlp
from genjax.nets.normalization import BatchNorm
from genjax.nets.residual import ResidualBlock, ResidualDecoder, ResidualEncoder
from genjax.nets.vector_quantizer import (
    Codebook,
    code_counts,
    move_codebook,
    nearest_code,
    new_codebook,
    perplexity,
    straight_through,
)

__all__ = [
    "ARCHITECTURES",
    "BatchNorm",
    "Codebook",
    "Conv",
    "ConvDecoder",
    "ConvEncoder",
    "ConvTranspose",
    "GatedMlp",
    "InverseAutoregressiveFlows",
    "Made",
    "Mlp",
    "PlanarFlows",
    "ResidualBlock",
    "ResidualDecoder",
    "ResidualEncoder",
    "code_counts",
    "encoder_and_decoder",
    "move_codebook",
    "nearest_code",
    "new_codebook",
    "perplexity",
    "planar",
    "straight_through",
]
