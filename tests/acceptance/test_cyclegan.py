"""CycleGAN between two worlds of colours, without pairs: the known map is found, by the adversaries."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.data import COOL, counterpart, read_sprites, sprites
from genjax.data.sprite_sets import colour_world_set
from genjax.gan import cyclegan
from tests.acceptance.rounds import drawing, play

ROUNDS, BATCH, NUM = 2000, 16, 256


def train(seed, adversarial_weight=1.0):
    """(error, share of each factor kept, cycle error) on rows of the test split.

    `error` is the L1 distance to the truth, of that of doing nothing; `kept` is by the nearest of all
    sprites of the cool world.
    """
    splits = colour_world_set()
    model = cyclegan(
        splits.spec,
        adversarial_weight=adversarial_weight,
        identity_weight=0.5,
        num_rounds=ROUNDS,
        width=8,
        num_blocks=1,
        num_halvings=0,
        patch_layers=0,  # the map is one of colours, and its discriminator judges pixels
        norm="minibatch",
        learning_rate=3e-3,
    )
    draw = drawing(splits.train.arrays(), BATCH, splits.train_render)
    variables = play(model, None, jax.random.key(seed), ROUNDS, draw).variables
    key = jax.random.key(0)
    rows = {name: jnp.asarray(each[:NUM]) for name, each in splits.test.arrays().items()}
    test = jax.jit(splits.eval_render)(key, rows)
    truth = counterpart(test["image"])
    there = jax.jit(model.translate)(key, variables, test["image"])
    error = jnp.abs(there - truth).mean() / jnp.abs(test["image"] - truth).mean()
    read, factors = read_sprites(there, world=COOL), np.asarray(test["factors"])
    kept = [(read[name] == factors[:, i]).mean() for i, name in enumerate(sprites.FACTORS)]
    cycle = jax.jit(model.evaluate)(key, variables, test)["cycle_l1"].mean()
    return float(error), np.array(kept), float(cycle)


def test_the_other_world_is_found_and_factors_are_kept():
    """0.90 of the factors are kept, and the error is a tenth of that of doing nothing at most.

    Measured over three starts: kept 0.94 to 0.98, error 0.05 to 0.07.
    """
    error, kept, cycle = train(0)
    print(f"error {error:.3f}, kept {np.round(kept, 3)} = {kept.mean():.3f}, cycle {cycle:.3f}")
    assert error <= 0.1 and kept.mean() >= 0.9


def test_without_the_adversaries_the_cycle_closes_in_another_world():
    """As long, from the same start: a cycle as small, and an error that is not.

    Measured twice: cycle 0.005, error 0.245 and 0.320. It is not 1, that of doing nothing; probably
    because the norms are of each world's minibatch, which brings its mean and scale to what the last
    layers are trained for. Shape, size and place are kept too: their shares cannot tell.
    """
    error, kept, cycle = train(0, adversarial_weight=0.0)
    print(f"without adversaries: error {error:.3f}, kept {np.round(kept, 3)}, cycle {cycle:.3f}")
    assert cycle <= 0.02 and error >= 0.15
