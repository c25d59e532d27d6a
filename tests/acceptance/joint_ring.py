"""How well a system with an encoder and a generator inverts one by the other on a ring of Gaussians."""

from typing import NamedTuple

import jax
import numpy as np

from genjax.core import Spec
from tests.acceptance.games import HIDDEN, train
from tests.acceptance.test_ring import CENTRES, STD, draw

SEEDS = (0, 1, 2, 3, 4)


class Inverted(NamedTuple):
    """Medians over five seeds.

    Attributes:
        error: mean |x - G(E(x))|, over what it is of other points' reconstructions.
        mean: the largest |mean| of an element of z_x, over data.
        stds: the least and the largest deviation of an element of z_x.
        modes: of eight, those with a tenth of their share of 2000 samples within 3 sigma.
    """

    error: float
    mean: float
    stds: tuple[float, float]
    modes: float


def inverted(system, **options):
    """What 4000 rounds make of the ring, z in the plane, under the rig of the ring's own check."""
    model = system(
        Spec((2,)),
        latent_dim=2,
        hidden=HIDDEN,
        norm="none",
        learning_rate=5e-4,
        discriminator_learning_rate=1e-3,
        first_moment=0.0,
        **options,
    )
    state, _ = train(model, draw, SEEDS, 4000, 128)
    key = jax.random.key(9)
    x = draw(key, 2000)

    def look(variables):
        rebuilt = model.decode(key, variables, model.encode(key, variables, x))
        z, _ = model.latents.posterior(key, variables, x)
        return rebuilt, z, model.sample(key, variables, 2000)

    found = []
    for rebuilt, z, samples in zip(
        *jax.device_get(jax.jit(jax.vmap(look))(state.variables)), strict=True
    ):
        length = lambda vectors: np.linalg.norm(vectors, axis=-1)
        error = length(x - rebuilt).mean() / length(x - np.roll(rebuilt, 1, axis=0)).mean()
        distance = length(samples[:, None] - CENTRES[None])
        nearest = distance.argmin(1)[distance.min(1) < 3 * STD]
        modes = (np.bincount(nearest, minlength=8) >= 0.1 / 8 * len(samples)).sum()
        found.append((error, np.abs(z.mean(0)).max(), z.std(0).min(), z.std(0).max(), modes))
    print(f"{system.__name__}: error, |mean|, least and largest std, modes\n{np.round(found, 2)}")
    error, mean, least, largest, modes = np.median(found, axis=0)
    return Inverted(error, mean, (least, largest), modes)
