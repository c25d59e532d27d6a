"""CycleGAN between two worlds of colours, without pairs: the known map is found."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.data import COOL, counterpart, read_sprites, sprites
from genjax.data.sprite_sets import colour_world_set
from genjax.gan import cyclegan
from tests.acceptance.rounds import drawing, play

ROUNDS, BATCH, NUM = 1400, 8, 256


def train(seed):
    """(error, share of each factor kept, cycle error) on rows of the test split.

    `error` is the L1 distance to the truth, of that of doing nothing; `kept` is by the nearest of all
    sprites of the cool world.
    """
    splits = colour_world_set()
    model = cyclegan(
        splits.spec,
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

    Measured with minibatches of 16 over three starts: kept 0.94 to 0.98, error 0.05 to 0.07; of 8, 1400
    rounds from one, 0.97 and 0.06. Without the identity loss colours are exchanged or merged. That the
    adversaries are needed is not shown here: without them the error was 0.25, 0.32 and 0.05 in three
    runs (of 16), for the identity loss and norms of minibatches may do.
    Generators that aim at 0 in place of 1 were seen to fail: error 0.40, kept 0.88.
    """
    error, kept, cycle = train(0)
    print(f"error {error:.3f}, kept {np.round(kept, 3)} = {kept.mean():.3f}, cycle {cycle:.3f}")
    assert error <= 0.1 and kept.mean() >= 0.9
