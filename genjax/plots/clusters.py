"""Points in the plane, coloured by what they belong to."""

import io
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from genjax.plots.grid import write_bytes

_NOISE = (0.6, 0.6, 0.6, 1.0)


class Map(NamedTuple):
    """A panel of points.

    Attributes:
        title: above it.
        points: [N, 2].
        groups: what colours them, integers from 0, and -1 for none (grey), [N].
    """

    title: str
    points: np.ndarray
    groups: np.ndarray


def maps_figure(
    maps: Sequence[Map],
    path: str | os.PathLike,
    *,
    bars: Mapping[str, Mapping[str, float]] | None = None,
    pictures: Mapping[str, np.ndarray] | None = None,
    columns: int = 3,
) -> None:
    """Draws panels of points side by side, and beside them bars of what was measured, and pictures.

    Args:
        maps: one panel each.
        path: file to write; its suffix names the format (png, pdf, svg).
        bars: by measure, the values by name: one more panel a measure; None for none.
        pictures: by title, uint8 [H, W] or [H, W, 3]: one more panel each; None for none.
        columns: panels a row.

    Raises:
        ValueError: if there is no map, or points and groups do not fit each other.
    """
    if not maps:
        raise ValueError("needs at least one map, got none")
    for each in maps:
        check_points(each.points, each.groups)
    bars, pictures = bars or {}, pictures or {}
    num = len(maps) + len(bars) + len(pictures)
    columns = min(columns, num)
    rows = math.ceil(num / columns)
    figure = Figure(figsize=(4.5 * columns, 4.2 * rows), layout="constrained")
    panels = figure.subplots(rows, columns, squeeze=False).ravel()
    for panel, each in zip(panels, maps, strict=False):
        scatter(panel, each.points, each.groups)
        panel.set_title(each.title)
    rest = iter(panels[len(maps) :])
    for measure, values in bars.items():
        _bars(next(rest), measure, values)
    for title, picture in pictures.items():
        panel = next(rest)
        panel.imshow(picture, cmap="gray", vmin=0, vmax=255)
        panel.set_title(title)
        panel.set_axis_off()
    for panel in panels[num:]:
        panel.set_axis_off()
    save(figure, path)


def reduction_figure(
    errors: np.ndarray,
    size: int,
    error: float | None,
    name: str,
    bars: Mapping[str, Mapping[str, float]],
    path: str | os.PathLike,
) -> None:
    """Draws a model's error as a point beside the curve of principal components, and bars.

    Args:
        errors: squared error by 0, 1, 2, ... principal components, [N].
        size: numbers in the model's code.
        error: of the model; None where it does not decode.
        name: of the model.
        bars: by measure, the values by name: one more panel a measure.
        path: file to write; its suffix names the format (png, pdf, svg).

    Raises:
        ValueError: if the errors are not [N], at least one.
    """
    errors = np.asarray(errors)
    if errors.ndim != 1 or not len(errors):
        raise ValueError(f"errors are [N], at least one, got shape {errors.shape}")
    figure = Figure(figsize=(4.5 * (1 + len(bars)), 4.2), layout="constrained")
    panels = figure.subplots(1, 1 + len(bars), squeeze=False)[0]
    panels[0].plot(errors, color="tab:grey", label="PCA")
    if error is not None:
        panels[0].plot([size], [error], "o", color="tab:blue", label=f"{name}: {error:.3g}")
    panels[0].axvline(size, color="tab:grey", linewidth=0.5)
    panels[0].set_ylim(0)
    panels[0].set_xlabel("numbers in a code")
    panels[0].set_ylabel("squared error of a test example")
    panels[0].set_title("what is lost")
    panels[0].legend()
    for panel, (measure, values) in zip(panels[1:], bars.items(), strict=True):
        _bars(panel, measure, values)
    save(figure, path)


def scatter(panel: Axes, points: np.ndarray, groups: np.ndarray, size: float = 5.0) -> None:
    """Points of a panel, a colour a group; the axes of a map mean nothing, so they bear no numbers.

    Args:
        panel: to draw on.
        points: [N, 2].
        groups: integers from 0, and -1 for none, [N].
        size: of a point.
    """
    panel.scatter(points[:, 0], points[:, 1], s=size, c=colours(groups), linewidths=0)
    panel.set_xticks([])
    panel.set_yticks([])


def colours(groups: np.ndarray) -> np.ndarray:
    """A colour for each group, [N, 4]: ten that are easily told apart, then twenty; grey for -1."""
    groups = np.asarray(groups)
    name = "tab10" if groups.max(initial=0) < 10 else "tab20"
    table = np.asarray(matplotlib.colormaps[name].colors)
    found = np.concatenate([table[groups % len(table)], np.ones((len(groups), 1))], axis=1)
    found[groups < 0] = _NOISE
    return found


def check_points(points: Any, groups: Any) -> None:
    """Raises ValueError unless there are points [N, 2] and a group for each."""
    if np.ndim(points) != 2 or np.shape(points)[1] != 2 or np.shape(groups) != (len(points),):
        raise ValueError(
            f"points are [N, 2] and groups [N], got {np.shape(points)} and {np.shape(groups)}"
        )


def save(figure: Figure, path: str | os.PathLike) -> None:
    """Writes the figure whole; the suffix names the format."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(path).suffix.lstrip(".") or "png", dpi=110)
    write_bytes(path, buffer.getvalue())


def _bars(panel: Axes, measure: str, values: Mapping[str, float]) -> None:
    names, heights = list(values), list(values.values())
    places = np.arange(len(names))[::-1]
    panel.barh(places, heights, color="tab:blue")
    panel.set_yticks(places, names)
    for place, height in zip(places, heights, strict=True):
        panel.text(height, place, f" {height:.3f}", va="center", fontsize=8)
    panel.set_xlim(0, 1.15 * max([*heights, 1e-9]))
    panel.set_title(measure)
