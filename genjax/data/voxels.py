"""Solids in a grid of voxels, drawn from factors: the `voxels` set.

A grid is [D, H, W, 1], 1 where a voxel's middle is inside the solid; its third axis points up.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from genjax.core.spec import Spec
from genjax.data import rendered
from genjax.data.dataset import Splits

SOLIDS = ("box", "ellipsoid", "cylinder", "rod", "L", "T", "cross")
SIZES = ("small", "large")
POSES = ("upright", "along x", "along y")
VALUES = {"solid": SOLIDS, "size": SIZES, "pose": POSES}
FACTORS = tuple(VALUES)  # the columns of `factors`

_SIDE = 16
_SMALLEST = 8  # below it bars are no wider than a voxel
_ROWS = (16384, 1024, 4096)
_SCALES = (0.62, 0.88)  # half the solid's height, where the grid is [-1, 1]^3
_SWELL, _PROPORTION = 0.06, 0.15  # largest jitter, as shares
# Half widths along (u, v, w) where half the height is 1; bars are 2 x 0.25 wide.
_BOX, _ELLIPSOID, _RADIUS, _BAR, _DEEP, _REACH = (
    (0.75, 0.6, 0.9),
    (0.9, 0.7, 1.0),
    0.6,
    0.25,
    0.3,
    0.9,
)


class Placement(NamedTuple):
    """What is continuous in a solid.

    Attributes:
        centre: [B, 3], (x, y, z) in [-1, 1].
        scale: [B], half its height.
        proportions: [B, 3], factors of a box's and an ellipsoid's half widths.
    """

    centre: jax.Array
    scale: jax.Array
    proportions: jax.Array


def placement(factors: jax.Array, keys: jax.Array | None = None) -> Placement:
    """Where the solids of `factors` [B, 3] are; in the middle, without jitter, where no keys are given.

    Args:
        factors: int [B, 3], as in `FACTORS`.
        keys: typed keys [B].
    """
    scale = jnp.asarray(_SCALES)[factors[:, 1]]
    num = len(factors)
    if keys is None:
        return Placement(jnp.zeros((num, 3)), scale, jnp.ones((num, 3)))
    u = jax.vmap(lambda key: jax.random.uniform(key, (7,), minval=-1.0, maxval=1.0))(keys)
    scale = scale * (1 + _SWELL * u[:, 0])
    room = jnp.maximum(0.0, 1.0 - scale)
    return Placement(room[:, None] * u[:, 1:4], scale, 1 + _PROPORTION * u[:, 4:7])


def render(factors: jax.Array, where: Placement, *, grid_size: int) -> jax.Array:
    """Grids of 0 and 1, [B, S, S, S, 1], of the solids that `factors` [B, 3] names."""
    middles = (2 * jnp.arange(grid_size) + 1) / grid_size - 1
    xyz = jnp.stack(jnp.meshgrid(middles, middles, middles, indexing="ij"), axis=-1)
    local = (xyz[None] - _spread(where.centre, 3)) / _spread(where.scale[:, None], 3)
    pose = _spread(factors[:, 2:3], 3)
    # (u, v, w) = (x, y, z), (y, z, x) and (z, x, y): w, the solid's own height, lies along its pose.
    turned = [local, jnp.roll(local, -1, axis=-1), jnp.roll(local, -2, axis=-1)]
    local = jnp.where(pose == 0, turned[0], jnp.where(pose == 1, turned[1], turned[2]))
    parts = _inside(local, _spread(where.proportions, 3))
    inside = jnp.take_along_axis(parts, _spread(factors[:, :1], 3), axis=-1)
    return inside.astype(jnp.float32)


def silhouette(voxels: jax.Array) -> jax.Array:
    """What is seen along the second axis: [B, D, H, W, 1] to images [B, W, D, 1], up at the top."""
    seen = voxels.max(axis=2)
    return jnp.flip(jnp.swapaxes(seen, 1, 2), axis=1)


def with_silhouette(key, batch: dict) -> dict:
    """A batch of `voxels` with the float32 entry `silhouette` [B, W, D, 1]; the key is not used."""
    del key
    return {**batch, "silhouette": silhouette(batch["voxels"]).astype(jnp.float32)}


def voxel_set(image_size: int | None = None, channels: int | None = None, seed: int = 0) -> Splits:
    """`voxels`, solids in all combinations of their factors; 16384 train, 1024 valid, 4096 test.

    Entries: `voxels` [S, S, S, 1] of 0 and 1; `label`, the solid; `factors` [3]; `silhouette`
    [S, S, 1]. Place, scale and proportions are continuous, by `seed` and the row.

    Args:
        image_size: side S of the grid, 16 if not given.
        channels: None: a voxel is full or empty.
        seed: of what is continuous.

    Raises:
        ValueError: if the solids would be too small to be told apart, or for channels.
    """
    if channels is not None:
        raise ValueError("voxels are full or empty and have no channels: leave channels out")
    side = _SIDE if image_size is None else image_size
    rendered.check_size("voxels", side, _SMALLEST)
    factors = rendered.shuffled_factors(sum(_ROWS), tuple(map(len, VALUES.values())))

    def draw(key, batch):
        where = placement(batch["factors"], rendered.row_keys(seed, batch["number"]))
        grids = render(batch["factors"], where, grid_size=side)
        kept = {name: each for name, each in batch.items() if name != "number"}
        return with_silhouette(key, {**kept, "voxels": grids})

    rows = {"label": factors[:, 0].copy(), "factors": factors}
    extras = {"factors": (len(FACTORS),), "silhouette": (side, side, 1)}
    return Splits(
        Spec((side, side, side, 1), 2, len(SOLIDS), extras),
        1.0,
        **rendered.split_rows(rows, _ROWS),
        train_render=draw,
        eval_render=draw,
    )


def _inside(local, proportions):
    """bool [B, S, S, S, K]: whether (u, v, w) is inside each solid of half height 1."""
    u, v, w = (local[..., axis] for axis in range(3))
    across, deep, along = jnp.abs(u), jnp.abs(v), jnp.abs(w)
    relative = jnp.abs(local) / (_spread(jnp.array([_BOX]), 3) * proportions)
    round_ = local / (_spread(jnp.array([_ELLIPSOID]), 3) * proportions)
    flat = deep < _DEEP
    upright = (across < _BAR) & (along < 1)
    lying = lambda level: (across < _REACH) & (jnp.abs(w - level) < _BAR)
    left = (jnp.abs(u + _REACH - _BAR) < _BAR) & (along < 1)
    solids = {
        "box": (relative < 1).all(-1),
        "ellipsoid": jnp.square(round_).sum(-1) < 1,
        "cylinder": (jnp.square(u) + jnp.square(v) < _RADIUS**2) & (along < _BOX[2]),
        "rod": upright & (deep < _BAR),
        "L": (left | lying(_BAR - 1)) & flat,
        "T": (upright | lying(1 - _BAR)) & flat,
        "cross": (upright | lying(0.0)) & flat,
    }
    return jnp.stack([solids[name] for name in SOLIDS], axis=-1)


def _spread(x, axes):
    """[B, C] to [B, 1, ..., 1, C]."""
    return x.reshape(len(x), *(1,) * axes, x.shape[-1])
