"""VGG's convolutions, as features that images are compared by, and its weights from a file."""

from collections.abc import Mapping
from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from genjax.nets.convolution import Conv

VGG19_BLOCKS = ((64,) * 2, (128,) * 2, (256,) * 4, (512,) * 4, (512,) * 4)
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)  # of ImageNet, as torchvision has them


class VggFeatures(nn.Module):
    """Blocks of 3x3 convolutions with ReLU, each but the first after a 2x2 maximum.

    The result is that of the last block's last convolution, after its ReLU: with VGG19's blocks it is
    phi_{5,4}.

    Attributes:
        blocks: channels of the convolutions of each block.

    Reference: Simonyan and Zisserman, 2015, arXiv:1409.1556, table 1, column E.
    """

    blocks: tuple[tuple[int, ...], ...] = VGG19_BLOCKS

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[B, H, W, C] -> [B, h, w, F]; each maximum halves the sides, rounded down but not to 0."""
        for index, widths in enumerate(self.blocks):
            if index and min(x.shape[1:3]) > 1:
                x = nn.max_pool(x, (2, 2), (2, 2))
            for width in widths:
                start = nn.initializers.he_normal()
                x = nn.relu(Conv(width, (3, 3), kernel_init=start)(x))
        return x


def imagenet_range(images: jax.Array) -> jax.Array:
    """[B, H, W, 1 or 3] in [0, 1] as VGG expects them: RGB less its mean, over its deviation.

    Raises:
        ValueError: for another number of channels.
    """
    if images.shape[-1] not in (1, 3):
        raise ValueError(f"VGG sees grey or RGB images, got shape {images.shape}")
    return (images - jnp.asarray(_MEAN)[None, None, None]) / jnp.asarray(_STD)[None, None, None]


def load_vgg19(path: str | Path) -> dict:
    """Variables of `VggFeatures()` from a file of VGG19's weights, by torchvision's names.

    `features.0.weight` [O, I, 3, 3], `features.0.bias` and so on, the numbers being places in
    torchvision's Sequential of convolutions, ReLUs and maxima; what else is there is left out. Nothing
    is downloaded.

    Args:
        path: of an .npz, or of a .pth that torch (which must be installed) has saved.

    Raises:
        ValueError: where the file is not there, of another kind, or lacks a layer.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"no file of VGG19's weights at {path}: pass that of an .npz or .pth")
    if path.suffix == ".npz":
        with np.load(path) as stored:
            return vgg_variables(dict(stored))
    if path.suffix in (".pth", ".pt"):
        return vgg_variables(_from_torch(path))
    raise ValueError(f"VGG19's weights are an .npz or .pth, got {path.name}")


def vgg_variables(
    weights: Mapping[str, np.ndarray], blocks: tuple[tuple[int, ...], ...] = VGG19_BLOCKS
) -> dict:
    """Variables of `VggFeatures(blocks)` from arrays by torchvision's names, see `load_vgg19`.

    Raises:
        ValueError: for a layer that is missing or of another shape.
    """
    params, place, channels = {}, 0, 3
    for widths in blocks:
        for width in widths:
            shape = (width, channels, 3, 3)
            kernel, bias = (
                np.asarray(weights.get(f"features.{place}.{n}", ())) for n in ("weight", "bias")
            )
            if kernel.shape != shape or bias.shape != shape[:1]:
                raise ValueError(
                    f"VGG's features.{place} has weight {shape} and bias {shape[:1]}, got "
                    f"{kernel.shape} and {bias.shape}"
                )
            params[f"Conv_{len(params)}"] = {
                "kernel": jnp.asarray(kernel.transpose(2, 3, 1, 0), jnp.float32),
                "bias": jnp.asarray(bias, jnp.float32),
            }
            place, channels = place + 2, width  # a ReLU between
        place += 1  # the maximum
    return {"params": params}


def _from_torch(path):
    try:
        import torch
    except ImportError as error:
        raise ValueError(f"{path.name} needs torch: install it, or pass an .npz") from error
    stored = torch.load(path, map_location="cpu", weights_only=True)
    return {name: tensor.numpy() for name, tensor in stored.items()}
