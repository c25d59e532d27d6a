"""Scans of layers, as of a retina: healthy ones to learn from, and some with pockets of fluid."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core.spec import Spec
from genjax.data import rendered
from genjax.data.dataset import Splits

_SIDE = 16
_SMALLEST = 12  # below it a pocket is a pixel
_SIZES = (8192, 512, 1024)
_EDGES = (0.0, 0.1, 0.2, 0.3, 0.42, 0.5)  # depths at which layers begin, in widths of the image
_GREYS = (0.85, 0.5, 0.3, 0.6, 0.95, 0.4)  # of the layers; above the first it is dark
_DARK, _FLUID, _NOISE = 0.05, 0.08, 0.02


def scan_set(image_size: int | None = None, channels: int | None = None, seed: int = 0) -> Splits:
    """`scans`: grey images of layers, all healthy but every second one of the test split.

    Layers differ in height, tilt, bend, thickness and brightness. An ill image has one or two dark
    ellipses among them. Entries: `image`; `mask` [S, S, 1], 1 where fluid covers half of a pixel or
    more. There is no label: a model is to learn what is healthy. 8192 train, 512 validation and 1024
    test images.

    Args:
        image_size: side, 16 if not given.
        channels: 1 or 3; None is 1.
        seed: of what is continuous.

    Raises:
        ValueError: if the images would be too small to show anything.
    """
    side = _SIDE if image_size is None else image_size
    rendered.check_size("scans", side, _SMALLEST)
    channels = channels or 1
    ill = np.concatenate([np.zeros(sum(_SIZES[:2])), np.arange(_SIZES[2]) % 2]).astype(np.int32)

    def draw(key, batch):
        del key  # a row is one picture, whenever it is asked for
        keys = rendered.row_keys(seed, batch["number"])
        image, mask = render(keys, batch["ill"], image_size=side)
        kept = {name: each for name, each in batch.items() if name not in ("number", "ill")}
        return {**kept, "image": rendered.with_channels(image, channels), "mask": mask}

    return Splits(
        Spec((side, side, channels), None, None, {"mask": (side, side, 1)}),
        1.0,
        **rendered.split_rows({"ill": ill}, _SIZES),
        train_render=draw,
        eval_render=draw,
    )


def render(
    keys: jax.Array, ill: jax.Array, *, image_size: int = _SIDE
) -> tuple[jax.Array, jax.Array]:
    """Images and masks of fluid, float32 [B, S, S, 1] each; masks of healthy images are 0.

    Args:
        keys: typed keys [B].
        ill: int or bool [B].
        image_size: S.
    """
    return jax.vmap(lambda key, ill: _one(key, ill, image_size))(keys, ill)


def _one(key, ill, size):
    key_layers, key_fluid, key_noise = jax.random.split(key, 3)
    height, tilt, bend, thickness, gain = jax.random.uniform(key_layers, (5,), minval=-1.0)
    x, y = jnp.moveaxis(rendered.pixel_centres(size), -1, 0)
    top = 0.25 + 0.06 * height + 0.12 * tilt * (x - 0.5) + 0.5 * bend * jnp.square(x - 0.5)
    depth = (y - top) / (1.0 + 0.12 * thickness)
    image = jnp.full((size, size), _DARK)
    for edge, grey in zip(_EDGES, _GREYS, strict=True):
        below = jnp.clip(0.5 + (depth - edge) * size, 0.0, 1.0)
        image = image + below * ((1.0 + 0.1 * gain) * grey - image)
    image = image * jnp.where(depth > _EDGES[-1], jnp.exp(-2.5 * (depth - _EDGES[-1])), 1.0)
    fluid = jnp.zeros((size, size))
    where, second = jax.random.uniform(key_fluid, (2, 4)), jax.random.bernoulli(key_fluid)
    for number, (across, down, wide, high) in enumerate(where):
        centre = 0.15 + 0.7 * across
        middle = 0.25 + 0.06 * height + 0.12 * tilt * (centre - 0.5) + 0.1 + 0.25 * down
        wide, high = 0.09 + 0.06 * wide, 0.07 + 0.04 * high
        reach = jnp.hypot((x - centre) / wide, (y - middle) / high)
        pocket = jnp.clip(0.5 - (reach - 1.0) * high * size, 0.0, 1.0)
        fluid = jnp.maximum(fluid, pocket * (second if number else 1.0))
    fluid = fluid * ill
    image = image + fluid * (_FLUID - image)
    image = image + _NOISE * jax.random.normal(key_noise, image.shape)
    return jnp.clip(image, 0.0, 1.0)[..., None], (fluid >= 0.5).astype(jnp.float32)[..., None]
