"""Sprites: one flat shape on a plain ground, drawn from factors, with a caption and keypoints.

Everything here is pure and batched: the acceptance checks and judges know the truth by the functions
that the sets are drawn with. `sprite_sets` has the sets, `sprite_reader` the way back.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genjax.data import rendered, shapes
from genjax.data.captions import caption_to_text

SIZES = ("small", "large")
PLACES = ("top left", "top right", "bottom left", "bottom right")
FACTORS = ("shape", "colour", "size", "place")  # the columns of `factors`
TEXT_LENGTH = 56

_RADII = (0.125, 0.185)
_CENTRES = ((0.32, 0.32), (0.68, 0.32), (0.32, 0.68), (0.68, 0.68))  # (x, y), y down
SHIFT, SWELL, TURN = 0.025, 0.05, np.pi / 12  # largest jitter: widths, share of the radius, radians

SHADE = 0.7  # the mean of the stripes
_PERIOD = 0.28  # of the stripes along x + y, in widths of the image

_PHRASES = (
    "a {size} {colour} {shape} at the {place}",
    "at the {place}, a {size} {colour} {shape}",
    "the {shape} at the {place} is {size} and {colour}",
    "{place}: a {colour} {shape}, {size}",
)
NUM_PHRASES = len(_PHRASES)


class World(NamedTuple):
    """The ground and the colours of a set of sprites.

    Attributes:
        ground: (red, green, blue) of the plain background, in [0, 1].
        colours: names of the colours; the factor `colour` is a place in this list.
        palette: (red, green, blue) of each.
    """

    ground: tuple[float, float, float]
    colours: tuple[str, ...]
    palette: tuple[tuple[float, float, float], ...]

    @property
    def values(self) -> dict[str, tuple[str, ...]]:
        """What each factor can be, by the names in `FACTORS`, in the order of their integers."""
        return dict(
            zip(FACTORS, (shapes.SHAPES, self.colours, SIZES, PLACES), strict=True),
        )


DARK = World(
    (0.1, 0.1, 0.1),
    ("red", "green", "blue", "yellow"),
    ((0.95, 0.15, 0.15), (0.15, 0.8, 0.2), (0.2, 0.35, 1.0), (0.95, 0.9, 0.15)),
)
ATTRIBUTES = tuple(name for names in DARK.values.values() for name in names)


class Geometry(NamedTuple):
    """Where sprites lie: what is continuous in them.

    Attributes:
        centre: [B, 2], (x, y) in [0, 1] of the image, y down.
        radius: [B], in widths of the image.
        angle: [B], radians, clockwise.
    """

    centre: jax.Array
    radius: jax.Array
    angle: jax.Array


def geometry(factors: jax.Array, keys: jax.Array | None = None) -> Geometry:
    """Place, size and rotation of sprites, with the jitter that `keys` draw, or none.

    The centre moves by at most `SHIFT` along each axis, the radius by a share of `SWELL`, and the angle
    is at most `TURN` from 0, all uniform.

    Args:
        factors: int [B, 4], columns as in `FACTORS`.
        keys: typed keys [B]; None leaves each sprite upright at the middle of its place.
    """
    _check_factors(factors)
    jitter = jnp.zeros((len(factors), 4))
    if keys is not None:
        draw = lambda key: jax.random.uniform(key, (4,), minval=-1.0, maxval=1.0)
        jitter = jax.vmap(draw)(keys)
    return Geometry(
        jnp.asarray(_CENTRES)[factors[:, 3]] + SHIFT * jitter[:, :2],
        jnp.asarray(_RADII)[factors[:, 2]] * (1.0 + SWELL * jitter[:, 2]),
        TURN * jitter[:, 3],
    )


def render(
    factors: jax.Array,
    where: Geometry,
    *,
    image_size: int = 16,
    world: World = DARK,
    shade: jax.Array | None = None,
) -> jax.Array:
    """Antialiased pictures of sprites, float32 [B, S, S, 3] in [0, 1].

    Args:
        factors: int [B, 4], columns as in `FACTORS`.
        where: from `geometry`.
        image_size: S.
        world: ground and colours.
        shade: [B, S, S], what the sprite's colour is multiplied by, such as `stripes`; None is 1.
    """
    _check_factors(factors)
    inside = _inside(factors, where, image_size)[..., None]
    ground = jnp.asarray(world.ground)
    fill = jnp.asarray(world.palette)[factors[:, 1]][:, None, None]
    if shade is not None:
        fill = fill * shade[..., None]
    return inside * fill + (1.0 - inside) * ground[None, None, None]


def render_outline(factors: jax.Array, where: Geometry, *, image_size: int = 16) -> jax.Array:
    """The outlines of sprites in light grey on dark: float32 [B, S, S, 1]; no colour is told."""
    _check_factors(factors)
    distance = shapes.signed_distance(factors[:, 0], *where, image_size)
    line = shapes.line_coverage(distance, max(1.0, image_size / 18))
    return (0.1 + 0.7 * line)[..., None]


def stripes(phase: jax.Array, image_size: int) -> jax.Array:
    """Diagonal stripes 0.7 + 0.3 sin(2 pi (x + y) / 0.28 + phase): [B, S, S] for `phase` [B].

    Each pixel has the mean over its square. A sine, for then the median over phases is one number, the
    middle: a model of least absolute error that cannot know the phase has to leave the stripes out. Of
    hard stripes, it could keep some.
    """
    along = rendered.pixel_centres(image_size).sum(-1)[None]
    wave = jnp.sin(2 * jnp.pi * along / _PERIOD + phase[:, None, None])
    return SHADE + 0.3 * np.sinc(1 / (_PERIOD * image_size)) ** 2 * wave


def keypoints(factors: jax.Array, where: Geometry) -> jax.Array:
    """[B, 5, 2] in [0, 1]: the centre, and where the shape's axes leave it up, right, down, left."""
    _check_factors(factors)
    return shapes.keypoints(factors[:, 0], *where)


def attributes(factors: jax.Array) -> jax.Array:
    """float32 [B, 14] of 0 and 1: the factors one-hot, side by side, as `ATTRIBUTES` names them."""
    _check_factors(factors)
    sizes = [len(names) for names in DARK.values.values()]
    return jnp.concatenate(
        [jax.nn.one_hot(factors[:, i], size) for i, size in enumerate(sizes)], axis=-1
    )


def caption(factors: np.ndarray, phrase: int = 0) -> str:
    """The caption of one sprite, such as "a small red circle at the top left".

    Args:
        factors: int [4], columns as in `FACTORS`.
        phrase: which of the `NUM_PHRASES` ways to say it.

    Raises:
        ValueError: for factors or a phrase that there are not.
    """
    values = DARK.values
    sizes = tuple(len(names) for names in values.values())
    told = tuple(int(factor) for factor in factors)
    if len(told) != 4 or not all(0 <= f < n for f, n in zip(told, sizes, strict=True)):
        raise ValueError(
            f"factors are {FACTORS} below {sizes}, got {told}: pass four such integers"
        )
    if not 0 <= phrase < NUM_PHRASES:
        raise ValueError(f"phrase must lie in 0..{NUM_PHRASES - 1}, got {phrase}")
    words = {name: values[name][factor] for name, factor in zip(FACTORS, told, strict=True)}
    return _PHRASES[phrase].format(**words)


def read_caption(caption: str) -> np.ndarray:
    """int32 [4]: the factors that a caption names, however it is phrased.

    Raises:
        ValueError: unless the caption names one shape, one colour, one size and one place.
    """
    factors = []
    words = " ".join(caption.lower().replace(",", " ").replace(":", " ").split())
    for name, values in DARK.values.items():
        found = [number for number, value in enumerate(values) if f" {value} " in f" {words} "]
        if len(found) != 1:
            raise ValueError(
                f"caption {caption[:60]!r} names {len(found)} of {name}, expected one of "
                f"{', '.join(values)}"
            )
        factors += found
    return np.array(factors, np.int32)


def texts(factors: jax.Array, phrase: jax.Array) -> jax.Array:
    """int32 [B, 56]: the captions as ASCII codes, inside a compiled step.

    Args:
        factors: int [B, 4].
        phrase: int [B], as in `caption`.
    """
    _check_factors(factors)
    counts = tuple(len(names) for names in DARK.values.values())
    every = np.stack(np.unravel_index(np.arange(np.prod(counts)), counts), axis=-1)
    table = np.stack(
        [
            [caption_to_text(caption(each, number), TEXT_LENGTH) for each in every]
            for number in range(NUM_PHRASES)
        ]
    ).astype(np.uint8)
    place = jnp.ravel_multi_index(tuple(factors.T), counts, mode="clip")
    return jnp.asarray(table)[phrase, place].astype(jnp.int32)


def _inside(factors, where, image_size):
    return shapes.coverage(shapes.signed_distance(factors[:, 0], *where, image_size))


def _check_factors(factors):
    if factors.ndim != 2 or factors.shape[1] != len(FACTORS):
        raise ValueError(
            f"factors are integers [B, {len(FACTORS)}] of {', '.join(FACTORS)}, got shape "
            f"{factors.shape}: stack them along the last axis"
        )
