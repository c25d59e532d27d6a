"""Layers and networks that more than one system uses: arrays to arrays, one file a kind."""

from genjax.nets.adversarial_mlp import MlpDiscriminator, MlpGenerator
from genjax.nets.affine_projection import REDUCTIONS, Reduction, affine_projection, reduction
from genjax.nets.autoencoder import ARCHITECTURES, encoder_and_decoder
from genjax.nets.calorimeter import (
    ShowerDiscriminator,
    ShowerGenerator,
    attend,
    resize_cells,
    split_layers,
)
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
from genjax.nets.conditioning import beside
from genjax.nets.convolution import Conv, ConvTranspose
from genjax.nets.convolutional import ConvDecoder, ConvEncoder
from genjax.nets.coupled import CoupledDiscriminator, CoupledGenerator, check_shared
from genjax.nets.dcgan import DcganDiscriminator, DcganGenerator
from genjax.nets.denoiser import Denoiser
from genjax.nets.deterministic import Autoencoder, deterministic_autoencoder
from genjax.nets.elu_autoencoder import (
    AutoencoderDiscriminator,
    DecoderGenerator,
    EluDecoder,
    EluEncoder,
    EluMlpDecoder,
)
from genjax.nets.equalized import EqualizedConv, EqualizedDense
from genjax.nets.first_clusters import STARTS, first_clusters
from genjax.nets.flows import InverseAutoregressiveFlows, PlanarFlows, planar
from genjax.nets.gan_resnet import ResnetDiscriminator, ResnetGenerator
from genjax.nets.hole_filler import HoleFiller
from genjax.nets.instance_norm import IMAGE_NORMS, InstanceNorm, MinibatchNorm, image_norm
from genjax.nets.joint import JointDiscriminator, TrunkEncoder
from genjax.nets.layout import LayoutDiscriminator, LayoutGenerator, num_layout_halvings, tiled
from genjax.nets.locally_connected import LocallyConnected, window_patches
from genjax.nets.masked import Made, natural_degrees, random_degrees
from genjax.nets.minibatch import MinibatchDiscrimination, minibatch_similarity
from genjax.nets.minibatch_stddev import minibatch_stddev
from genjax.nets.mlp import GatedMlp, Mlp
from genjax.nets.network import Network, network
from genjax.nets.noise import (
    Noise,
    categorical_noise,
    joint_noise,
    named_noise,
    normal_noise,
    slerp,
    split_noise,
    uniform_noise,
)
from genjax.nets.noisy_mlp import NoisyClassifier, SoftplusGenerator, WeightNormDense
from genjax.nets.normalization import BatchNorm, ConditionalBatchNorm, pixel_norm
from genjax.nets.patch import PatchDiscriminator, num_patch_layers
from genjax.nets.progressive import ProgressiveDiscriminator, ProgressiveGenerator, lerp
from genjax.nets.projection import ProjectionHead, SpectralMlpDiscriminator
from genjax.nets.recurrent import DiagonalBiLstm, RowLstm, lstm_cell, skew, unskew
from genjax.nets.recurrent_players import (
    CELLS,
    BidirectionalDiscriminator,
    ContextDiscriminator,
    FeedbackRnn,
    mean_decision,
)
from genjax.nets.resampling import double, halve, num_halvings, resampled_conv
from genjax.nets.residual import ResidualBlock, ResidualDecoder, ResidualEncoder
from genjax.nets.self_attention import SelfAttention
from genjax.nets.sequence_to_sequence import (
    PairDiscriminator,
    SentenceFeatures,
    Translator,
    highway,
)
from genjax.nets.sequences import beam_search, draw_sequence, log_probs_of
from genjax.nets.spectral import (
    SpectralConv,
    SpectralDense,
    SpectralEmbed,
    largest_singular_value,
)
from genjax.nets.super_resolution import (
    SubPixelNet,
    SuperResolutionDiscriminator,
    SuperResolutionResNet,
    check_enlargeable,
    pixel_shuffle,
    pixel_unshuffle,
    super_resolution_discriminator,
    super_resolution_resnet,
)
from genjax.nets.text import ImageEncoder, ImageTrunk, TextDiscriminator, TextEncoder, TextGenerator
from genjax.nets.translation import TranslationResNet
from genjax.nets.unet import UNet
from genjax.nets.vector_quantizer import (
    Codebook,
    code_counts,
    move_codebook,
    nearest_code,
    new_codebook,
    perplexity,
    straight_through,
)
from genjax.nets.vgg import VGG19_BLOCKS, VggFeatures, imagenet_range, load_vgg19, vgg_variables
from genjax.nets.virtual_batch_norm import VirtualBatchNorm, reference_batch
from genjax.nets.volumetric import VoxelDiscriminator, VoxelGenerator, num_grid_halvings

__all__ = [
    "ARCHITECTURES",
    "CELLS",
    "IMAGE_NORMS",
    "REDUCTIONS",
    "STARTS",
    "VGG19_BLOCKS",
    "Autoencoder",
    "AutoencoderDiscriminator",
    "BatchNorm",
    "BidirectionalDiscriminator",
    "CausalConv",
    "CausalWindow",
    "Codebook",
    "ConditionalBatchNorm",
    "ContextDiscriminator",
    "Conv",
    "ConvDecoder",
    "ConvEncoder",
    "ConvTranspose",
    "CoupledDiscriminator",
    "CoupledGenerator",
    "DcganDiscriminator",
    "DcganGenerator",
    "DecoderGenerator",
    "Denoiser",
    "DiagonalBiLstm",
    "EluDecoder",
    "EluEncoder",
    "EluMlpDecoder",
    "EqualizedConv",
    "EqualizedDense",
    "FeedbackRnn",
    "GatedMlp",
    "HoleFiller",
    "ImageEncoder",
    "ImageTrunk",
    "InstanceNorm",
    "InverseAutoregressiveFlows",
    "JointDiscriminator",
    "LayoutDiscriminator",
    "LayoutGenerator",
    "LocallyConnected",
    "Made",
    "MinibatchDiscrimination",
    "MinibatchNorm",
    "Mlp",
    "MlpDiscriminator",
    "MlpGenerator",
    "Network",
    "Noise",
    "NoisyClassifier",
    "PairDiscriminator",
    "PatchDiscriminator",
    "PlanarFlows",
    "ProgressiveDiscriminator",
    "ProgressiveGenerator",
    "ProjectionHead",
    "Reduction",
    "ResidualBlock",
    "ResidualDecoder",
    "ResidualEncoder",
    "ResnetDiscriminator",
    "ResnetGenerator",
    "RowLstm",
    "SelfAttention",
    "SentenceFeatures",
    "ShowerDiscriminator",
    "ShowerGenerator",
    "SoftplusGenerator",
    "SpectralConv",
    "SpectralDense",
    "SpectralEmbed",
    "SpectralMlpDiscriminator",
    "SubPixelNet",
    "SuperResolutionDiscriminator",
    "SuperResolutionResNet",
    "TextDiscriminator",
    "TextEncoder",
    "TextGenerator",
    "TranslationResNet",
    "Translator",
    "TrunkEncoder",
    "UNet",
    "VggFeatures",
    "VirtualBatchNorm",
    "VoxelDiscriminator",
    "VoxelGenerator",
    "WeightNormDense",
    "affine_projection",
    "attend",
    "beam_search",
    "beside",
    "categorical_noise",
    "channel_groups",
    "channel_mask",
    "check_enlargeable",
    "check_shared",
    "code_counts",
    "deterministic_autoencoder",
    "double",
    "draw_sequence",
    "encoder_and_decoder",
    "first_clusters",
    "halve",
    "highway",
    "image_norm",
    "imagenet_range",
    "joint_noise",
    "largest_singular_value",
    "lerp",
    "load_vgg19",
    "log_probs_of",
    "lstm_cell",
    "mean_decision",
    "minibatch_similarity",
    "minibatch_stddev",
    "move_codebook",
    "named_noise",
    "natural_degrees",
    "nearest_code",
    "network",
    "new_codebook",
    "normal_noise",
    "num_grid_halvings",
    "num_halvings",
    "num_layout_halvings",
    "num_patch_layers",
    "perplexity",
    "pixel_norm",
    "pixel_shuffle",
    "pixel_unshuffle",
    "place",
    "planar",
    "pointwise",
    "random_degrees",
    "raster_mask",
    "reduction",
    "reference_batch",
    "resampled_conv",
    "resize_cells",
    "row_above",
    "shift_down",
    "skew",
    "slerp",
    "split_layers",
    "split_noise",
    "straight_through",
    "super_resolution_discriminator",
    "super_resolution_resnet",
    "tiled",
    "uniform_noise",
    "unskew",
    "vgg_variables",
    "window_patches",
]
