"""How well scores tell outliers from others: by class, and why a likelihood fails."""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from genjax.plots.grid import write_bytes


def score_heat_map(
    values: np.ndarray,
    scores: Sequence[str],
    classes: Sequence[str],
    path: str | os.PathLike,
    *,
    title: str,
) -> None:
    """A row a score, a column a class and their mean, the value written in each cell.

    Args:
        values: ROC-AUCs, [scores, classes].
        scores: names of the rows, the best-suited first.
        classes: names of the columns.
        path: file to write; its suffix names the format (png, pdf, svg).
        title: what was measured.

    Raises:
        ValueError: if there is not a value for each score and class.
    """
    values = np.asarray(values, float)
    if values.shape != (len(scores), len(classes)) or values.size == 0:
        raise ValueError(
            f"needs a value for each of {len(scores)} and {len(classes)}, got {values.shape}"
        )
    shown = np.concatenate([values, values.mean(1, keepdims=True)], axis=1)
    figure = Figure(
        figsize=(2.5 + 0.75 * shown.shape[1], 1.5 + 0.45 * len(scores)), layout="constrained"
    )
    panel = figure.subplots()
    drawn = panel.imshow(shown, vmin=0.5, vmax=1.0, cmap="viridis", aspect="auto")
    for row, column in np.ndindex(*shown.shape):
        value = shown[row, column]
        colour = "black" if value > 0.8 else "white"
        panel.text(column, row, f"{value:.3f}", ha="center", va="center", color=colour, fontsize=9)
    panel.axvline(len(classes) - 0.5, color="white", linewidth=3)
    panel.set_xticks(range(shown.shape[1]), [*classes, "mean"])
    panel.set_yticks(range(len(scores)), scores)
    panel.set_xlabel("class")
    panel.set_title(title)
    figure.colorbar(drawn, ax=panel, label="ROC-AUC", extend="min")
    _save(figure, path)


def score_histograms(
    scores: Mapping[str, tuple[np.ndarray, np.ndarray]],
    roc_aucs: Mapping[str, float],
    names: tuple[str, str],
    path: str | os.PathLike,
    *,
    images: tuple[np.ndarray, np.ndarray] | None = None,
) -> None:
    """A panel a score, with its histogram on both sets, and some images of each.

    Args:
        scores: of the set that the model knows, and of the other, [N] each, by name.
        roc_aucs: of each score.
        names: of the two sets.
        path: file to write; its suffix names the format (png, pdf, svg).
        images: grey or colour pictures of both sets, one row of each, [n, H, W, C] in [0, 1].

    Raises:
        ValueError: if there is no score, or one has no ROC-AUC.
    """
    if not scores or set(scores) != set(roc_aucs):
        raise ValueError(f"needs scores with a ROC-AUC each, got {list(scores)}, {list(roc_aucs)}")
    figure = Figure(figsize=(4 * len(scores), 3.2 + (1.6 if images else 0)), layout="constrained")
    parts = figure.subfigures(2, 1, height_ratios=[1, 2]) if images else [None, figure]
    if images:
        rows = parts[0].subplots(2, 1)
        for panel, name, pictures in zip(rows, names, images, strict=True):
            panel.imshow(np.concatenate(_framed(pictures), axis=1), cmap="gray", vmin=0, vmax=1)
            panel.set_title(name, fontsize=10)
            panel.set_axis_off()
    panels = parts[1].subplots(1, len(scores), squeeze=False)[0]
    for panel, (name, both) in zip(panels, scores.items(), strict=True):
        low, high = np.percentile(np.concatenate(both), [0.5, 99.5])
        edges = np.linspace(low, max(high, low + 1e-6), 41)
        for values, label in zip(both, names, strict=True):
            panel.hist(np.clip(values, low, high), edges, density=True, alpha=0.6, label=label)
        panel.set_title(f"{name}: ROC-AUC {roc_aucs[name]:.3f}")
        panel.set_xlabel("score (larger: stranger)")
        panel.set_yticks([])
    panels[0].set_ylabel("density")
    panels[0].legend(fontsize=8)
    _save(figure, path)


def _framed(images: np.ndarray) -> list[np.ndarray]:
    """With a white line around each; grey ones without the channel axis."""
    width = ((1, 1), (1, 1), (0, 0))
    framed = [np.pad(np.clip(image, 0, 1), width, constant_values=1.0) for image in images]
    return [image[..., 0] if image.shape[-1] == 1 else image for image in framed]


def _save(figure: Figure, path: str | os.PathLike) -> None:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(path).suffix.lstrip(".") or "png", dpi=120)
    write_bytes(path, buffer.getvalue())
