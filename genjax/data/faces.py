"""Faces: a person is a geometry and colours, an age changes wrinkles, hair and jaw, a pose turns them.

Everything here is pure and batched. `face_sets` has the set.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genjax.data import rendered

NUM_PERSONS = 40
AGES = ("0-18", "19-29", "30-39", "40-49", "50-59", "60+")
FACTORS = ("person", "age")  # the columns of `factors`
SHIFT, TURN = 0.025, 0.1  # largest jitter: widths of the image, radians

_SCALE = 1.2  # the persons' sizes are in these widths of the image

_GROUND = (0.45, 0.55, 0.65)
_SKINS = ((0.98, 0.83, 0.72), (0.9, 0.7, 0.53), (0.7, 0.48, 0.33), (0.45, 0.3, 0.2))
_HAIRS = ((0.1, 0.08, 0.07), (0.36, 0.2, 0.1), (0.85, 0.68, 0.3), (0.7, 0.25, 0.1))
_EYES = ((0.2, 0.35, 0.75), (0.15, 0.45, 0.2), (0.2, 0.12, 0.08))
_GREY = (0.85, 0.85, 0.88)
_GREYING = (0.0, 0.0, 0.0, 0.25, 0.6, 1.0)  # by age
_WRINKLES = (0.0, 0.0, 0.25, 0.5, 0.75, 1.0)
_JAW = (0.72, 0.9, 1.0, 1.02, 1.04, 1.06)  # height of the lower half of the head


class Persons(NamedTuple):
    """What does not age, of P persons: sizes in 1.2 widths of the image.

    Attributes:
        head: [P, 2], half the width and half the height of the head.
        eyes: [P, 3]: their distance from the middle, their height above it, their radius.
        nose: [P], its length.
        mouth: [P, 3]: half its width, how far below the middle, its curve (up at the ends above 0).
        hair: [P, 2]: how far it comes down the forehead, and down the sides.
        skin, hair_colour, eye_colour: [P, 3].
    """

    head: np.ndarray
    eyes: np.ndarray
    nose: np.ndarray
    mouth: np.ndarray
    hair: np.ndarray
    skin: np.ndarray
    hair_colour: np.ndarray
    eye_colour: np.ndarray


def persons() -> Persons:
    """The `NUM_PERSONS` persons: the same wherever they are asked for."""
    random = np.random.RandomState(7)  # the legacy generator: its stream never changes
    spread = lambda *ranges: np.stack(
        [random.permutation(np.linspace(low, high, NUM_PERSONS)) for low, high in ranges], axis=-1
    ).astype(np.float32)
    pick = lambda table: np.asarray(table, np.float32)[
        random.permutation(np.arange(NUM_PERSONS) % len(table))
    ]
    return Persons(
        head=spread((0.24, 0.33), (0.33, 0.4)),
        eyes=spread((0.09, 0.14), (0.0, 0.07), (0.028, 0.05)),
        nose=spread((0.05, 0.13))[:, 0],
        mouth=spread((0.06, 0.14), (0.17, 0.24), (-0.04, 0.06)),
        hair=spread((0.06, 0.2), (-0.15, 0.3)),
        skin=pick(_SKINS),
        hair_colour=pick(_HAIRS),
        eye_colour=pick(_EYES),
    )


def pose(keys: jax.Array) -> jax.Array:
    """[B, 3] for typed keys [B]: shifts along x and y and a turn, uniform up to `SHIFT` and `TURN`."""
    draw = lambda key: jax.random.uniform(key, (3,), minval=-1.0, maxval=1.0)
    return jax.vmap(draw)(keys) * jnp.array([[SHIFT, SHIFT, TURN]])


def render(factors: jax.Array, where: jax.Array, *, image_size: int = 32) -> jax.Array:
    """Antialiased pictures of faces, float32 [B, S, S, 3] in [0, 1].

    Args:
        factors: int [B, 2], columns as in `FACTORS`: person and age group.
        where: [B, 3], from `pose`.
        image_size: S.

    Raises:
        ValueError: for factors of another shape.
    """
    if factors.ndim != 2 or factors.shape[1] != len(FACTORS):
        raise ValueError(
            f"factors are integers [B, {len(FACTORS)}] of {', '.join(FACTORS)}, got shape "
            f"{factors.shape}: stack them along the last axis"
        )
    return jax.vmap(lambda f, w: _one(f, w, image_size))(factors, where)


def _one(factors, where, size):
    person = jax.tree.map(lambda table: jnp.asarray(table)[factors[0]], persons())
    greying, wrinkles, jaw = (
        jnp.asarray(table)[factors[1]] for table in (_GREYING, _WRINKLES, _JAW)
    )
    x, y = _turned(size, where)
    inside = lambda distance: jnp.clip(0.5 - distance * size * _SCALE, 0.0, 1.0)[..., None]
    side, height = person.head
    reach = jnp.where(y > 0, height * jaw, height)  # the lower half of the head grows with age
    radial = jnp.hypot(x / side, y / reach)
    head = inside((radial - 1.0) * side)
    top = inside((jnp.hypot(x / (side + 0.035), y / (height + 0.035)) - 1.0) * side)
    lock = inside(y - person.hair[1]) * inside((radial < 1.0) * 1.0)
    fringe = inside(y + height - person.hair[0])
    hair = person.hair_colour + greying * (jnp.asarray(_GREY) - person.hair_colour)
    shade = 0.55 * person.skin
    image = jnp.broadcast_to(jnp.asarray(_GROUND), (size, size, 3))
    paint = lambda image, cover, colour: image + cover * (colour[None, None] - image)
    image = paint(image, top * jnp.maximum(inside(y), lock), hair)
    image = paint(image, head, person.skin)
    image = paint(image, head * fringe, hair)
    for line in _lines(x, y, person, height):
        image = paint(image, head * (1 - fringe) * wrinkles * inside(line), shade)
    apart, above, radius = person.eyes
    eye = jnp.hypot(jnp.abs(x) - apart, y + above)
    image = paint(image, inside(eye - 1.35 * radius), jnp.ones(3))
    image = paint(image, inside(eye - 0.8 * radius), person.eye_colour)
    brow = _stroke(jnp.abs(x) - apart, y + above + 2.2 * radius, 1.3 * radius, 0.012)
    image = paint(image, head * inside(brow), 0.6 * hair)
    nose = _stroke(y + above - 0.6 * person.nose - 0.03, x, 0.5 * person.nose, 0.012)
    image = paint(image, inside(nose), shade)
    half, below, curve = person.mouth
    bend = curve * (jnp.square(x / half) - 0.5)
    lips = _stroke(x, y - below * jaw + bend, half, 0.02)
    return paint(image, inside(lips), jnp.array([0.75, 0.2, 0.22]))


def _turned(size, where):
    """(x, y) of each pixel in the face's own axes, from the middle of the image."""
    middle = jnp.array([0.5, 0.52]) + where[:2]
    offset = (rendered.pixel_centres(size) - middle[None, None]) / _SCALE
    cos, sin = jnp.cos(where[2]), jnp.sin(where[2])
    return cos * offset[..., 0] + sin * offset[..., 1], cos * offset[..., 1] - sin * offset[..., 0]


def _stroke(along, across, half, thick):
    """Distance to a stroke of half a length along one axis, negative inside."""
    return jnp.maximum(jnp.abs(along) - half, jnp.abs(across) - thick)


def _lines(x, y, person, height):
    """Wrinkles: across the forehead, beside the mouth, under the eyes."""
    forehead = 0.5 * (person.eyes[1] + 2.2 * person.eyes[2] + height - person.hair[0])
    yield _stroke(x, y + forehead, 0.12, 0.008)
    yield _stroke(y - person.mouth[1] + 0.05, jnp.abs(x) - person.mouth[0] - 0.04, 0.06, 0.01)
    yield _stroke(
        jnp.abs(x) - person.eyes[0], y + person.eyes[1] - 1.9 * person.eyes[2], 0.05, 0.008
    )
