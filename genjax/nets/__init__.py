"""Layers and networks that more than one system uses: arrays to arrays, one file a kind."""

from genjax.nets.autoencoder import ARCHITECTURES, encoder_and_decoder
from genjax.nets.causal import (
    CausalConv,
    CausalWindow,
    channel_groups,
    channel_mask,
    place,
    pointwise,
    raster_mask,
    row_above,
    shift_down,
)
from genjax.nets.convolution import Conv, ConvTranspose
from genjax.nets.convolutional import ConvDecoder, ConvEncoder
from genjax.nets.deterministic import Autoencoder, deterministic_autoencoder
from genjax.nets.first_clusters import STARTS, first_clusters
from genjax.nets.flows import InverseAutoregressiveFlows, PlanarFlows, planar
from genjax.nets.masked import Made, natural_degrees, random_degrees
from genjax.nets.mlp import GatedMlp, Mlp
from genjax.nets.normalization import BatchNorm
from genjax.nets.recurrent import DiagonalBiLstm, RowLstm, lstm_cell, skew, unskew
from genjax.nets.residual import ResidualBlock, ResidualDecoder, ResidualEncoder
from genjax.nets.super_resolution import SubPixelNet, SuperResolutionResNet, pixel_shuffle
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
    "STARTS",
    "Autoencoder",
    "BatchNorm",
    "CausalConv",
    "CausalWindow",
    "Codebook",
    "Conv",
    "ConvDecoder",
    "ConvEncoder",
    "ConvTranspose",
    "DiagonalBiLstm",
    "GatedMlp",
    "InverseAutoregressiveFlows",
    "Made",
    "Mlp",
    "PlanarFlows",
    "ResidualBlock",
    "ResidualDecoder",
    "ResidualEncoder",
    "RowLstm",
    "SubPixelNet",
    "SuperResolutionResNet",
    "channel_groups",
    "channel_mask",
    "code_counts",
    "deterministic_autoencoder",
    "encoder_and_decoder",
    "first_clusters",
    "lstm_cell",
    "move_codebook",
    "natural_degrees",
    "nearest_code",
    "new_codebook",
    "perplexity",
    "pixel_shuffle",
    "place",
    "planar",
    "pointwise",
    "random_degrees",
    "raster_mask",
    "row_above",
    "shift_down",
    "skew",
    "straight_through",
    "unskew",
]
