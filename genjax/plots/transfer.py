"""What labels are worth: accuracy against how many there are."""

import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from genjax.plots.grid import write_bytes


def label_curves(
    num_labels: Sequence[int],
    curves: Mapping[str, tuple[Sequence[float], Sequence[float]]],
    path: str | os.PathLike,
    *,
    title: str,
) -> None:
    """A line a method, with the standard deviation over seeds as error bars.

    Args:
        num_labels: how many labelled examples, [N].
        curves: mean accuracy and its standard deviation, [N] each, by method.
        path: file to write; its suffix names the format (png, pdf, svg).
        title: of the figure.

    Raises:
        ValueError: if there is no curve, or one has not a point for each number of labels.
    """
    shapes = {np.shape(values) for curve in curves.values() for values in curve}
    if not curves or shapes != {(len(num_labels),)} or not len(num_labels):
        raise ValueError(f"needs curves of {len(num_labels)} points, got {shapes or 'none'}")
    figure = Figure(figsize=(7, 5), layout="constrained")
    panel = figure.subplots()
    for number, (name, (mean, std)) in enumerate(curves.items()):
        # Side by side, or the bars of methods that are alike hide one another.
        places = np.asarray(num_labels) * 1.03 ** (number - (len(curves) - 1) / 2)
        width = 2.5 if number == 0 else 1.2
        panel.errorbar(places, 100 * np.asarray(mean), 100 * np.asarray(std), marker="o",
                       capsize=3, linewidth=width, label=name)  # fmt: skip
    panel.set_xscale("log")
    panel.set_xticks(num_labels, [str(num) for num in num_labels])
    panel.xaxis.set_minor_formatter(NullFormatter())
    panel.set_xlabel("labelled examples in all")
    panel.set_ylabel("accuracy on test, % (bars: standard deviation over seeds)")
    panel.set_title(title)
    panel.grid(alpha=0.3)
    panel.legend()
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(path).suffix.lstrip(".") or "png", dpi=120)
    write_bytes(path, buffer.getvalue())
