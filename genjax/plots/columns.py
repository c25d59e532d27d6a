"""Images side by side in columns that have names."""

import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from genjax.plots.grid import image_grid, write_bytes

_CELL = 0.9  # inches


def image_columns(
    columns: Mapping[str, np.ndarray], path: str | os.PathLike, title: str | None = None
) -> None:
    """Draws a column of images under each name, so that a row tells one example in several ways.

    Args:
        columns: name -> images [N, H, W, 1 or 3] in [0, 1], the same N for all; a line break in a name
            is kept.
        path: file to write; its suffix names the format (png, pdf, svg).
        title: of the whole picture.

    Raises:
        ValueError: if there is no column, or their lengths differ.
    """
    lengths = {name: len(images) for name, images in columns.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"columns need one number of images, got {lengths or 'none'}")
    rows = next(iter(lengths.values()))
    size = (_CELL * 1.25 * len(columns), _CELL * rows + 0.8)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(columns), squeeze=False)[0]
    for panel, (name, images) in zip(panels, columns.items(), strict=True):
        panel.imshow(image_grid(images, columns=1), cmap="gray", vmin=0, vmax=255)
        panel.set_title(name, fontsize=8)
        panel.axis("off")
    if title:
        figure.suptitle(title, fontsize=10)
    buffer = io.BytesIO()
    figure.savefig(
        buffer, format=Path(path).suffix.lstrip(".") or "png", dpi=150, bbox_inches="tight"
    )
    write_bytes(path, buffer.getvalue())
