"""Pictures of a trained model, by name: each asks the model for the capability that it needs."""

from collections.abc import Callable
from pathlib import Path

import jax
import numpy as np

from experiments import sequence_figures
from experiments.factor_figures import completions, drawing, surprise
from experiments.gan_figures import (
    arithmetic,
    domains,
    inpainting,
    interpolation,
    pairs,
    points,
    truncation,
)
from experiments.latent_figures import codebook, exemplars, interpolations, manifold, traversals
from experiments.posterior_figure import posterior
from experiments.scene_figures import scene_edits
from experiments.search_figures import ages, anomalies
from experiments.showers import energy_maps, layers_of
from experiments.subject import (
    Subject,
    Unsuitable,
    condition,
    decode,
    encode,
    num_classes,
    pictures,
    require_pictures,
    save,
    test_batch,
)
from genjax import plots
from genjax.training import read_metrics

__all__ = ["FIGURES", "OF_EXAMPLES", "Subject", "Unsuitable", "draw", "draw_all", "save"]

SAMPLES = 64
PAIRS = 20
CLASSES, DRAWS = 20, 10


def samples(subject: Subject, key, path: Path) -> None:
    """Draws from the model: of points of the plane over the data, of showers as maps of energy, of
    sequences as they are read.

    Of a model that is conditional on something else than a class, given that of the first test
    examples.
    """
    if layers_of(subject.spec):
        energy_maps(subject, key, path)
        return
    if tuple(subject.spec.shape) == (2,):
        points(subject, key, path)
        return
    if subject.spec.entry == "sequence":
        sequence_figures.samples(subject, key, path)
        return
    require_pictures(subject, "sample")
    sample = jax.jit(subject.model.sample, static_argnums=2)
    num, given = SAMPLES, ()
    if subject.model.condition not in (None, "label"):
        given = condition(subject, test_batch(subject, SAMPLES))
        num = len(given[0])
    save(path, plots.image_grid(pictures(sample(key, subject.variables, num, *given))))


def classes(subject: Subject, key, path: Path) -> None:
    """Draws of one class a row, of the first 20 classes.

    Each row draws with the same key: where the prior does not know the class, a column is one latent.
    """
    require_pictures(subject, "sample")
    sample = jax.jit(subject.model.sample, static_argnums=2)
    rows = [
        pictures(sample(key, subject.variables, DRAWS, np.full(DRAWS, label, np.int32)))
        for label in range(min(CLASSES, num_classes(subject)))
    ]
    save(path, plots.image_grid(np.concatenate(rows), columns=DRAWS))


def reconstructions(subject: Subject, key, path: Path) -> None:
    """Test images, each above its reconstruction."""
    require_pictures(subject, "encode", "decode")
    batch = test_batch(subject, PAIRS)
    key_encode, key_decode = jax.random.split(key)
    codes = encode(subject, key_encode, batch)
    rebuilt = decode(subject, key_decode, codes, condition(subject, batch))
    save(path, plots.pairs_grid(pictures(batch[subject.spec.entry]), rebuilt))


def curves(subject: Subject, key, path: Path) -> None:
    """What training wrote to metrics.jsonl, over steps."""
    rows = read_metrics(subject.workdir / "metrics.jsonl")
    if not rows:
        raise Unsuitable(f"{subject.workdir} has no metrics.jsonl to draw")
    plots.training_curves(rows, path)


FIGURES: dict[str, Callable[..., None]] = {
    "samples": samples,
    "forecast": sequence_figures.forecast,
    "translations": sequence_figures.translations,
    "classes": classes,
    "reconstructions": reconstructions,
    "interpolations": interpolations,
    "interpolation": interpolation,
    "arithmetic": arithmetic,
    "pairs": pairs,
    "scenes": scene_edits,
    "domains": domains,
    "inpainting": inpainting,
    "truncation": truncation,
    "anomalies": anomalies,
    "ages": ages,
    "posterior": posterior,
    "manifold": manifold,
    "traversals": traversals,
    "codebook": codebook,
    "exemplars": exemplars,
    "completions": completions,
    "surprise": surprise,
    "drawing": drawing,
    "curves": curves,
}
# What shows examples that can as well be a user's own.
OF_EXAMPLES = (
    "reconstructions",
    "interpolations",
    "pairs",
    "inpainting",
    "anomalies",
    "ages",
    "completions",
    "surprise",
)


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
