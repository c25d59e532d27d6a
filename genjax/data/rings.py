"""Mixtures of Gaussians in the plane, whose modes can be counted: a ring of 8 and a grid of 25.

References: Metz et al., "Unrolled generative adversarial networks", 2016, arXiv:1611.02163 (the ring);
Dumoulin et al., "Adversarially learned inference", 2016, arXiv:1606.00704 (the grid).
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core.spec import Spec
from genjax.data import rendered
from genjax.data.dataset import Splits

_SIZES = (16000, 2000, 4000)  # multiples of 8 and of 25: modes are equally frequent in each split


class Mixture(NamedTuple):
    """Equal weights on Gaussians of covariance sigma^2 I.

    Attributes:
        centres: float32 [K, 2]; the label of an example is its row here.
        sigma: standard deviation along each axis.
    """

    centres: np.ndarray
    sigma: float


def _ring():
    angle = 2 * np.pi * np.arange(8) / 8
    return 2.0 * np.stack([np.cos(angle), np.sin(angle)], axis=-1).astype(np.float32)


def _grid():
    ticks = np.arange(-4.0, 5.0, 2.0, dtype=np.float32)
    return np.stack(np.meshgrid(ticks, ticks, indexing="ij"), axis=-1).reshape(-1, 2)


MIXTURES = {"ring": Mixture(_ring(), 0.1), "grid": Mixture(_grid(), 0.05)}


def draw(mixture: Mixture, label: jax.Array, noise: jax.Array) -> jax.Array:
    """mu_label + sigma noise: the examples [B, 2] of the modes `label` [B], noise [B, 2] of N(0, I)."""
    return jnp.asarray(mixture.centres)[label] + mixture.sigma * noise


def ring_set(name: str, seed: int = 0) -> Splits:
    """The mixture `ring` or `grid`: vectors [2] and their mode; 16000 train, 2000 valid, 4000 test.

    Training draws the noise from the step's key, so that no example is seen twice. Evaluation draws it
    by `seed` and the row.
    """
    mixture = MIXTURES[name]
    num_modes = len(mixture.centres)
    factors = rendered.shuffled_factors(sum(_SIZES), (num_modes,))

    def train(key, batch):
        noise = jax.random.normal(key, (len(batch["label"]), 2))
        return _with_vector(mixture, batch, noise)

    def evaluation(key, batch):
        del key
        keys = rendered.row_keys(seed, batch["number"])
        return _with_vector(
            mixture, batch, jax.vmap(lambda key: jax.random.normal(key, (2,)))(keys)
        )

    sources = rendered.split_rows({"label": factors[:, 0]}, _SIZES)
    return Splits(
        Spec((2,), None, num_modes), None, **sources, train_render=train, eval_render=evaluation
    )


def _with_vector(mixture, batch, noise):
    entries = {name: each for name, each in batch.items() if name != "number"}
    return {**entries, "vector": draw(mixture, batch["label"], noise)}
