"""Pictures of sequences: piano rolls of notes, strips of frames, and heat maps of anything else."""

import io
import math
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from genjax.plots.grid import image_grid, write_bytes

_COLUMNS = 4


def piano_rolls(pieces: np.ndarray, path: str | os.PathLike) -> None:
    """Draws pieces side by side: time to the right in beats, pitch upwards, loud notes darker.

    Args:
        pieces: [N, T, 4], rows of (start, length, note, velocity) as in `midi_bytes`.
        path: file to write; its suffix names the format.

    Raises:
        ValueError: for another shape.
    """
    pieces = np.asarray(pieces, np.float64)
    if pieces.ndim != 3 or pieces.shape[-1] != 4 or not pieces.size:
        raise ValueError(f"pieces are [N, T, 4], got shape {pieces.shape}")
    rows = math.ceil(len(pieces) / _COLUMNS)
    figure = Figure(figsize=(3.2 * _COLUMNS, 1.9 * rows), layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, squeeze=False, sharey=True).reshape(-1)
    low, high = pieces[..., 2].min() - 1, pieces[..., 2].max() + 1
    for panel, piece in zip(panels, pieces, strict=False):
        for start, length, note, velocity in piece:
            panel.add_patch(
                Rectangle(
                    (start, note - 0.5),
                    length,
                    1.0,
                    facecolor=(0.1, 0.3, 0.6, 0.3 + 0.7 * velocity / 127),
                    edgecolor="white",
                    linewidth=0.4,
                )
            )
        panel.set_xlim(0, max(1.0, float((piece[:, 0] + piece[:, 1]).max())))
        panel.set_ylim(low, high)
        octaves = [note for note in range(0, 128, 12) if low <= note <= high]
        panel.set_yticks(octaves, [f"C{note // 12 - 1}" for note in octaves])
        panel.grid(axis="y", linewidth=0.4)
        panel.tick_params(labelsize=6)
    for panel in panels[len(pieces) :]:
        panel.axis("off")
    _save(figure, path)


def filmstrips(
    strips: Mapping[str, np.ndarray], path: str | os.PathLike, title: str | None = None
) -> None:
    """Draws strips of frames, a sequence a row, and what several say of it side by side.

    Args:
        strips: name -> frames [N, T, H, W] in [0, 1], N alike; T may differ.
        path: file to write; its suffix names the format.
        title: of the whole picture.

    Raises:
        ValueError: if there is none, or numbers differ.
    """
    sizes = {name: np.shape(each)[:1] for name, each in strips.items()}
    if len(set(sizes.values())) != 1 or any(np.ndim(each) != 4 for each in strips.values()):
        raise ValueError(f"strips are [N, T, H, W] of one N, got {sizes or 'none'}")
    lengths = [np.shape(each)[1] for each in strips.values()]
    (rows,) = next(iter(sizes.values()))
    figure = Figure(figsize=(0.8 * sum(lengths), 0.75 * rows + 0.6), layout="constrained")
    panels = figure.subplots(1, len(strips), squeeze=False, width_ratios=lengths)[0]
    for panel, (name, each) in zip(panels, strips.items(), strict=True):
        frames = np.asarray(each, np.float32)
        grid = image_grid(frames.reshape(-1, *frames.shape[2:]), columns=frames.shape[1])
        panel.imshow(grid, cmap="gray", vmin=0, vmax=255)
        panel.set_title(name, fontsize=8)
        panel.axis("off")
    if title:
        figure.suptitle(title, fontsize=10)
    _save(figure, path)


def heat_maps(sequences: np.ndarray, path: str | os.PathLike) -> None:
    """Draws sequences [N, T, F] as maps, time to the right and features upwards, all in one scale.

    Raises:
        ValueError: for another shape.
    """
    sequences = np.asarray(sequences, np.float32)
    if sequences.ndim != 3 or not sequences.size:
        raise ValueError(f"sequences are [N, T, F], got shape {sequences.shape}")
    low, high = float(sequences.min()), float(sequences.max())
    rows = math.ceil(len(sequences) / _COLUMNS)
    figure = Figure(figsize=(2.4 * _COLUMNS, 1.6 * rows), layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).reshape(-1)
    for panel in panels:
        panel.axis("off")
    for panel, each in zip(panels, sequences, strict=False):
        drawn = panel.imshow(each.T, aspect="auto", origin="lower", vmin=low, vmax=high)
    figure.colorbar(drawn, ax=list(panels))
    _save(figure, path)


def _save(figure, path):
    buffer = io.BytesIO()
    kind = Path(path).suffix.lstrip(".") or "png"
    figure.savefig(buffer, format=kind, dpi=120)
    write_bytes(path, buffer.getvalue())
