"""An encoder and its mirror image, chosen for what they are to read."""

import math
from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.core import check_name
from genjax.nets.convolutional import ConvDecoder, ConvEncoder
from genjax.nets.mlp import GatedMlp, Mlp

ARCHITECTURES = ("mlp", "gated", "conv")
_DTYPES = {"float32": jnp.float32, "bf16": jnp.bfloat16}


def encoder_and_decoder(
    shape: tuple[int, ...],
    num_codes: int,
    num_outputs: int,
    *,
    architecture: str = "mlp",
    hidden: tuple[int, ...] | None = None,
    initial_std: float | None = None,
    activation: Callable[[jax.Array], jax.Array] = jnp.tanh,
    precision: str = "float32",
) -> tuple[nn.Module, nn.Module]:
    """Networks [B, *shape] -> [B, num_codes], and [B, D] -> as many as `num_outputs` an example.

    Args:
        shape: of an example.
        num_codes: outputs of the encoder.
        num_outputs: outputs of the decoder; its last axes are whatever reshapes to them.
        architecture: `mlp` (tanh by default), `gated` (dense layers with gates) or `conv` (images;
            stride-2 convolutions, ReLU).
        hidden: widths of the encoder's hidden layers (channels, for `conv`), mirrored in the decoder.
            None: (500,) from 784 inputs on and (200,) below, as Kingma and Welling (2013) have it for
            MNIST and Frey Face. For `gated`: (300, 300) from 560 inputs on, as Tomczak and Welling
            (2017) have it for the same two, and (100, 100) below. (32, 64) for `conv`.
        initial_std: of all params of an `mlp`; None is linen's default.
        activation: of the hidden layers of an `mlp`.
        precision: of the computation, `float32` or `bf16`.

    Raises:
        ValueError: for an unknown name, or an architecture that does not fit the shape.
    """
    check_name("architecture", architecture, ARCHITECTURES)
    check_name("precision", precision, _DTYPES)
    if initial_std is not None and architecture != "mlp":
        raise ValueError("initial_std is an option of architecture 'mlp'")
    dtype = _DTYPES[precision]
    if architecture == "gated":
        if hidden is None:
            hidden = (300, 300) if math.prod(shape) >= 560 else (100, 100)
        hidden = tuple(hidden)
        return (
            GatedMlp(hidden, num_codes, dtype=dtype),
            GatedMlp(hidden[::-1], num_outputs, dtype=dtype),
        )
    if architecture == "mlp":
        if hidden is None:
            hidden = (500,) if math.prod(shape) >= 784 else (200,)
        options = {"dtype": dtype, "initial_std": initial_std, "activation": activation}
        return (
            Mlp(tuple(hidden), num_codes, **options),
            Mlp(tuple(hidden)[::-1], num_outputs, **options),
        )
    if len(shape) != 3:
        raise ValueError(f"architecture 'conv' needs images, got examples of shape {shape}")
    channels = tuple(hidden or (32, 64))
    height, width = shape[:2]
    image = (height, width, num_outputs // (height * width))
    return (
        ConvEncoder(channels, 256, num_codes, dtype=dtype),
        ConvDecoder(channels[::-1], 256, image, dtype=dtype),
    )
