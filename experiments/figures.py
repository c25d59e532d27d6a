"""Pictures of a trained model, by name: each asks the model for the capability that it needs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from genjax import plots
from genjax.core import Model, Spec
from genjax.data import Dataset
from genjax.training import read_metrics

SAMPLES = 64
PAIRS = 20
LINES, STOPS = 8, 10
MANIFOLD_SIDE = 20
_MIN_SIDE = 640  # pixels; twenty digits of 8x8 side by side are 160


class Unsuitable(ValueError):
    """This model, or its data, has no such picture."""


class Subject(NamedTuple):
    """What is drawn.

    Attributes:
        model, variables: a trained model, of one seed.
        spec: of its data.
        dataset: gives the data set, and is called only if the picture shows examples.
        workdir: the run's folder; pictures lie in its `samples`.
    """

    model: Model
    variables: Any
    spec: Spec
    dataset: Callable[[], Dataset]
    workdir: Path


def samples(subject: Subject, key, path: Path) -> None:
    """Draws from the model."""
    _require(subject, "sample")
    sample = jax.jit(subject.model.sample, static_argnums=2)
    save(path, plots.image_grid(_images(sample(key, subject.variables, SAMPLES))))


def reconstructions(subject: Subject, key, path: Path) -> None:
    """Test images, each above its reconstruction."""
    _require(subject, "encode", "decode")
    originals = _test_images(subject, PAIRS)
    key_encode, key_decode = jax.random.split(key)
    latents = jax.jit(subject.model.encode)(key_encode, subject.variables, originals)
    rebuilt = jax.jit(subject.model.decode)(key_decode, subject.variables, latents)
    save(path, plots.pairs_grid(_images(originals), _images(rebuilt)))


def interpolations(subject: Subject, key, path: Path) -> None:
    """Rows of straight lines in latent space, from one test image's code to another's."""
    _require(subject, "encode", "decode")
    key_encode, key_decode = jax.random.split(key)
    originals = _test_images(subject, 2 * LINES)
    codes = np.asarray(jax.jit(subject.model.encode)(key_encode, subject.variables, originals))
    lines = len(codes) // 2
    start, end = codes[:lines, None], codes[lines : 2 * lines, None]
    steps = np.linspace(0.0, 1.0, STOPS, dtype=np.float32)
    steps = steps.reshape(1, -1, *(1,) * (codes.ndim - 1))
    latents = ((1 - steps) * start + steps * end).reshape(-1, *codes.shape[1:])
    images = _images(jax.jit(subject.model.decode)(key_decode, subject.variables, latents))
    save(path, plots.image_grid(images, columns=STOPS))


def manifold(subject: Subject, key, path: Path) -> None:
    """The decoded grid of a two-dimensional latent space (Kingma & Welling, 2013, Figure 4)."""
    _require(subject, "encode", "decode")
    one = np.zeros((1, *subject.spec.shape), np.float32)
    code = jax.eval_shape(subject.model.encode, key, subject.variables, one).shape[1:]
    if code != (2,):
        raise Unsuitable(
            f"--figure=manifold needs 2 latents, and this model has {'x'.join(map(str, code))}: "
            "train one with --set latent_dim=2 in another --workdir"
        )
    latents = plots.unit_square_latents(MANIFOLD_SIDE)
    images = _images(jax.jit(subject.model.decode)(key, subject.variables, latents))
    save(path, plots.manifold_figure(images, MANIFOLD_SIDE))


def curves(subject: Subject, key, path: Path) -> None:
    """What training wrote to metrics.jsonl, over steps."""
    rows = read_metrics(subject.workdir / "metrics.jsonl")
    if not rows:
        raise Unsuitable(f"{subject.workdir} has no metrics.jsonl to draw")
    plots.training_curves(rows, path)


FIGURES: dict[str, Callable[..., None]] = {
    "samples": samples,
    "reconstructions": reconstructions,
    "interpolations": interpolations,
    "manifold": manifold,
    "curves": curves,
}


def draw(name: str, subject: Subject, seed: int, stem: str | None = None) -> Path:
    """Draws one figure into the run's `samples`, as `stem`.png; returns where.

    Raises:
        ValueError: if the model, or the data, does not have what the figure needs.
    """
    path = subject.workdir / "samples" / f"{stem or name}.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    FIGURES[name](subject, jax.random.key(seed), path)
    return path


def draw_all(subject: Subject, seed: int) -> list[Path]:
    """Draws every figure that this model and data have."""
    paths = []
    for name in FIGURES:
        try:
            paths.append(draw(name, subject, seed))
        except Unsuitable:  # a vector is no picture, ten latents are no plane
            continue
    return paths


def save(path: Path, picture: np.ndarray) -> None:
    """Saves a picture with its pixels repeated until the longer side has 640."""
    factor = max(1, -(-_MIN_SIDE // max(picture.shape[:2])))
    plots.save_image(path, picture.repeat(factor, axis=0).repeat(factor, axis=1))


def _require(subject: Subject, *capabilities: str) -> None:
    missing = [name for name in capabilities if getattr(subject.model, name) is None]
    if missing:
        raise Unsuitable(f"this figure needs a model with {missing[0]}, and this one has none")
    shape = tuple(subject.spec.shape)
    if len(shape) != 3 or shape[-1] not in (1, 3):
        raise Unsuitable(
            f"pictures need images of 1 or 3 channels, and these examples have shape {shape}"
        )


def _test_images(subject: Subject, num: int) -> jax.Array:
    dataset = subject.dataset()
    indices = np.arange(min(num, len(dataset.test)))
    if len(indices) < 2:
        raise Unsuitable("this figure needs 2 test examples, and the set has 1")
    raw = {**dataset.test[indices], "index": indices.astype(np.int32)}
    return jax.jit(dataset.eval_transform)(jax.random.key(0), raw)[dataset.spec.entry]


def _images(x) -> np.ndarray:
    return np.clip(np.asarray(x, np.float32), 0.0, 1.0)
