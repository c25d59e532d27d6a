"""The sets drawn with sprites: with captions, in pairs, and in two worlds without pairs."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core.spec import Spec
from genjax.data import rendered, shapes, sprites
from genjax.data.dataset import Splits

_SIDE = 16
_SMALLEST = 12  # below it small shapes are a few pixels
_SIZES = (16384, 1024, 4096)
_COUNTS = tuple(len(names) for names in sprites.DARK.values.values())
_CONTINUOUS = (1.0, None)  # the value that stands for 1, and no levels

# Colours lie on one line from the ground, in even steps: a map that is continuous, pixel by pixel,
# cannot exchange two of them without folding.
WARM = sprites.World(
    (0.05, 0.1, 0.2),
    ("umber", "rust", "orange", "amber"),
    ((0.43, 0.36, 0.16), (0.62, 0.49, 0.14), (0.81, 0.62, 0.12), (1.0, 0.75, 0.1)),
)
COOL = sprites.World(
    (0.2, 0.05, 0.1),
    ("pine", "jade", "emerald", "mint"),
    ((0.16, 0.43, 0.36), (0.14, 0.62, 0.49), (0.12, 0.81, 0.62), (0.1, 1.0, 0.75)),
)
# Shares of the colours in both worlds. Were they equal, any permutation of the colours would turn one
# world into the other; as it is, only the true map does.
COLOUR_SHARES = (0.4, 0.3, 0.2, 0.1)


def counterpart(image: jax.Array) -> jax.Array:
    """The same sprite in the cool world of `colour_worlds`: its channels turned by one place.

    Factors keep their integers: the k-th colour of one world stands for the k-th of the other. Turned
    twice it is another image again, so that no model finds this map by one that undoes itself.

    Args:
        image: [..., 3], red, green and blue of the warm world, which become green, blue and red.
    """
    return jnp.roll(image, 1, axis=-1)


def sprite_set(image_size: int | None = None, channels: int | None = None, seed: int = 0) -> Splits:
    """`sprites`, in all combinations of their factors; 16384 train, 1024 valid, 4096 test.

    Entries: `image`; `label`, the shape; `factors` [4], `attributes` [14], `keypoints` [5, 2] and
    `text` [56], as in `genjax.data.sprites`. Training draws the phrase of a caption at each step;
    evaluation by `seed` and the row.

    Args:
        image_size: side, 16 if not given.
        channels: 1 or 3; None is 3.
        seed: of what is continuous, and of the phrases that evaluation sees.

    Raises:
        ValueError: if the images would be too small to be told apart.
    """
    side, channels = _look("sprites", image_size, channels)
    factors = rendered.shuffled_factors(sum(_SIZES), _COUNTS)

    def render(factors, numbers, phrase):
        where = sprites.geometry(factors, rendered.row_keys(seed, numbers))
        image = sprites.render(factors, where, image_size=side)
        return {
            "image": rendered.with_channels(image, channels),
            "attributes": sprites.attributes(factors),
            "keypoints": sprites.keypoints(factors, where),
            "text": sprites.texts(factors, phrase),
        }

    def train(key, batch):
        numbers = batch["number"]
        phrase = jax.random.randint(key, numbers.shape, 0, sprites.NUM_PHRASES)
        return _kept(batch, render(batch["factors"], numbers, phrase))

    def evaluation(key, batch):
        del key
        keys = rendered.row_keys(seed, batch["number"], draw=1)
        draw = lambda key: jax.random.randint(key, (), 0, sprites.NUM_PHRASES)
        return _kept(batch, render(batch["factors"], batch["number"], jax.vmap(draw)(keys)))

    extras = {
        "factors": (len(sprites.FACTORS),),
        "attributes": (len(sprites.ATTRIBUTES),),
        "keypoints": (5, 2),
        "text": (sprites.TEXT_LENGTH,),
    }
    return _splits((side, side, channels), extras, factors, train, evaluation)


def outline_set(
    image_size: int | None = None, channels: int | None = None, seed: int = 0
) -> Splits:
    """`outlines`, in pairs: `image` is the outline of a sprite, `target` the sprite with stripes.

    The outline is grey (one channel) and tells shape, size, place and rotation. Each shape has a
    colour of its own (circle red, square green, triangle blue, cross yellow), so that the outline tells
    the colour too; only the phase of the stripes is random, and a model of the mean has to blur them.

    Args:
        image_size: side, 16 if not given.
        channels: 1 or 3, of both; None is 1 for `image` and 3 for `target`.
        seed: of what is continuous, and of the phases.

    Raises:
        ValueError: if the images would be too small to be told apart.
    """
    side, of_target = _look("outlines", image_size, channels)
    of_image = channels or 1
    factors = rendered.shuffled_factors(sum(_SIZES), (_COUNTS[0], *_COUNTS[2:]))
    factors = np.stack([factors[:, column] for column in (0, 0, 1, 2)], axis=-1)

    def render(key, batch):
        del key
        factors = batch["factors"]
        where = sprites.geometry(factors, rendered.row_keys(seed, batch["number"]))
        keys = rendered.row_keys(seed, batch["number"], draw=1)
        phase = jax.vmap(lambda key: jax.random.uniform(key, maxval=2 * np.pi))(keys)
        image = sprites.render_outline(factors, where, image_size=side)
        shade = sprites.stripes(phase, side)
        target = sprites.render(factors, where, image_size=side, shade=shade)
        return _kept(
            batch,
            {
                "image": rendered.with_channels(image, of_image),
                "target": rendered.with_channels(target, of_target),
            },
        )

    extras = {"factors": (len(sprites.FACTORS),), "target": (side, side, of_target)}
    shape = (side, side, of_image)
    return _splits(shape, extras, factors, render, render, {"target": _CONTINUOUS})


def colour_world_set(
    image_size: int | None = None, channels: int | None = None, seed: int = 0
) -> Splits:
    """`colour_worlds`, without pairs: `image` is warm on navy, `unpaired` cool on maroon.

    The rows of the two worlds are drawn apart, and no sprite of one has its twin in the other. The
    true map between them is `counterpart`, which turns the channels: umber, rust, orange and amber on
    navy become pine, jade, emerald and mint on maroon, and the shape stays where it is. Colours have
    the `COLOUR_SHARES`, which makes it the only map that keeps each sprite in place and that fits
    the second world. `factors` are those of `image`; `label` is its shape.

    Args:
        image_size: side, 16 if not given.
        channels: 3 or None: the worlds differ in colour alone, and have the same greys.
        seed: of what is continuous.

    Raises:
        ValueError: for one channel, or if the images would be too small to be told apart.
    """
    if channels == 1:
        raise ValueError("colour_worlds differ in colour: leave channels out, or pass 3")
    side, _ = _look("colour_worlds", image_size, channels)
    total = sum(_SIZES)
    factors, others = _with_shares(2 * total).reshape(2, total, len(sprites.FACTORS))

    def one(world, factors, numbers):
        where = sprites.geometry(factors, rendered.row_keys(seed, numbers))
        return sprites.render(factors, where, image_size=side, world=world)

    def render(key, batch):
        del key
        numbers = batch["number"]
        entries = {
            "image": one(WARM, batch["factors"], numbers),
            "unpaired": one(COOL, batch["others"], numbers + total),
        }
        return _kept({name: each for name, each in batch.items() if name != "others"}, entries)

    shape = (side, side, 3)
    extras = {"factors": (len(sprites.FACTORS),), "unpaired": shape}
    pictures = {"unpaired": _CONTINUOUS}
    return _splits(shape, extras, factors, render, render, pictures, others=others)


def _with_shares(num):
    """int32 [num, 4]: factors whose colours have the shares, the other three balanced in each."""
    colours = np.repeat(np.arange(len(COLOUR_SHARES)), [round(10 * s) for s in COLOUR_SHARES])
    columns = rendered.shuffled_factors(num, (_COUNTS[0], len(colours), *_COUNTS[2:]), seed=1)
    columns[:, 1] = colours[columns[:, 1]]
    return columns


def _look(name, image_size, channels):
    side = _SIDE if image_size is None else image_size
    rendered.check_size(name, side, _SMALLEST)
    return side, channels or 3


def _kept(batch, entries):
    """The batch with its pictures; what only numbers its rows is left out."""
    return {**{name: each for name, each in batch.items() if name != "number"}, **entries}


def _splits(shape, extras, factors, train, evaluation, pictures=None, **rows) -> Splits:
    rows = {"label": np.ascontiguousarray(factors[:, 0]), "factors": factors, **rows}
    return Splits(
        Spec(shape, None, len(shapes.SHAPES), extras),
        1.0,
        **rendered.split_rows(rows, _SIZES),
        pictures=pictures or {},
        train_render=train,
        eval_render=evaluation,
    )
