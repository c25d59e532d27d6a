"""3D-GAN on tiny solids, and its gate: what it makes is of the data, and D rests when it is ahead."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import Spec
from genjax.data import voxels
from genjax.gan import gan_3d
from tests.acceptance import games

SIDE, BATCH, ROUNDS, DRAWN = 8, 64, 3400, 500
SOLIDS = [voxels.SOLIDS.index(name) for name in ("box", "ellipsoid", "cross")]
SEEDS = (0, 1, 2)
SCALE, CELL = 0.62, 2 / SIDE  # of [-1, 1]^3


def every():
    """(label of 3, grid) of all upright solids of one size, in 27 places a voxel apart: 81 of them."""
    label, *places = np.array(list(itertools.product(range(len(SOLIDS)), *[(-1, 0, 1)] * 3))).T
    where = voxels.Placement(
        CELL * jnp.stack(places, axis=1), jnp.full(len(label), SCALE), jnp.ones((len(label), 3))
    )
    factors = jnp.stack([jnp.asarray(SOLIDS)[label], 0 * label, 0 * label], axis=1)
    return label, jax.jit(lambda: voxels.render(factors, where, grid_size=SIDE))()


def train(grids):
    """On these: grids that are drawn, and how often D was updated, of each seed."""
    model = gan_3d(
        Spec((SIDE,) * 3 + (1,), 2),
        latent_dim=16,
        hidden=(128, 128),
        learning_rate=1e-3,
        discriminator_learning_rate=1e-3,
    )
    draw = lambda key, num: grids[jax.random.randint(key, (num,), 0, len(grids))]
    state, metrics = games.train(model, draw, SEEDS, ROUNDS, BATCH, entry="voxels")
    sample = jax.vmap(lambda variables: model.sample(jax.random.key(1), variables, DRAWN))
    return jax.device_get(
        (jax.jit(sample)(state.variables), metrics["discriminator/kept"].mean(axis=1))
    )


def nearest(grids, known):
    """(voxels that differ from the nearest known grid, its row) of each."""
    a, b = (x.reshape(len(x), -1).astype(np.float32) for x in (grids, known))
    distance = a.sum(1)[:, None] + b.sum(1)[None] - 2 * a @ b.T
    return distance.min(1), distance.argmin(1)


def test_solids_are_of_the_data_and_the_discriminator_rests_when_it_is_ahead():
    """Medians of three seeds. Grids of halves of two solids are 14.7 voxels of 512 from the nearest."""
    label, grids = every()
    real, found = np.asarray(grids), []
    for x, kept in zip(*train(grids), strict=True):
        full = x > 0.5
        distance, row = nearest(full, real)
        shares = np.bincount(label[row], minlength=len(SOLIDS)) / DRAWN
        occupancy = full.sum((1, 2, 3, 4)).mean() / real.sum((1, 2, 3, 4)).mean()
        found.append((occupancy, shares.min(), distance.mean(), kept))
        print(
            f"occupancy {occupancy:.2f} of the data's, solids {shares.round(2)}, "
            f"{distance.mean():.1f} voxels of {SIDE**3} from the nearest; D updated {kept:.2f}"
        )
    occupancy, share, distance, kept = np.median(found, axis=0)
    assert abs(occupancy - 1) <= 0.15
    assert share >= 0.1
    assert distance <= 8
    assert 0.1 < kept < 0.99
