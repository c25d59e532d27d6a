"""How the entries of a codebook are used."""

import io
import os
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from genjax.plots.grid import write_bytes


def code_usage(counts: np.ndarray, perplexity: float, path: str | os.PathLike) -> None:
    """Draws a bar a code, how large its share is, and says how many are in use.

    Args:
        counts: how often each code was used, [K], not negative and not all 0.
        perplexity: of those frequencies.
        path: file to write; its suffix names the format (png, pdf, svg).

    Raises:
        ValueError: if the counts are not such.
    """
    counts = np.asarray(counts)
    if counts.ndim != 1 or (counts < 0).any() or not counts.sum() > 0:
        raise ValueError(f"counts are [K], at least 0 and not all 0, got shape {counts.shape}")
    figure = Figure(figsize=(8, 4), layout="constrained")
    panel = figure.subplots()
    # Bars that touch: with gaps, those of 512 codes are thinner than a pixel.
    panel.bar(np.arange(len(counts)), counts / counts.sum(), width=1.0)
    used = int((counts > 0).sum())
    panel.set_title(f"perplexity {perplexity:.1f}; {used} of {len(counts)} codes in use")
    panel.set_xlabel("code")
    panel.set_ylabel("share of its uses")
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(path).suffix.lstrip(".") or "png")
    write_bytes(path, buffer.getvalue())
