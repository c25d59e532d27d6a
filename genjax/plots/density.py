"""Densities beside one another: on the plane as pictures, of held-out examples as bars."""

import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from genjax.plots.grid import write_bytes


def density_grid(
    rows: Mapping[str, Mapping[str, tuple[np.ndarray, str]]],
    path: str | os.PathLike,
    *,
    limit: float,
) -> None:
    """A row a set, a column a density, all of a row in one scale of colours.

    Args:
        rows: for each set, by column: the density on a grid [H, W], the top row first, and what to
            write above it.
        path: file to write; its suffix names the format (png, pdf, svg).
        limit: the pictures show [-limit, limit]^2.

    Raises:
        ValueError: if there is no row, or rows have different columns.
    """
    columns = {tuple(row) for row in rows.values()}
    if len(columns) != 1 or not next(iter(columns)):
        raise ValueError(f"needs rows of the same columns, got {columns or 'none'}")
    width = len(next(iter(columns)))
    figure = Figure(figsize=(2.7 * width, 2.9 * len(rows)), layout="constrained")
    panels = figure.subplots(len(rows), width, squeeze=False)
    for line, (name, row) in zip(panels, rows.items(), strict=True):
        top = next(iter(row.values()))[0].max()
        for panel, (density, told) in zip(line, row.values(), strict=True):
            panel.imshow(density, extent=(-limit, limit) * 2, vmin=0, vmax=top, cmap="magma")
            panel.set_title(told, fontsize=10)
            panel.set(xticks=[], yticks=[])
        line[0].set_ylabel(name.replace("_", " "))
    _save(figure, path)


def density_bars(
    values: Mapping[str, float],
    errors: Mapping[str, float],
    path: str | os.PathLike,
    *,
    title: str,
    label: str,
) -> None:
    """A bar a method, its value written beside it.

    Args:
        values: means over held-out examples, by method.
        errors: their standard errors.
        path: file to write; its suffix names the format (png, pdf, svg).
        title: of the figure.
        label: what is measured, with its unit.

    Raises:
        ValueError: if there is no value, or one is not finite or has no error.
    """
    if not values or set(values) != set(errors) or not np.isfinite(list(values.values())).all():
        raise ValueError(f"needs finite values with errors, got {dict(values)} and {dict(errors)}")
    figure = Figure(figsize=(7, 1.6 + 0.6 * len(values)), layout="constrained")
    panel = figure.subplots()
    for place, (name, value) in enumerate(values.items()):
        panel.errorbar(value, place, xerr=2 * errors[name], fmt="o", capsize=4, color=f"C{place}")
        panel.annotate(f"{value:.2f}", (value, place), xytext=(0, 8), ha="center",
                       textcoords="offset points")  # fmt: skip
    panel.set_yticks(range(len(values)), [name.replace("_", " ") for name in values])
    panel.set_ylim(len(values) - 0.4, -0.6)
    panel.set_xlabel(f"{label}\nbars: two standard errors; further right is better")
    panel.set_title(title)
    panel.margins(x=0.15)
    panel.grid(axis="x", alpha=0.3)
    _save(figure, path)


def _save(figure: Figure, path: str | os.PathLike) -> None:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(path).suffix.lstrip(".") or "png", dpi=120)
    write_bytes(path, buffer.getvalue())
