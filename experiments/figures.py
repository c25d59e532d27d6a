"""Pictures of a trained model, by name: each asks the model for the capability that it needs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from genjax import plots
from genjax.core import Model
from genjax.data import Dataset
from genjax.training import read_metrics

SAMPLES = 64
MANIFOLD_SIDE = 20


def samples(model: Model, variables, dataset: Dataset, key, path: Path) -> None:
    """Draws from the model."""
    _require(model, "sample")
    plots.save_image(path, plots.image_grid(_images(model.sample(key, variables, SAMPLES))))


def reconstructions(model: Model, variables, dataset: Dataset, key, path: Path) -> None:
    """Test images, each above its reconstruction."""
    _require(model, "encode", "decode")
    originals = _test_images(dataset, 20)
    key_encode, key_decode = jax.random.split(key)
    latents = model.encode(key_encode, variables, originals)
    rebuilt = model.decode(key_decode, variables, latents)
    plots.save_image(path, plots.pairs_grid(_images(originals), _images(rebuilt)))


def interpolations(model: Model, variables, dataset: Dataset, key, path: Path) -> None:
    """Rows of straight lines in latent space, from one test image's code to another's."""
    _require(model, "encode", "decode")
    key_encode, key_decode = jax.random.split(key)
    codes = model.encode(key_encode, variables, _test_images(dataset, 16))
    start, end = codes[:8, None], codes[8:, None]
    steps = jnp.linspace(0.0, 1.0, 10).reshape(1, -1, *(1,) * (codes.ndim - 1))
    path_codes = (1 - steps) * start + steps * end
    images = model.decode(key_decode, variables, path_codes.reshape(-1, *codes.shape[1:]))
    plots.save_image(path, plots.image_grid(_images(images), columns=10))


def manifold(model: Model, variables, dataset: Dataset, key, path: Path) -> None:
    """The decoded grid of a two-dimensional latent space (Kingma & Welling, 2013, Figure 4)."""
    _require(model, "encode", "decode")
    one = _test_images(dataset, 1)
    width = jax.eval_shape(model.encode, key, variables, one).shape[-1]
    if width != 2:
        raise ValueError(f"a manifold needs 2 latents, this model has {width}: --set latent_dim=2")
    latents = plots.unit_square_latents(MANIFOLD_SIDE)
    images = model.decode(key, variables, jnp.asarray(latents, jnp.float32))
    plots.save_image(path, plots.manifold_figure(_images(images), MANIFOLD_SIDE))


def curves(model: Model, variables, dataset: Dataset, key, path: Path) -> None:
    """What training wrote to metrics.jsonl, over steps."""
    plots.training_curves(read_metrics(path.parent.parent / "metrics.jsonl"), path)


FIGURES: dict[str, Callable[..., None]] = {
    "samples": samples,
    "reconstructions": reconstructions,
    "interpolations": interpolations,
    "manifold": manifold,
    "curves": curves,
}


def draw(
    name: str, model: Model, variables: Any, dataset: Dataset | None, seed: int, workdir: Path
) -> Path:
    """Draws one figure into the run's folder of samples; returns where.

    Raises:
        ValueError: if the model, or the data, does not have what the figure needs.
    """
    path = workdir / "samples" / f"{name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    FIGURES[name](model, variables, dataset, jax.random.key(seed), path)
    return path


def draw_all(
    model: Model, variables: Any, dataset: Dataset, seed: int, workdir: Path
) -> list[Path]:
    """Draws every figure that this model and data have."""
    paths = []
    for name in FIGURES:
        try:
            paths.append(draw(name, model, variables, dataset, seed, workdir))
        except ValueError:  # a vector is no picture, ten latents are no plane
            continue
    return paths


def _require(model: Model, *capabilities: str) -> None:
    for name in capabilities:
        if getattr(model, name) is None:
            raise ValueError(f"this figure needs a model with {name}, and this one has none")


def _test_images(dataset: Dataset, num: int) -> jax.Array:
    indices = np.arange(num)
    raw = {**dataset.test[indices], "index": indices.astype(np.int32)}
    return dataset.eval_transform(jax.random.key(0), raw)[dataset.spec.entry]


def _images(x) -> np.ndarray:
    if np.ndim(x) != 4:
        raise ValueError(f"pictures need images [N, H, W, C], got examples of shape {x.shape[1:]}")
    return np.clip(np.asarray(x), 0.0, 1.0)
