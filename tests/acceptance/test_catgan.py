"""CatGAN on four Gaussians: the clusters are they, all used alike, and without H[p_X] they are not."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import Spec
from genjax.gan import catgan
from genjax.metrics import clustering_accuracy

CENTRES = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]], np.float32)
STD = 0.35
SEEDS = 3


def draw(key, num):
    """Points and the Gaussian of each."""
    key_label, key_noise = jax.random.split(key)
    label = jax.random.randint(key_label, (num,), 0, 4)
    return jnp.asarray(CENTRES)[label] + STD * jax.random.normal(key_noise, (num, 2)), label


def clustered(**options):
    """(accuracy, entropy of the mean over log 4) of 2000 new points, medians of three seeds."""
    model = catgan(
        Spec((2,)),
        num_clusters=4,
        latent_dim=2,
        hidden=(64, 64),
        input_noise=0.0,
        learning_rate=1e-3,
        **options,
    )
    x, label = jax.device_get(draw(jax.random.key(99), 2000))

    def run(key):
        key_init, key_rounds = jax.random.split(key)

        def play(state, key):
            key_data, key_round = jax.random.split(key)
            return model.update(key_round, state, {"vector": draw(key_data, 128)[0][None]})[0], None

        state = model.init(key_init, {"vector": x})
        state, _ = jax.lax.scan(play, state, jax.random.split(key_rounds, 1600))
        return jnp.exp(model.clusters(key_init, state.variables, x))

    figures = []
    for p in np.asarray(jax.jit(jax.vmap(run))(jax.random.split(jax.random.key(0), SEEDS))):
        mean = np.maximum(p.mean(0), 1e-30)
        evenness = -(mean * np.log(mean)).sum() / np.log(4)
        figures.append((clustering_accuracy(label, p.argmax(1)), evenness))
    print(f"{options}: accuracy, evenness\n{np.round(figures, 3)}")
    return np.median(figures, axis=0)


def test_clusters_are_the_gaussians_and_are_used_alike():
    """Accuracy 0.97 and 0.98 of log 4; not without the marginal entropies. Measured of the three seeds:
    0.996, 0.995, 0.996 (in another run of them 0.75 for one); without 0.756, 0.998, 0.506.

    Fakes are not judged: the generator wins, and their entropy ends near 0 whatever is wrong.
    """
    accuracy, evenness = clustered()
    assert accuracy >= 0.97 and evenness >= 0.98
    accuracy, _ = clustered(marginal_weight=0.0)
    assert accuracy <= 0.9
