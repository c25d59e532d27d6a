"""Generator and discriminator chosen for the look of the data."""

import math
from collections.abc import Callable

import flax.linen as nn
import jax.numpy as jnp

from genjax.core import Spec, check_name
from genjax.nets import (
    DcganDiscriminator,
    DcganGenerator,
    MlpDiscriminator,
    MlpGenerator,
    Network,
    TrunkEncoder,
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
    mlp_batch_norm: bool = False,
    label_once: bool = False,
    logit: bool = True,
    around_discriminator: Callable[[nn.Module], nn.Module] | None = None,
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
        mlp_batch_norm: whether the hidden layers of an MLP generator have it.
        label_once: of DCGAN's two, whether the label enters the first layer alone.
        logit: whether the discriminator has a head of that name.
        around_discriminator: makes the network of that module: what it needs besides.
        num_parameters: how many numbers the generator gives for each element in place of its value, the
            parameters of a likelihood: [B, *shape, P] of an MLP, [B, H, W, C P] of DCGAN, without
            bounds; 0 for the value.
        precision: `float32` or `bf16`.

    Raises:
        ValueError: for an unknown architecture, or DCGAN for what is no image.
    """
    architecture, hidden, width = chosen(spec, architecture, hidden, width)
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
    seen = num_classes if label_to_discriminator else 0
    bounded = not (num_parameters or (spec.num_levels is None and spec.entry == "vector"))
    shape = tuple(spec.shape)
    if architecture == "dcgan":
        generator = DcganGenerator(
            (*shape[:-1], shape[-1] * max(1, num_parameters)),
            width,
            num_classes,
            generator_norm,
            upsampling,
            generator_noise,
            generator_dropout,
            dtype,
            label_once,
            bounded,
        )
        discriminator = DcganDiscriminator(
            width, seen, heads, discriminator_norm, dtype, logit, label_once
        )
    else:
        generator = MlpGenerator(
            (*shape, num_parameters) if num_parameters else shape,
            hidden,
            bounded,
            num_classes,
            generator_noise,
            generator_dropout,
            dtype,
            mlp_batch_norm,
        )
        discriminator = MlpDiscriminator(
            hidden if discriminator_hidden is None else discriminator_hidden,
            seen,
            heads,
            maxout_pieces,
            input_dropout_rate,
            dropout_rate,
            dtype,
            logit=logit,
        )
    if around_discriminator is not None:
        discriminator = around_discriminator(discriminator)
    label = jnp.zeros(1, jnp.int32)
    z, x = jnp.zeros((1, latent_dim)), jnp.zeros((1, *spec.shape))
    return (
        network(generator, z, *([label] if num_classes else [])),
        network(discriminator, x, *([label] if seen else [])),
    )


def reader(
    spec: Spec,
    heads: dict[str, int],
    *,
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    num_classes: int = 0,
    norm: str = "batch",
    precision: str = "float32",
) -> Network:
    """A network that reads examples and judges none, such as an encoder or a classifier.

    The discriminator of `generator_and_discriminator` without its logit: `(x[, label])`, x in the
    networks' range -> {`features`: [B, F], head: [B, width]}.

    Args:
        spec, architecture, hidden, width, num_classes, precision: as there.
        heads: name -> width.
        norm: of DCGAN's.

    Raises:
        ValueError: as there.
    """
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
    architecture, hidden, width = chosen(spec, architecture, hidden, width)
    if architecture == "dcgan":
        module = DcganDiscriminator(width, num_classes, heads, norm, dtype, logit=False)
    else:
        module = MlpDiscriminator(hidden, num_classes, heads, dtype=dtype, logit=False)
    label = [jnp.zeros(1, jnp.int32)] if num_classes else []
    return network(module, jnp.zeros((1, *spec.shape)), *label)


def chosen(
    spec: Spec,
    architecture: str | None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
) -> tuple[str, tuple[int, ...], int]:
    """What is not given of (architecture, hidden, width), as `generator_and_discriminator` has it.

    Raises:
        ValueError: for an unknown architecture, or DCGAN for what is no image.
    """
    is_image = spec.entry == "image"
    if spec.entry not in ("image", "vector"):
        raise ValueError(f"this model takes images or vectors, and these examples are {spec.entry}")
    side = min(spec.shape[:2])
    if architecture is None:
        architecture = "dcgan" if is_image and side >= 12 else "mlp"
    check_name("architecture", architecture, ARCHITECTURES)
    if architecture == "dcgan" and not is_image:
        raise ValueError(
            f"dcgan needs images, got examples of shape {tuple(spec.shape)}: --set architecture=mlp"
        )
    if hidden is None:
        hidden = (1200, 1200) if math.prod(spec.shape) >= 784 else (256, 256)
    if width is None:
        width = 128 if side >= 2 * _LARGE else 64 if side >= _LARGE else 32
    return architecture, hidden, width


def encoder_for(
    spec: Spec,
    num_codes: int,
    *,
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    norm: str = "batch",
    precision: str = "float32",
) -> Network:
    """x -> [B, num_codes]: the trunk of the discriminator of that look, with a linear head of codes.

    Args:
        spec, architecture, hidden, width, precision: as in `generator_and_discriminator`.
        num_codes: outputs.
        norm: of all layers but the first: `batch` or `none`.

    Raises:
        ValueError: as there.
    """
    architecture, hidden, width = chosen(spec, architecture, hidden, width)
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
    if architecture == "dcgan":
        encoder = TrunkEncoder(num_codes, width=width, norm=norm, dtype=dtype)
    else:
        encoder = TrunkEncoder(num_codes, hidden, norm=norm, dtype=dtype)
    return network(encoder, jnp.zeros((1, *spec.shape)))
