"""A Model from a network that enlarges images: what the super-resolution systems share.

The images of a batch are the high resolution: the low one is made inside the objective, by anti-aliased
bicubic resampling, and enlarging it again is compared with the original,

    loss = |x - enlarged(reduced(x))|^2,  summed over pixels, mean over the batch.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Player, Spec, game
from genjax.losses import (
    crop_to_multiple,
    enlarge,
    enlargement_quality,
    low_resolution,
    luminance,
)
from genjax.losses.images import LUMINANCE_RANGE


class Upscaler(NamedTuple):
    """What a paper's network is.

    Attributes:
        start: `(key, low, up) -> variables`; `up` [B, s h, s w, C] is `low` [B, h, w, C], enlarged.
        predict: `(variables, low, up, train) -> (y, updates)`, y like `up`, and new values of the
            collections other than params.
        border: pixels along the edges of a training image that the loss leaves out, where any remain.
    """

    start: Callable[..., Any]
    predict: Callable[..., tuple[jax.Array, Any]]
    border: int = 0


def super_resolution(
    spec: Spec,
    upscaler: Upscaler,
    optimizer: optax.GradientTransformation,
    *,
    scale: int,
    residual: bool,
    of_luminance: bool,
) -> Model:
    """The game of one player that trains the network; `upscale` is what it can do.

    `evaluate` gives the `psnr` of the luminance of an image, made small and enlarged again; how much
    that is above bicubic enlargement, `psnr_gain`; and `negative_squared_error`, of luminance, summed
    over pixels, which chooses the best checkpoint: its mean tells of whole pictures, where the mean of
    the decibels of patches tells of the smoothest. Papers measure whole pictures and cut their borders,
    as the task super_resolution does.

    Args:
        spec: of grey or RGB images in [0, 1]; rows and columns that `scale` leaves over are cut.
        upscaler: the network.
        optimizer: of the player.
        scale: s, how many times larger.
        residual: whether the network's output is added to the bicubic enlargement.
        of_luminance: whether the network sees luminance alone; the colours are bicubic then.
    """
    separate = of_luminance and spec.shape[-1] == 3

    def change(variables, low, train):
        """What the network adds to the bicubic enlargement, that, and the updates."""
        low = luminance(low) if separate else low
        up = enlarge(low, scale)
        y, updates = upscaler.predict(variables["upscaler"], low, up, train)
        return (y if residual else y - up), up, updates

    def objective(key, variables, batch):
        del key  # it draws nothing
        target = crop_to_multiple(batch["image"], scale)
        added, up, updates = change(variables, low_resolution(target, scale), True)
        error = up + added - (luminance(target) if separate else target)
        border = upscaler.border if min(error.shape[1:3]) > 2 * upscaler.border else 0
        inner = slice(border, -border or None)
        loss = jnp.square(error[:, inner, inner]).sum(axis=(1, 2, 3))
        return loss.mean(), Aux({}, {"upscaler": updates} if updates else {})

    def upscale(key, variables, x):
        del key
        added, _, _ = change(variables, x, False)
        # As much more of red, green and blue leaves Cb and Cr as they are.
        added = added / LUMINANCE_RANGE if separate else added
        return jnp.clip(enlarge(x, scale) + added, 0.0, 1.0)

    def evaluate(key, variables, batch):
        target = crop_to_multiple(batch["image"], scale)
        low = low_resolution(target, scale)
        return enlargement_quality(target, upscale(key, variables, low), scale)

    def start(key, batch):
        height, width = (max(1, size // scale) for size in spec.shape[:2])
        low = jnp.zeros((1, height, width, 1 if separate else spec.shape[-1]))
        return upscaler.start(key, low, enlarge(low, scale))

    return game(
        {"upscaler": start},
        [Player(("upscaler",), objective, optimizer)],
        upscale=upscale,
        evaluate=evaluate,
        select="negative_squared_error",
    )
