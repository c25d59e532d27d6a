"""AM-GAN on a ring of eight Gaussians, whose label is the mode: each fake is of one mode."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import Spec
from genjax.gan import am_gan
from tests.acceptance.test_ring import CENTRES, STD, draw

SEEDS = 3


def minibatch(key, num):
    """Points and the mode that each is nearest to."""
    x = draw(key, num)
    distance = jnp.square(x[:, None] - jnp.asarray(CENTRES, jnp.float32)[None]).sum(-1)
    return {"vector": x, "label": distance.argmin(1).astype(jnp.int32)}


def judged(labelling):
    """(modes, share within 3 sigma, entropy of the mode, accuracy of the asked label), medians.

    Of 2000 samples of each of three seeds; by the densities of the modes themselves.
    """
    model = am_gan(
        Spec((2,), num_classes=8),
        labelling=labelling,
        latent_dim=2,
        hidden=(64, 64),
        input_noise=0.0,
        dropout_rate=0.0,
        learning_rate=1e-3,
        first_moment=0.0,
    )
    asked = np.arange(2000) % 8

    def run(key):
        key_init, key_rounds = jax.random.split(key)

        def play(state, key):
            key_data, key_round = jax.random.split(key)
            batch = jax.tree.map(lambda leaf: leaf[None], minibatch(key_data, 128))
            return model.update(key_round, state, batch)[0], None

        state = model.init(key_init, minibatch(key_init, 2))
        state, _ = jax.lax.scan(play, state, jax.random.split(key_rounds, 2400))
        return model.sample(key_init, state.variables, 2000, jnp.asarray(asked))

    figures = []
    for x in np.asarray(jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(0), SEEDS))):
        distance = np.linalg.norm(x[:, None] - CENTRES[None], axis=-1)
        near, nearest = distance.min(1) < 3 * STD, distance.argmin(1)
        modes = (np.bincount(nearest[near], minlength=8) >= 0.1 / 8 * len(x)).sum()
        log_p = -0.5 * (distance**2 - distance.min(1, keepdims=True) ** 2) / STD**2
        p = np.exp(log_p) / np.exp(log_p).sum(1, keepdims=True)
        entropy = -(p * np.log(np.maximum(p, 1e-30))).sum(1).mean()
        figures.append((modes, near.mean(), entropy, (nearest == asked).mean()))
    print(f"{labelling}: modes, quality, entropy, accuracy\n{np.round(figures, 3)}")
    return np.median(figures, axis=0)


def test_each_fake_is_of_one_mode():
    """By dynamic labels the entropy of a fake's mode is at most 0.05 and 0.8 are within 3 sigma.

    Measured of the three seeds: 0.001 to 0.006, and 0.93, 0.84, 0.69; but 4 or 5 modes.
    """
    _, quality, entropy, _ = judged("dynamic")
    assert entropy <= 0.05 and quality >= 0.8


def test_predefined_labels_are_obeyed_and_reach_all_modes():
    """The asked mode in 0.95 of the samples, and 7 modes of 8. Measured: 1.00, and 8, of all seeds."""
    modes, _, _, accuracy = judged("predefined")
    assert modes >= 7 and accuracy >= 0.95
