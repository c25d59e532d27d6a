"""Samples in the plane over the data that they are to look like."""

import os

import numpy as np
from matplotlib.figure import Figure

from genjax.plots.clusters import save

_MARGIN = 0.25  # of the data's extent, about it


def samples_over_data(data: np.ndarray, samples: np.ndarray, path: str | os.PathLike) -> None:
    """Draws samples as blue points over the data as grey ones; the axes are those of the data.

    Samples far outside are not seen: how many is told in a corner.

    Args:
        data: [N, 2].
        samples: [M, 2].
        path: file to write; its suffix names the format (png, pdf, svg).

    Raises:
        ValueError: if either is no set of points of the plane.
    """
    data, samples = np.asarray(data, float), np.asarray(samples, float)
    for name, points in (("data", data), ("samples", samples)):
        if points.ndim != 2 or points.shape[1] != 2 or not len(points):
            raise ValueError(f"{name} must be points [N, 2], got shape {points.shape}")
    low, high = data.min(axis=0), data.max(axis=0)
    margin = _MARGIN * np.maximum(high - low, 1e-6)
    low, high = low - margin, high + margin
    figure = Figure(figsize=(6, 6), layout="constrained")
    panel = figure.subplots()
    panel.scatter(*data.T, s=4, c="0.8", linewidths=0, label="data")
    panel.scatter(*samples.T, s=4, c="tab:blue", linewidths=0, label="samples")
    panel.set_xlim(low[0], high[0])
    panel.set_ylim(low[1], high[1])
    outside = int((~((samples >= low) & (samples <= high)).all(axis=1)).sum())
    if outside:
        told = f"{outside} of {len(samples)} samples outside"
        panel.text(0.02, 0.02, told, transform=panel.transAxes, fontsize=9)
    panel.set_aspect("equal")
    panel.legend(loc="upper right", markerscale=4)
    save(figure, path)
