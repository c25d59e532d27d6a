"""Pictures of models that search for the latents of images: what they cannot draw, and other ages."""

from pathlib import Path

import jax
import numpy as np

from experiments.subject import (
    Subject,
    Unsuitable,
    condition,
    num_classes,
    pictures,
    require_pictures,
    test_batch,
)
from genjax import plots
from genjax.data import faces

SHOWN, FACES, AGES = 8, 8, 12


def anomalies(subject: Subject, key, path: Path) -> None:
    """Test images with their scores, the nearest samples that a search found, and how they differ.

    Where the data tells what is wrong with them (`mask`), that is the last row. The score is what the
    search left, the larger the stranger. Schlegl et al., 2017, arXiv:1703.05921, figure 3.
    """
    require_pictures(subject, "search", "decode")
    if subject.model.condition is not None:
        raise Unsuitable("this figure needs a model without a condition: --figure=ages has others")
    batch = test_batch(subject, SHOWN)
    x = batch[subject.spec.entry]
    z, score = jax.jit(subject.model.search)(key, subject.variables, x)
    found = pictures(jax.jit(subject.model.decode)(key, subject.variables, z))
    rows = {_called(subject): pictures(x), "nearest sample": found}
    rows["difference"] = np.abs(pictures(x) - found).mean(-1, keepdims=True)
    if "mask" in batch:
        rows["truth"] = pictures(batch["mask"])
    titles = [f"{number}: {value:.1f}" for number, value in enumerate(np.asarray(score), 1)]
    plots.picture_rows(
        {name: dict(zip(titles, images, strict=True)) for name, images in rows.items()},
        path,
        title="score: what the search left",
    )


def ages(subject: Subject, key, path: Path) -> None:
    """Test images, found again by the search under their own label, and drawn under every label.

    Antipov et al., 2017, arXiv:1702.01983, figure 3.
    """
    require_pictures(subject, "search", "decode")
    labels = range(min(AGES, num_classes(subject)))
    batch = test_batch(subject, FACES)
    x, own = batch[subject.spec.entry], condition(subject, batch)
    z, _ = jax.jit(subject.model.search)(key, subject.variables, x, *own)
    decode = jax.jit(subject.model.decode)
    draw = lambda label: pictures(decode(key, subject.variables, z, label))
    named = subject.dataset().name == "faces"
    names = faces.AGES if named else [f"label {label}" for label in labels]
    columns = {_called(subject): pictures(x), "found": draw(*own)}
    columns |= {names[label]: draw(np.full(len(x), label, np.int32)) for label in labels}
    plots.image_columns(columns, path)


def _called(subject: Subject) -> str:
    return "test image" if subject.given is None else "image"
