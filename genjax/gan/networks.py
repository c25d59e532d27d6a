"""Generator and discriminator chosen for the look of the data."""

import math

import jax.numpy as jnp

from genjax.core import Spec
from genjax.nets import (
    DcganDiscriminator,
    DcganGenerator,
    MlpDiscriminator,
    MlpGenerator,
    Network,
    network,
)

ARCHITECTURES = ("mlp", "dcgan")
_LARGE = 32  # pixels a side, from which on the paper's width is used


def generator_and_discriminator(
    spec: Spec,
    latent_dim: int,
    *,
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    discriminator_hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    num_classes: int = 0,
    label_to_discriminator: bool = True,
    heads: dict[str, int] | None = None,
    discriminator_norm: str = "batch",
    generator_norm: str = "batch",
    upsampling: str = "transposed",
    maxout_pieces: int = 1,
    input_dropout_rate: float = 0.0,
    dropout_rate: float = 0.0,
    generator_noise: float = 0.0,
    generator_dropout: float = 0.0,
    num_parameters: int = 0,
    precision: str = "float32",
) -> tuple[Network, Network]:
    """The two networks of a simple GAN.

    Args:
        spec: of vectors or images.
        latent_dim: numbers in z.
        architecture: `mlp`, or `dcgan` for images. None: `dcgan` for images of 12x12 or more.
        hidden: widths of an MLP's hidden layers. None: (1200, 1200) from 28x28 on, (256, 256) below.
        discriminator_hidden: of the discriminator's, if they differ.
        width: of DCGAN. None: the paper's 128 from 64x64 on, 64 from 32x32 on, 32 below.
        num_classes: of the label that the networks read; 0 for none.
        label_to_discriminator: whether the discriminator reads it too.
        heads: name -> width of further heads of the discriminator.
        discriminator_norm, generator_norm, upsampling: of DCGAN.
        maxout_pieces, input_dropout_rate, dropout_rate: of the MLP discriminator.
        generator_noise, generator_dropout: see `MlpGenerator`.
        num_parameters: how many numbers the generator gives for each element in place of its value, the
            parameters of a likelihood: [B, *shape, P] of an MLP, [B, H, W, C P] of DCGAN, without
            bounds; 0 for the value.
        precision: `float32` or `bf16`.

    Raises:
        ValueError: for an unknown architecture, or DCGAN for what is no image.
    """
    is_image = spec.entry == "image"
    if spec.entry not in ("image", "vector"):
        raise ValueError(f"this model takes images or vectors, and these examples are {spec.entry}")
    if architecture is None:
        architecture = "dcgan" if is_image and min(spec.shape[:2]) >= 12 else "mlp"
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"architecture must be one of {', '.join(ARCHITECTURES)}, got {architecture!r}"
        )
    if architecture == "dcgan" and not is_image:
        raise ValueError(
            f"dcgan needs images, got examples of shape {tuple(spec.shape)}: --set architecture=mlp"
        )
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
    seen = num_classes if label_to_discriminator else 0
    bounded = not (num_parameters or (spec.num_levels is None and spec.entry == "vector"))
    shape = tuple(spec.shape)
    if architecture == "dcgan":
        if width is None:
            side = min(spec.shape[:2])
            width = 128 if side >= 2 * _LARGE else 64 if side >= _LARGE else 32
        generator = DcganGenerator(
            (*shape[:-1], shape[-1] * max(1, num_parameters)),
            width,
            num_classes,
            generator_norm,
            upsampling,
            generator_noise,
            generator_dropout,
            dtype,
            bounded,
        )
        discriminator = DcganDiscriminator(width, seen, heads, discriminator_norm, dtype)
    else:
        numbers = math.prod(shape)
        if hidden is None:
            hidden = (1200, 1200) if numbers >= 784 else (256, 256)
        generator = MlpGenerator(
            (*shape, num_parameters) if num_parameters else shape,
            hidden,
            bounded,
            num_classes,
            generator_noise,
            generator_dropout,
            dtype,
        )
        discriminator = MlpDiscriminator(
            hidden if discriminator_hidden is None else discriminator_hidden,
            seen,
            heads,
            maxout_pieces,
            input_dropout_rate,
            dropout_rate,
            dtype,
        )
    label = jnp.zeros(1, jnp.int32)
    z, x = jnp.zeros((1, latent_dim)), jnp.zeros((1, *spec.shape))
    return (
        network(generator, z, *([label] if num_classes else [])),
        network(discriminator, x, *([label] if seen else [])),
    )
