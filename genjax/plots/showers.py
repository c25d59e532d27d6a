"""Maps of the energy in the cells of a calorimeter."""

import os
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from genjax.plots.clusters import save

_CELL = 1.1  # inches
_DECADES = 3.0  # of energy that are told apart


def shower_maps(
    rows: Mapping[str, Mapping[str, Sequence[np.ndarray]]], path: str | os.PathLike
) -> None:
    """Draws a row for each name: the layers' maps of several showers side by side, on one log scale.

    Cells without energy are white; the sum of each shower stands above its first layer.

    Args:
        rows: name of the row -> name of the shower -> maps [rows, columns] of its layers, GeV; all rows
            have the same showers, and all showers as many layers.
        path: file to write; its suffix names the format (png, pdf, svg).

    Raises:
        ValueError: if there is nothing to draw, or rows differ.
    """
    kinds = {tuple((name, len(maps)) for name, maps in row.items()) for row in rows.values()}
    if len(kinds) != 1 or not next(iter(kinds)):
        raise ValueError(f"rows need the same showers and layers, got {kinds or 'none'}")
    showers = next(iter(kinds))
    num = sum(layers for _, layers in showers)
    largest = max(each.max() for row in rows.values() for maps in row.values() for each in maps)
    norm = LogNorm(max(largest, 1e-6) * 10**-_DECADES, max(largest, 1e-6))
    figure = Figure(figsize=(_CELL * num + 1.5, _CELL * len(rows) + 0.6), layout="constrained")
    panels = figure.subplots(len(rows), num, squeeze=False)
    for line, (name, row) in zip(panels, rows.items(), strict=True):
        line[0].set_ylabel(name, fontsize=8, rotation=0, ha="right", va="center")
        places = iter(line)
        for shower, maps in row.items():
            total = sum(float(each.sum()) for each in maps)
            for layer, cells in enumerate(maps):
                place = next(places)
                shown = np.ma.masked_less_equal(cells, 0.0)
                image = place.imshow(shown, norm=norm, cmap="viridis", aspect="auto")
                title = f"{shower}: {total:.1f} GeV" if layer == 0 else f"layer {layer}"
                place.set_title(title, fontsize=7)
                place.set_xticks([])
                place.set_yticks([])
    figure.colorbar(image, ax=panels, shrink=0.6, label="GeV")
    save(figure, path)
