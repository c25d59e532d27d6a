"""The set drawn with faces: who it is, and at what age."""

import jax
import numpy as np

from genjax.core.spec import Spec
from genjax.data import faces, rendered
from genjax.data.dataset import Splits

_SIDE = 16
_SMALLEST = 12  # below it eyes and mouths are gone
_SIZES = (9600, 960, 1920)


def face_set(image_size: int | None = None, channels: int | None = None, seed: int = 0) -> Splits:
    """`faces`: 40 persons at 6 ages each, equally frequent, in poses of their own; 9600 train.

    Entries: `image`; `label`, the age group; `identity` [40], the person one-hot; `factors` [2], person
    and age as integers. 960 are validation and 1920 test images.

    Args:
        image_size: side, 16 if not given.
        channels: 1 or 3; None is 3.
        seed: of the poses.

    Raises:
        ValueError: if the images would be too small to be told apart.
    """
    side = _SIDE if image_size is None else image_size
    rendered.check_size("faces", side, _SMALLEST)
    channels = channels or 3
    factors = rendered.shuffled_factors(sum(_SIZES), (faces.NUM_PERSONS, len(faces.AGES)))

    def render(key, batch):
        del key  # a row is one picture, whenever it is asked for
        where = faces.pose(rendered.row_keys(seed, batch["number"]))
        image = faces.render(batch["factors"], where, image_size=side)
        kept = {name: each for name, each in batch.items() if name != "number"}
        identity = jax.nn.one_hot(batch["factors"][:, 0], faces.NUM_PERSONS)
        return {**kept, "image": rendered.with_channels(image, channels), "identity": identity}

    rows = {"label": np.ascontiguousarray(factors[:, 1]), "factors": factors}
    extras = {"factors": (len(faces.FACTORS),), "identity": (faces.NUM_PERSONS,)}
    return Splits(
        Spec((side, side, channels), None, len(faces.AGES), extras),
        1.0,
        **rendered.split_rows(rows, _SIZES),
        train_render=render,
        eval_render=render,
    )
