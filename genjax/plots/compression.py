"""What files cost: bars of coders, and distortion against rate."""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from genjax.plots.grid import write_bytes


def coder_bars(
    rates: Mapping[str, float], path: str | os.PathLike, *, promise: float, title: str
) -> None:
    """Draws a bar for each coder, the shortest on top, and a line at what the model promises.

    Args:
        rates: coder -> bits for each element; the first is the model's, in another colour.
        path: file to write; its suffix names the format (png, pdf, svg).
        promise: the model's bits for each element, by its likelihood or bound.
        title: of the picture.

    Raises:
        ValueError: if there is no coder, or a number is not finite.
    """
    values = np.asarray([*rates.values(), promise], float)
    if len(values) < 2 or not np.isfinite(values).all():
        raise ValueError(f"needs finite rates of one or more coders, got {dict(rates)}, {promise}")
    first, names = next(iter(rates)), sorted(rates, key=rates.get, reverse=True)
    figure = Figure(figsize=(6.5, 0.45 * len(names) + 1.5), layout="constrained")
    panel = figure.subplots()
    colors = ["tab:blue" if name == first else "silver" for name in names]
    bars = panel.barh(names, [rates[name] for name in names], color=colors)
    panel.bar_label(bars, fmt="%.4f", padding=3)
    panel.axvline(promise, color="black", linestyle="--", linewidth=1)
    label = f"promised by the model, {promise:.4f}"
    panel.annotate(label, (promise, 0), (4, -2), textcoords="offset points", fontsize=8, va="top")
    panel.set_xlim(0, 1.15 * values.max())
    panel.set_xlabel("bits per dimension, of the whole file")
    panel.set_title(title, fontsize=10)
    _save(figure, path)


def lossy_curves(
    curves: Mapping[str, Sequence[tuple[float, float]]], path: str | os.PathLike, *, title: str
) -> None:
    """Draws quality against rate, a line a coder.

    Args:
        curves: coder -> its points (bits per dimension, PSNR in dB), in any order.
        path: file to write; its suffix names the format (png, pdf, svg).
        title: of the picture.

    Raises:
        ValueError: if a coder has no point.
    """
    if not curves or not all(len(points) for points in curves.values()):
        raise ValueError(f"needs a point of each of one or more coders, got {dict(curves)}")
    figure = Figure(figsize=(6.5, 4.5), layout="constrained")
    panel = figure.subplots()
    for name, points in curves.items():
        rates, qualities = np.asarray(sorted(points), float).T
        panel.plot(rates, qualities, "o-", markersize=4, label=name)
    panel.set_xlabel("bits per dimension, of the file")
    panel.set_ylabel("PSNR, dB (mean over images)")
    panel.set_xlim(left=0)
    panel.set_title(title, fontsize=10)
    panel.grid(alpha=0.3)
    panel.legend()
    _save(figure, path)


def _save(figure: Figure, path: str | os.PathLike) -> None:
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(path).suffix.lstrip(".") or "png", dpi=150)
    write_bytes(path, buffer.getvalue())
