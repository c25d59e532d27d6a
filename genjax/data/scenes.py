"""Scenes of sky, hill, sea and a house: a layout of classes, and attributes that change their light.

A picture is a function of its layout and its attributes but for the waves, whose phase is free. So
the attributes can be had back from a picture and its layout, and a layout from both others.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core.spec import Spec
from genjax.data import rendered
from genjax.data.dataset import Splits

CLASSES = ("sky", "hill", "sea", "house")
ATTRIBUTES = ("brightness", "hue", "fog", "night")
_SIZES = (8192, 1024, 2048)
_SMALLEST = 12  # below it a house is a pixel or two
_WAVES = 0.04  # half of how much the sea's brightness swings
_BY_DAY = ((0.50, 0.70, 0.95), (0.30, 0.62, 0.22), (0.08, 0.28, 0.62), (0.85, 0.28, 0.22))
_LIT = (1.0, 0.85, 0.30)  # the house by night, behind its windows
_DARK, _GREY = (0.04, 0.05, 0.16), (0.75, 0.75, 0.75)
_COOL, _WARM = (0.80, 0.95, 1.0), (1.0, 0.90, 0.62)  # light at hue 0 and 1


class Scene(NamedTuple):
    """Where things are, [B] each, in widths of the image from its top left corner, y down.

    Attributes:
        hill: mean height y of the hill's outline.
        swing, bend, phase: of that outline, hill + swing sin(2 pi bend x + phase).
        shore: y from which on there is sea.
        house_x: middle of the house, which stands on the shore.
        house_size: its height and width; 0 for none.
    """

    hill: jax.Array
    swing: jax.Array
    bend: jax.Array
    phase: jax.Array
    shore: jax.Array
    house_x: jax.Array
    house_size: jax.Array


def draw_scenes(keys: jax.Array) -> Scene:
    """A scene of each of the typed keys [B]."""
    low = jnp.array([0.28, 0.04, 0.5, 0.0, 0.68, 0.2, 0.22])
    high = jnp.array([0.46, 0.12, 1.0, 2 * np.pi, 0.86, 0.8, 0.34])
    drawn = jax.vmap(lambda key: jax.random.uniform(key, (7,), minval=low, maxval=high))(keys)
    return Scene(*drawn.T)


def layout(scene: Scene, *, image_size: int = 16) -> jax.Array:
    """Which of `CLASSES` each pixel's middle lies in: one-hot float32 [B, S, S, 4]."""
    x, y = jnp.moveaxis(rendered.pixel_centres(image_size), -1, 0)[:, None]
    part = jax.tree.map(lambda each: each[:, None, None], scene)
    outline = part.hill + part.swing * jnp.sin(2 * np.pi * part.bend * x + part.phase)
    sea = y > part.shore
    above = part.shore - y  # the house's foot is the shore
    house = (jnp.abs(x - part.house_x) < part.house_size / 2) & ~sea & (above < part.house_size)
    classes = jnp.where(sea, 2, jnp.where(y > outline, 1, 0))
    return jax.nn.one_hot(jnp.where(house, 3, classes), len(CLASSES))


def palette(attributes: jax.Array) -> jax.Array:
    """Colours of the classes, in [0, 1]: attributes [B, 4] -> [B, 4 classes, 3].

    In turn: night blends all but the house to a dark blue, and lights the house; fog blends all to
    grey; hue tints from cool to warm; brightness multiplies by 0.55 to 1.
    """
    brightness, hue, fog, night = (a[..., None, None] for a in jnp.moveaxis(attributes, -1, 0))
    colours = lambda rows: jnp.asarray(rows).reshape(1, -1, 3)
    blend = lambda a, b, weight: a + weight * (b - a)
    seen = blend(colours(_BY_DAY), colours([_DARK] * 3 + [_LIT]), 0.5 * night)
    seen = blend(seen, colours(_GREY), 0.4 * fog)
    seen = seen * blend(colours(_COOL), colours(_WARM), hue)
    return seen * (0.55 + 0.45 * brightness)


def render(layout: jax.Array, attributes: jax.Array, phase: jax.Array) -> jax.Array:
    """Pictures [B, S, S, 3] in [0, 1].

    Args:
        layout: one-hot [B, S, S, 4].
        attributes: [B, 4] in [0, 1], as `ATTRIBUTES`.
        phase: [B] of the waves, radians.

    Raises:
        ValueError: for another number of classes or attributes.
    """
    if layout.ndim != 4 or layout.shape[-1] != len(CLASSES) or attributes.shape[1:] != (4,):
        raise ValueError(
            "a scene has a layout [B, S, S, 4] and attributes [B, 4], got shapes "
            f"{layout.shape} and {attributes.shape}"
        )
    flat = jnp.einsum("bhwc,bck->bhwk", layout, palette(attributes))
    x, y = jnp.moveaxis(rendered.pixel_centres(layout.shape[1]), -1, 0)[:, None]
    waves = jnp.sin(2 * np.pi * (2 * x + 6 * y) + phase[:, None, None])
    return jnp.clip(flat + (_WAVES * layout[..., 2] * waves)[..., None], 0.0, 1.0)


def segment(image: jax.Array, attributes: jax.Array) -> jax.Array:
    """The class whose colour under the attributes [B, 4] is nearest to each pixel: int32 [B, S, S]."""
    colours = palette(attributes)[:, None, None]
    distance = jnp.square(image[..., None, :] - colours).sum(-1)
    return jnp.argmin(distance, axis=-1).astype(jnp.int32)


def read_attributes(image: jax.Array, layout: jax.Array) -> jax.Array:
    """The attributes [B, 4] whose colours are nearest to the means of a picture's classes.

    Gauss-Newton on the squared distance, each class weighing as many pixels as it has; exact on a
    rendered picture but for the waves' mean. Not cut to [0, 1].

    Args:
        image: [B, S, S, 3].
        layout: one-hot [B, S, S, 4], which the picture is taken to have.
    """
    counts = layout.sum((1, 2))
    means = jnp.einsum("bhwc,bhwk->bck", layout, image) / jnp.maximum(counts, 1.0)[..., None]
    weights = jnp.sqrt(counts / counts.sum(1, keepdims=True))[..., None]

    def fit(means, weights):
        residual = lambda a: (weights * (palette(a[None])[0] - means)).ravel()

        def step(a, _):
            slopes = jax.jacfwd(residual)(a)
            normal = slopes.T @ slopes + 1e-6 * jnp.eye(len(a))
            return jnp.clip(a - jnp.linalg.solve(normal, slopes.T @ residual(a)), -0.5, 1.5), None

        return jax.lax.scan(step, jnp.full(len(ATTRIBUTES), 0.5), length=12)[0]

    return jax.vmap(fit)(means, weights)


def intersection_over_union(classes: jax.Array, layout: jax.Array) -> jax.Array:
    """Mean over the classes that either has: int [B, S, S] and one-hot [B, S, S, C] -> [B]."""
    found = jax.nn.one_hot(classes, layout.shape[-1])
    common, either = (found * layout).sum((1, 2)), jnp.maximum(found, layout).sum((1, 2))
    present = either > 0
    return (common / jnp.maximum(either, 1.0)).sum(1) / present.sum(1)


def scene_set(image_size: int | None = None, channels: int | None = None, seed: int = 0) -> Splits:
    """`scenes`: 8192 train, 1024 valid, 2048 test.

    Entries: `image`; `layout` [S, S, 4] one-hot; `attributes` [4], uniform in [0, 1], independent of
    one another and of the layout. A row is one picture whenever it is asked for.

    Args:
        image_size: side, 16 if not given.
        channels: 3 or None: in grey, attributes are not told apart.
        seed: of all that is drawn.

    Raises:
        ValueError: for one channel, or images too small to hold a house.
    """
    if channels == 1:
        raise ValueError("scenes tell their attributes by colours: leave channels out, or pass 3")
    side = 16 if image_size is None else image_size
    rendered.check_size("scenes", side, _SMALLEST)

    def draw(key, batch):
        del key
        keys = [rendered.row_keys(seed, batch["number"], draw) for draw in range(3)]
        where = layout(draw_scenes(keys[0]), image_size=side)
        attributes = jax.vmap(lambda key: jax.random.uniform(key, (4,)))(keys[1])
        phase = jax.vmap(lambda key: jax.random.uniform(key, maxval=2 * np.pi))(keys[2])
        kept = {name: each for name, each in batch.items() if name != "number"}
        image = render(where, attributes, phase)
        return {**kept, "image": image, "layout": where, "attributes": attributes}

    extras = {"layout": (side, side, len(CLASSES)), "attributes": (len(ATTRIBUTES),)}
    return Splits(
        Spec((side, side, 3), None, None, extras),
        1.0,
        **rendered.split_rows({}, _SIZES),
        train_render=draw,
        eval_render=draw,
    )
