"""The comparison figure: rows of sets, columns of algorithms."""

import os
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from genjax.plots.clusters import check_points, save, scatter


class Cell(NamedTuple):
    """What an algorithm made of a set.

    Attributes:
        points: [N, 2].
        clusters: integers from 0, and -1 for noise, [N].
        seconds: that it took.
        rand_index: the adjusted one; None where there are no classes.
    """

    points: np.ndarray
    clusters: np.ndarray
    seconds: float
    rand_index: float | None


def comparison_figure(
    rows: Mapping[str, Mapping[str, Cell]], path: str | os.PathLike, *, title: str = ""
) -> None:
    """Draws a panel for each set (row) and algorithm (column); in it the ARI, and seconds.

    Args:
        rows: by set, the cells by algorithm; all sets have the same algorithms.
        path: file to write; its suffix names the format (png, pdf, svg).
        title: above all.

    Raises:
        ValueError: if there is no cell, rows have other columns, or points do not fit their clusters.
    """
    columns = list(next(iter(rows.values()), {}))
    if not columns or any(list(cells) != columns for cells in rows.values()):
        raise ValueError("needs at least one cell, and the same columns in every row")
    size = (1.75 * len(columns) + 0.4, 1.75 * len(rows) + 0.6)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(rows), len(columns), squeeze=False)
    for line, (name, cells) in zip(panels, rows.items(), strict=True):
        for panel, cell in zip(line, cells.values(), strict=True):
            check_points(cell.points, cell.clusters)
            scatter(panel, cell.points, cell.clusters, size=4.0)
            told = "" if cell.rand_index is None else f"ARI {cell.rand_index:.2f}"
            style = {"transform": panel.transAxes, "fontsize": 7}
            box = {"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 1}
            panel.text(0.02, 0.02, told, ha="left", va="bottom", bbox=box, **style)
            panel.text(
                0.98, 0.02, f"{cell.seconds:.2f} s", ha="right", va="bottom", bbox=box, **style
            )
        line[0].set_ylabel(name, fontsize=9)
    for panel, column in zip(panels[0], columns, strict=True):
        panel.set_title(column, fontsize=9)
    if title:
        figure.suptitle(title, fontsize=11)
    save(figure, path)
