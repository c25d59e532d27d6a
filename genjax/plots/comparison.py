"""Pictures in rows, each with a title of its own: one thing done in several ways."""

import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from genjax.plots.grid import write_bytes

_CELL = 2.4  # inches


def picture_rows(
    rows: Mapping[str, Mapping[str, np.ndarray]], path: str | os.PathLike, title: str | None = None
) -> None:
    """Draws a row of pictures for each name, each picture below its own title.

    Args:
        rows: name of a row -> title -> picture [H, W, 1 or 3] in [0, 1]; sizes may differ, and each is
            drawn as large as the others. Every row has as many.
        path: file to write; its suffix names the format (png, pdf, svg).
        title: of the whole.

    Raises:
        ValueError: if there is nothing to draw, or rows differ in length.
    """
    lengths = {len(row) for row in rows.values()}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"rows need one number of pictures, got {sorted(lengths) or 'none'}")
    columns = lengths.pop()
    size = (_CELL * columns, (_CELL + 0.35) * len(rows) + 0.4)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(rows), columns, squeeze=False)
    for of_row, (name, row) in zip(panels, rows.items(), strict=True):
        for panel, (told, picture) in zip(of_row, row.items(), strict=True):
            shown = np.clip(picture, 0, 1)
            shown = shown[..., 0] if shown.shape[-1] == 1 else shown
            panel.imshow(shown, cmap="gray", vmin=0, vmax=1, interpolation="nearest")
            panel.set_title(told, fontsize=9)
            panel.set_xticks([])
            panel.set_yticks([])
        of_row[0].set_ylabel(name, fontsize=10)
    if title:
        figure.suptitle(title, fontsize=11)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(path).suffix.lstrip(".") or "png", dpi=150)
    write_bytes(path, buffer.getvalue())
