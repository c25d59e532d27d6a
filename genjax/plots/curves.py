"""How the metrics of a run went."""

import io
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from genjax.plots.grid import write_bytes

_PANELS_A_ROW = 3


def training_curves(rows: Sequence[Mapping[str, object]], path: str | os.PathLike) -> None:
    """Draws each metric against `step`, one panel each, in the order in which they first appear.

    Rows may lack some metrics; the line runs from one value to the next. What is not a finite
    number is left out.

    Args:
        rows: as read from a run's `metrics.jsonl`: `step` and metrics by name.
        path: file to write; its suffix names the format (png, pdf, svg).

    Raises:
        ValueError: if a row lacks `step`, or there is no metric to draw.
    """
    if any("step" not in row for row in rows):
        raise ValueError("every row needs a 'step'")
    names = dict.fromkeys(name for row in rows for name in row if name != "step")
    series = {name: _points(rows, name) for name in names}
    series = {name: points for name, points in series.items() if points}
    if not series:
        raise ValueError(f"no metric to draw in {len(rows)} rows")

    columns = min(_PANELS_A_ROW, len(series))
    lines = math.ceil(len(series) / columns)
    # Figure itself, not pyplot, whose figures live in global state and ask for a display.
    figure = Figure(figsize=(4 * columns, 3 * lines), layout="constrained")
    panels = figure.subplots(lines, columns, squeeze=False).ravel()
    for panel, (name, points) in zip(panels, series.items(), strict=False):
        # A lone point has no line to show it.
        panel.plot(*zip(*points, strict=True), marker="." if len(points) < 20 else None)
        panel.set_title(name)
        panel.set_xlabel("step")
    for panel in panels[len(series) :]:
        panel.set_axis_off()
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(path).suffix.lstrip(".") or "png")
    write_bytes(path, buffer.getvalue())


def _points(rows: Sequence[Mapping[str, object]], name: str) -> list[tuple[float, float]]:
    values = ((row["step"], row.get(name)) for row in rows)
    return [(step, value) for step, value in values if _is_finite_number(value)]


def _is_finite_number(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and math.isfinite(value)
