"""What samples gain and lose when the tails of the prior are cut off."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from genjax.plots.clusters import save
from genjax.plots.grid import image_grid

_CELL = 0.55  # inches


def truncation_figure(
    thresholds: Sequence[float],
    curves: Mapping[str, Sequence[float]],
    rows: np.ndarray,
    path: str | os.PathLike,
) -> None:
    """Draws figures against thresholds, precision against recall, and a row of samples a threshold.

    Args:
        thresholds: where the tails are cut, [N].
        curves: by name, [N] each; `precision` and `recall` are also drawn against each other.
        rows: samples, [N, M, H, W, 1 or 3] in [0, 1]; [N, 0, ...] for none.
        path: file to write; its suffix names the format (png, pdf, svg).

    Raises:
        ValueError: if there is no threshold, or a curve or the rows have another length.

    Brock, Donahue and Simonyan, 2019, arXiv:1809.11096, Figure 2 and section 3.1.
    """
    num = len(thresholds)
    lengths = {name: len(values) for name, values in {**curves, "rows": rows}.items()}
    if not num or not curves or set(lengths.values()) != {num}:
        raise ValueError(f"needs curves and rows of {num or 'some'} thresholds, got {lengths}")
    panels = {name: (thresholds, values) for name, values in curves.items()}
    if {"precision", "recall"} <= set(curves):
        panels["precision against recall"] = (curves["recall"], curves["precision"])
    columns = min(3, len(panels))
    lines = -(-len(panels) // columns)
    shown = rows.shape[1] > 0
    tall = _CELL * num + 0.5 if shown else 0.0
    figure = Figure(figsize=(4 * columns, 3 * lines + tall), layout="constrained")
    parts = figure.subfigures(2, 1, height_ratios=[3 * lines, tall]) if shown else [figure]
    places = parts[0].subplots(lines, columns, squeeze=False).ravel()
    for place, (name, (x, y)) in zip(places, panels.items(), strict=False):
        place.plot(x, y, marker="o")
        place.set_title(name)
        place.set_xlabel("recall" if name.endswith("against recall") else "threshold")
        if name.endswith("against recall"):
            place.set_ylabel("precision")
    for place in places[len(panels) :]:
        place.set_axis_off()
    if shown:
        panel = parts[1].subplots()
        height = rows.shape[2] + 1
        picture = image_grid(rows.reshape(-1, *rows.shape[2:]), columns=rows.shape[1])
        panel.imshow(picture, cmap="gray", vmin=0, vmax=255)
        panel.set_yticks(height * (np.arange(num) + 0.5), [f"{each:g}" for each in thresholds])
        panel.set_xticks([])
        panel.set_ylabel("threshold")
    save(figure, path)
