"""CycleGAN between two worlds of colours, without pairs: the known map is found, by the adversaries."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.data import rendered, sprites
from genjax.data.sprite_sets import COOL, colour_world_set, counterpart
from genjax.gan import cyclegan
from tests.acceptance.rounds import drawing, play

KEY = jax.random.key(0)
TRAINING = jax.random.key(1)
ROUNDS = 2500
EVERY = np.stack(np.unravel_index(np.arange(128), (4, 4, 2, 4)), axis=-1).astype(np.int32)


def read(images, numbers):
    """Factors [B, 4] of the nearest of the cool world's 128 sprites, placed as the image's own is."""

    def one(key_and_image):
        key, image = key_and_image
        where = sprites.geometry(jnp.asarray(EVERY), jnp.broadcast_to(key, (len(EVERY),)))
        each = sprites.render(jnp.asarray(EVERY), where, world=COOL)
        return jnp.square(each - image[None]).mean((1, 2, 3)).argmin()

    keys = rendered.row_keys(0, jnp.asarray(numbers))
    return EVERY[jax.jit(lambda *given: jax.lax.map(one, given))(keys, images)]


@pytest.mark.parametrize("adversarial_weight, rounds", [(1.0, ROUNDS), (0.0, 300)])
def test_the_other_world_is_found_by_the_adversaries(adversarial_weight, rounds):
    """By the truth, not by the cycle: from the same start the cycle alone closes in a wrong world.

    That start matters: the true map is a negative, and cycles close as well with it as with the
    identity; of two starts, one finds it without adversaries. `error` is the L1 to the truth, of that
    of doing nothing. Measured: error 0.038 and place kept in 0.98 with adversaries, 0.77 and 0.20
    without. Small shapes and neighbouring colours are not kept so soon: of all factors 0.55 are here,
    0.88 from another start.

    The discriminator judges pixels: this map is one of colours.
    """
    splits = colour_world_set()
    rows = {name: each[:128] for name, each in splits.test.arrays().items()}
    test = jax.jit(splits.eval_render)(KEY, jax.tree.map(jnp.asarray, rows))
    model = cyclegan(
        splits.spec,
        adversarial_weight=adversarial_weight,
        width=8,
        num_blocks=1,
        num_halvings=0,
        patch_layers=0,
        norm="none",
        learning_rate=1e-3,
        num_rounds=ROUNDS,
    )
    draw = drawing(splits.train.arrays(), 8, splits.train_render)
    variables = play(model, None, TRAINING, rounds, draw).variables
    assert np.abs(read(counterpart(test["image"]), rows["number"]) - rows["factors"]).max() == 0
    y = jax.jit(model.translate)(KEY, variables, test["image"])
    kept = (read(y, rows["number"]) == rows["factors"]).mean(axis=0)
    true = counterpart(test["image"])
    error = float(jnp.abs(y - true).mean() / jnp.abs(test["image"] - true).mean())
    cycle = float(jax.jit(model.evaluate)(KEY, variables, test)["cycle_l1"].mean())
    print(f"adversarial {adversarial_weight}: kept {kept}, error {error:.3f}, cycle {cycle:.3f}")
    place = kept[sprites.FACTORS.index("place")]
    if adversarial_weight:
        assert error < 0.1 and place >= 0.9
    else:
        assert cycle < 0.1 and error > 0.5 and place < 0.5
