"""A generator and an autoencoder that judges it, chosen for the look of the data."""

import math

import flax.linen as nn
import jax.numpy as jnp

from genjax.core import Spec, check_name
from genjax.nets import (
    AutoencoderDiscriminator,
    DecoderGenerator,
    EluDecoder,
    EluEncoder,
    EluMlpDecoder,
    Mlp,
    Network,
    network,
)

ARCHITECTURES = ("mlp", "conv")


def generator_and_autoencoder(
    spec: Spec,
    latent_dim: int,
    code_dim: int,
    *,
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    precision: str = "float32",
) -> tuple[Network, Network]:
    """(generator, discriminator): the one a decoder, the other an autoencoder with another like it.

    Neither is bounded; the discriminator gives `reconstruction` and `code`.

    Args:
        spec: of vectors or images.
        latent_dim: numbers in z.
        code_dim: numbers in the autoencoder's code.
        architecture: `mlp` (dense, ELU), or `conv` for images. None: `conv` of 12x12 or more.
        hidden: widths of the MLP encoder's hidden layers, mirrored in both decoders. None: (512, 512)
            from 784 numbers on, (64, 96) below.
        width: n of the convolutions. None: the paper's 128 from 64x64 on, 64 from 32x32 on, 32 below.
        precision: `float32` or `bf16`.

    Raises:
        ValueError: for an unknown architecture, convolutions for what is no image, or other data.
    """
    if spec.entry not in ("image", "vector"):
        raise ValueError(f"this model takes images or vectors, and these examples are {spec.entry}")
    shape, side = tuple(spec.shape), min(spec.shape[:2])
    is_image = spec.entry == "image"
    if architecture is None:
        architecture = "conv" if is_image and side >= 12 else "mlp"
    check_name("architecture", architecture, ARCHITECTURES)
    if architecture == "conv" and not is_image:
        raise ValueError(
            f"conv needs images, got examples of shape {shape}: --set architecture=mlp"
        )
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
    if architecture == "conv":
        width = width or (128 if side >= 64 else 64 if side >= 32 else 32)
        halvings = max(1, round(math.log2(side / 8)))  # 8x8 is left of the paper's sizes
        encoder = EluEncoder(width, code_dim, halvings, dtype)
        decoder = lambda: EluDecoder(width, shape, halvings, dtype)
    else:
        hidden = tuple(hidden or ((512, 512) if math.prod(shape) >= 784 else (64, 96)))
        encoder = Mlp(hidden, code_dim, nn.elu, dtype)
        decoder = lambda: EluMlpDecoder(hidden[::-1], shape, dtype)
    return (
        network(DecoderGenerator(decoder()), jnp.zeros((1, latent_dim))),
        network(AutoencoderDiscriminator(encoder, decoder()), jnp.zeros((1, *shape))),
    )
