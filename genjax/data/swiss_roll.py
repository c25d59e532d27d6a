"""A spiral in the plane, whose density is known: what is between its arms is far from all data."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core.spec import Spec
from genjax.data import rendered
from genjax.data.dataset import Splits

_SIZES = (16000, 2000, 4000)
SWISS_ROLL_STD = 0.05  # of the noise; neighbouring arms are 0.4 pi apart


def swiss_roll_curve(place: jax.Array) -> jax.Array:
    """t (cos t, sin t) / 5 with t = 1.5 pi (1 + 2 place): the spiral without noise.

    Args:
        place: [...] in [0, 1], uniform in the data.

    Returns:
        [..., 2], up to 2.8 from the origin.

    Reference: Marsland, 2009, "Machine learning: an algorithmic perspective", as in scikit-learn,
    where it is five times as large.
    """
    angle = 1.5 * jnp.pi * (1 + 2 * place)
    return 0.2 * angle[..., None] * jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=-1)


def draw_swiss_roll(key: jax.Array, num: int) -> jax.Array:
    """Points of the spiral at uniform places, with Gaussian noise: [num, 2]."""
    key_place, key_noise = jax.random.split(key)
    place = jax.random.uniform(key_place, (num,))
    return swiss_roll_curve(place) + SWISS_ROLL_STD * jax.random.normal(key_noise, (num, 2))


def swiss_roll_set(seed: int = 0) -> Splits:
    """`swiss_roll`: vectors [2]; 16000 train, drawn anew at each step, 2000 valid, 4000 test.

    Args:
        seed: of the points that evaluation sees.
    """
    sources = rendered.split_rows({"place": np.zeros(sum(_SIZES), np.int32)}, _SIZES)

    def train(key, batch):
        points = draw_swiss_roll(key, len(batch["number"]))
        return _with_vector(batch, points)

    def evaluation(key, batch):
        del key
        keys = rendered.row_keys(seed, batch["number"])
        return _with_vector(batch, jax.vmap(lambda key: draw_swiss_roll(key, 1)[0])(keys))

    return Splits(Spec((2,)), None, **sources, train_render=train, eval_render=evaluation)


def _with_vector(batch, points):
    entries = {name: each for name, each in batch.items() if name not in ("number", "place")}
    return {**entries, "vector": points}
