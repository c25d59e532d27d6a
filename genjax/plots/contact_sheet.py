"""Pictures of many runs on one sheet, each under its name."""

import io
import math
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from genjax.plots.grid import write_bytes

_CELL = 1.8  # inches
_PIXELS = 400  # of the longer side of a picture; larger ones are reduced


def contact_sheet(
    pictures: Mapping[str, str | os.PathLike], path: str | os.PathLike, columns: int | None = None
) -> None:
    """Draws the pictures of files in reading order, each below its title.

    Args:
        pictures: title -> picture file.
        path: file to write; its suffix names the format (png, pdf, svg).
        columns: pictures a row; the square root of their number, rounded up, if None.

    Raises:
        ValueError: if there is no picture.
    """
    if not pictures:
        raise ValueError("a contact sheet needs at least one picture")
    columns = columns or math.ceil(math.sqrt(len(pictures)))
    rows = math.ceil(len(pictures) / columns)
    figure = Figure(figsize=(_CELL * columns, (_CELL + 0.25) * rows), layout="constrained")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for panel in panels:
        panel.axis("off")
    for panel, (title, file) in zip(panels, pictures.items(), strict=False):
        with Image.open(file) as opened:
            picture = opened.convert("RGB")
        picture.thumbnail((_PIXELS, _PIXELS))
        panel.imshow(np.asarray(picture), interpolation="nearest")
        panel.set_title(title, fontsize=8)
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(path).suffix.lstrip(".") or "png", dpi=150)
    write_bytes(path, buffer.getvalue())
