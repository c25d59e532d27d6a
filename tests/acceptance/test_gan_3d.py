"""3D-GAN on tiny solids, and its gate: what it makes is of the data, and D rests when it is ahead."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import Spec
from genjax.data import voxels
from genjax.gan import gan_3d

SIDE, BATCH, ROUNDS, DRAWN = 8, 64, 4000, 500
SOLIDS = [voxels.SOLIDS.index(name) for name in ("box", "ellipsoid", "cross")]
SCALE, CELL = 0.62, 2 / SIDE  # of [-1, 1]^3


def draw(key, num):
    """(label of 3, grids) of upright solids of one size, in 27 places a voxel apart."""
    key_label, key_place = jax.random.split(key)
    label = jax.random.randint(key_label, (num,), 0, len(SOLIDS))
    places = CELL * jax.random.randint(key_place, (num, 3), -1, 2)
    where = voxels.Placement(places, jnp.full(num, SCALE), jnp.ones((num, 3)))
    factors = jnp.stack([jnp.asarray(SOLIDS)[label], 0 * label, 0 * label], axis=1)
    return label, voxels.render(factors, where, grid_size=SIDE)


@jax.jit
def train(key):
    """Grids, and how often D was updated."""
    model = gan_3d(
        Spec((SIDE,) * 3 + (1,), 2),
        latent_dim=16,
        hidden=(128, 128),
        learning_rate=1e-3,
        discriminator_learning_rate=1e-3,
    )
    key_init, key_rounds, key_sample = jax.random.split(key, 3)

    def play(state, key):
        key_data, key_round = jax.random.split(key)
        return model.update(key_round, state, {"voxels": draw(key_data, BATCH)[1][None]})

    state = model.init(key_init, {"voxels": jnp.zeros((2, SIDE, SIDE, SIDE, 1))})
    state, metrics = jax.lax.scan(play, state, jax.random.split(key_rounds, ROUNDS))
    return model.sample(key_sample, state.variables, DRAWN), metrics["discriminator/kept"].mean()


def nearest(grids, known):
    """(voxels that differ from the nearest known grid, its row) of each."""
    a, b = (x.reshape(len(x), -1).astype(np.float32) for x in (grids, known))
    distance = a.sum(1)[:, None] + b.sum(1)[None] - 2 * a @ b.T
    return distance.min(1), distance.argmin(1)


def test_solids_are_of_the_data_and_the_discriminator_rests_when_it_is_ahead():
    """Grids made of halves of two solids are 14.7 voxels of 512 from the nearest."""
    label, real = jax.device_get(jax.jit(draw, static_argnums=1)(jax.random.key(9), 6000))
    x, kept = jax.device_get(train(jax.random.key(0)))
    full = x > 0.5
    distance, row = nearest(full, real)
    shares = np.bincount(label[row], minlength=len(SOLIDS)) / DRAWN
    occupancy = full.sum((1, 2, 3, 4)).mean() / real.sum((1, 2, 3, 4)).mean()
    print(
        f"occupancy {occupancy:.2f} of the data's, solids {shares.round(2)}, {distance.mean():.1f} "
        f"voxels of {SIDE**3} from the nearest; D updated in {kept:.2f} of its turns"
    )
    assert abs(occupancy - 1) <= 0.15
    assert shares.min() >= 0.1
    assert distance.mean() <= 8
    assert 0.1 < kept < 0.99
