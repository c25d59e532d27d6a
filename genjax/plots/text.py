"""Lines of text in columns that have names: what is no picture, as one."""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from genjax.plots.grid import write_bytes


def text_columns(columns: Mapping[str, Sequence[str]]) -> str:
    """The columns as text of one width, two blanks between them, a line under the names.

    Raises:
        ValueError: if there is no column, or their lengths differ.
    """
    lengths = {name: len(lines) for name, lines in columns.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"columns need one number of lines, got {lengths or 'none'}")
    widths = [max(map(len, (name, *lines))) for name, lines in columns.items()]
    rows = [list(columns), ["-" * width for width in widths], *zip(*columns.values(), strict=True)]
    padded = ([cell.ljust(w) for cell, w in zip(row, widths, strict=True)] for row in rows)
    return "".join("  ".join(row).rstrip() + "\n" for row in padded)


def text_figure(text: str, path: str | os.PathLike) -> None:
    """Draws lines of text in letters of one width; the suffix of `path` names the format."""
    lines = text.splitlines()
    size = (0.09 * max(map(len, lines)) + 0.4, 0.18 * len(lines) + 0.4)
    figure = Figure(figsize=size)
    figure.text(0.2 / size[0], 0.5, text.rstrip("\n"), family="monospace", fontsize=9, va="center")
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(path).suffix.lstrip(".") or "png", dpi=150)
    write_bytes(path, buffer.getvalue())
