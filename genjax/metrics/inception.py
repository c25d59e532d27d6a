"""FID-Inception, the network of published FIDs, from a weights file that the caller has: no download.

Inception v3 as TensorFlow-slim trained it in 2015 (`inception-2015-12-05`), whose graph is not that of
the paper in three places: its average pools leave the padding out, its last block has a maximum pool,
and it has 1008 logits. The names of layers are torch-fidelity's and pytorch-fid's, whose files fit.

References: Szegedy et al., 2015, arXiv:1512.00567; Heusel et al., 2017, arXiv:1706.08500; Obukhov et
    al.,
torch-fidelity, 2020, doi:10.5281/zenodo.4957738.
"""

from functools import partial
from pathlib import Path

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from genjax.metrics.judge import Judge, digest
from genjax.nets import Conv

SIDE = 299
NUM_FEATURES = 2048
NUM_LOGITS = 1008
_EPSILON = 1e-3  # of its batch normalisation

# Branches of a block: layers (name, features, window, stride), one after the other. Windows wider than
# 1 are padded to keep the size, but for those of stride 2.
_A = lambda pool: (
    (("branch1x1", 64, (1, 1), 1),),
    (("branch5x5_1", 48, (1, 1), 1), ("branch5x5_2", 64, (5, 5), 1)),
    (
        ("branch3x3dbl_1", 64, (1, 1), 1),
        ("branch3x3dbl_2", 96, (3, 3), 1),
        ("branch3x3dbl_3", 96, (3, 3), 1),
    ),
    ("mean", ("branch_pool", pool, (1, 1), 1)),
)
_B = (
    (("branch3x3", 384, (3, 3), 2),),
    (
        ("branch3x3dbl_1", 64, (1, 1), 1),
        ("branch3x3dbl_2", 96, (3, 3), 1),
        ("branch3x3dbl_3", 96, (3, 3), 2),
    ),
    ("max2",),
)
_C = lambda width: (
    (("branch1x1", 192, (1, 1), 1),),
    (
        ("branch7x7_1", width, (1, 1), 1),
        ("branch7x7_2", width, (1, 7), 1),
        ("branch7x7_3", 192, (7, 1), 1),
    ),
    (
        ("branch7x7dbl_1", width, (1, 1), 1),
        ("branch7x7dbl_2", width, (7, 1), 1),
        ("branch7x7dbl_3", width, (1, 7), 1),
        ("branch7x7dbl_4", width, (7, 1), 1),
        ("branch7x7dbl_5", 192, (1, 7), 1),
    ),
    ("mean", ("branch_pool", 192, (1, 1), 1)),
)
_D = (
    (("branch3x3_1", 192, (1, 1), 1), ("branch3x3_2", 320, (3, 3), 2)),
    (
        ("branch7x7x3_1", 192, (1, 1), 1),
        ("branch7x7x3_2", 192, (1, 7), 1),
        ("branch7x7x3_3", 192, (7, 1), 1),
        ("branch7x7x3_4", 192, (3, 3), 2),
    ),
    ("max2",),
)
# A pair in the place of a layer: both see the same input, and their outputs are joined.
_E = lambda pool: (
    (("branch1x1", 320, (1, 1), 1),),
    (
        ("branch3x3_1", 384, (1, 1), 1),
        (("branch3x3_2a", 384, (1, 3), 1), ("branch3x3_2b", 384, (3, 1), 1)),
    ),
    (
        ("branch3x3dbl_1", 448, (1, 1), 1),
        ("branch3x3dbl_2", 384, (3, 3), 1),
        (("branch3x3dbl_3a", 384, (1, 3), 1), ("branch3x3dbl_3b", 384, (3, 1), 1)),
    ),
    (pool, ("branch_pool", 192, (1, 1), 1)),
)
_BLOCKS = {
    "Mixed_5b": _A(32),
    "Mixed_5c": _A(64),
    "Mixed_5d": _A(64),
    "Mixed_6a": _B,
    "Mixed_6b": _C(128),
    "Mixed_6c": _C(160),
    "Mixed_6d": _C(160),
    "Mixed_6e": _C(192),
    "Mixed_7a": _D,
    "Mixed_7b": _E("mean"),
    "Mixed_7c": _E("max"),
}


class _Unit(nn.Module):
    """Convolution, batch normalisation by running moments, ReLU."""

    features: int
    window: tuple[int, int]
    stride: int = 1
    same: bool = True

    @nn.compact
    def __call__(self, x):
        padding = "SAME" if self.same else "VALID"
        strides = (self.stride,) * 2
        conv = Conv(self.features, self.window, strides, padding, use_bias=False, name="conv")
        norm = nn.BatchNorm(use_running_average=True, epsilon=_EPSILON, name="bn")
        return nn.relu(norm(conv(x)))


class InceptionNet(nn.Module):
    """The network: parameters are named as in torch-fidelity, a layer's full name in one piece."""

    @nn.compact
    def __call__(self, images: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        """RGB images [B, 299, 299, 3] in [-1, 1] to features, logits, and logits without the bias."""
        x = _Unit(32, (3, 3), 2, False, name="Conv2d_1a_3x3")(images)
        x = _Unit(32, (3, 3), 1, False, name="Conv2d_2a_3x3")(x)
        x = _Unit(64, (3, 3), name="Conv2d_2b_3x3")(x)
        x = _pool("max2", x)
        x = _Unit(80, (1, 1), name="Conv2d_3b_1x1")(x)
        x = _Unit(192, (3, 3), 1, False, name="Conv2d_4a_3x3")(x)
        x = _pool("max2", x)
        for name, branches in _BLOCKS.items():
            x = jnp.concatenate([self._branch(name, branch, x) for branch in branches], axis=-1)
        features = x.mean(axis=(1, 2))
        kernel = self.param("fc.weight", nn.initializers.lecun_normal(), (NUM_FEATURES, NUM_LOGITS))
        bias = self.param("fc.bias", nn.initializers.zeros, (NUM_LOGITS,))
        unbiased = features @ kernel
        return features, unbiased + bias[None], unbiased

    def _branch(self, block, steps, x):
        for step in steps:
            if isinstance(step, str):
                x = _pool(step, x)
            elif isinstance(step[0], tuple):
                x = jnp.concatenate([self._branch(block, (one,), x) for one in step], axis=-1)
            else:
                name, features, window, stride = step
                x = _Unit(features, window, stride, stride == 1, name=f"{block}.{name}")(x)
        return x


def load_inception(path: str | Path) -> Judge:
    """FID-Inception with the weights of a file, for `judged`, `set_metrics` and their like.

    Its examples are images of any size, RGB or grey, in [0, 1]; they are rounded to bytes, as files of
    images are, resized to 299 as TensorFlow 1 did (no antialiasing), and scaled to (x - 128) / 128.
    Features are the 2048 of the last pool. The logits leave the bias out, as those of published
    Inception scores do.

    Args:
        path: of a state dict (`.pth`, `.pt`; needs torch), or of the same arrays by the same names and
            in the same order of axes (`.npz`).

    Raises:
        ValueError: if the file cannot be read, torch is missing, or an array is missing or misshaped.
    """
    path = Path(path)
    arrays = _read(path)
    like = jax.eval_shape(InceptionNet().init, jax.random.key(0), jnp.zeros((1, SIDE, SIDE, 3)))
    variables = jax.tree_util.tree_map_with_path(partial(_fitted, path, arrays), like)
    return Judge(
        f"fid-inception {digest(variables)}",
        variables,
        _features_and_logits,
        {"imagenet": NUM_LOGITS},
        {},
        None,
    )


def resized(images: jax.Array, side: int) -> jax.Array:
    """Bilinear, as TensorFlow 1 did: pixel j of the result is read at j * old / new, no antialiasing.

    Args:
        images: [B, H, W, C].
        side: height and width of the result.
    """
    for axis in (1, 2):
        old = images.shape[axis]
        place = jnp.arange(side, dtype=jnp.float32) * jnp.float32(old / side)
        low = place.astype(jnp.int32)
        shape = [1] * images.ndim
        shape[axis] = side
        weight = (place - low).reshape(shape)
        below = jnp.take(images, low, axis=axis)
        above = jnp.take(images, jnp.minimum(low + 1, old - 1), axis=axis)
        images = below + (above - below) * weight
    return images


@jax.jit
def _features_and_logits(variables, images):
    if images.ndim != 4 or images.shape[-1] not in (1, 3):
        raise ValueError(f"FID-Inception takes images [B, H, W, 1 or 3], got {images.shape}")
    x = jnp.round(255.0 * jnp.clip(images, 0.0, 1.0))
    x = jnp.broadcast_to(x, (*x.shape[:-1], 3))
    features, _, unbiased = InceptionNet().apply(variables, (resized(x, SIDE) - 128.0) / 128.0)
    return features, {"imagenet": unbiased}


def _pool(kind, x):
    if kind == "max2":
        return nn.max_pool(x, (3, 3), (2, 2))
    if kind == "max":
        return nn.max_pool(x, (3, 3), padding="SAME")
    return nn.avg_pool(x, (3, 3), padding="SAME", count_include_pad=False)


def _read(path):
    """The arrays of a weights file, by torch-fidelity's names."""
    try:
        if path.suffix == ".npz":
            with np.load(path, allow_pickle=False) as file:
                return dict(file)
        import torch

        state = torch.load(path, map_location="cpu", weights_only=True)
        return {name: tensor.numpy() for name, tensor in state.items()}
    except ImportError as error:
        raise ValueError(
            f"{path} needs torch to be read: pip install torch, or give a .npz"
        ) from error
    except Exception as error:  # whatever a broken file or zip or pickle makes of itself
        raise ValueError(f"{path}: weights that cannot be read: {error}") from error


def _fitted(path, arrays, place, like):
    """The array of a leaf of linen's variables, in linen's order of axes."""
    keys = [key.key for key in place][1:]
    torch_names = {
        "kernel": "weight",
        "scale": "weight",
        "mean": "running_mean",
        "var": "running_var",
    }
    name = ".".join((*keys[:-1], torch_names.get(keys[-1], keys[-1])))
    if name not in arrays:
        raise ValueError(f"{path} has no {name!r}: is it the state dict of FID-Inception?")
    array = np.asarray(arrays[name], np.float32)
    if array.ndim > 1:  # [O, I, h, w] to [h, w, I, O], and [O, I] to [I, O]
        array = array.transpose(2, 3, 1, 0) if array.ndim == 4 else array.T
    if array.shape != like.shape:
        raise ValueError(f"{path}: {name!r} should give shape {like.shape}, it gives {array.shape}")
    return array
