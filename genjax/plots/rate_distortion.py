"""What models pay for their codes and what they get for it."""

import io
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from genjax.plots.grid import write_bytes


def rate_distortion_curve(
    rates: Sequence[float],
    distortions: Sequence[float],
    labels: Sequence[str],
    path: str | os.PathLike,
    *,
    rate_errors: Sequence[float] | None = None,
    distortion_errors: Sequence[float] | None = None,
) -> None:
    """Draws distortion against rate, a labelled point a model, and the line of the best bound.

    Rate plus distortion is minus the ELBO, so models of one ELBO lie on a line of slope -1; no model
    lies below that of the data's entropy.

    Args:
        rates: KL of the posteriors from the prior, nats, [N].
        distortions: minus the expected log-likelihood, nats, [N].
        labels: what to write beside each point, [N].
        path: file to write; its suffix names the format (png, pdf, svg).
        rate_errors, distortion_errors: half the length of each point's error bars, [N]; None for none.

    Raises:
        ValueError: if lengths differ, there is no point, or a rate or distortion is not finite.

    Alemi et al., 2018, arXiv:1711.00464, Figure 1.
    """
    lengths = {len(each) for each in (rates, distortions, labels)}
    lengths |= {len(each) for each in (rate_errors, distortion_errors) if each is not None}
    if len(lengths) != 1 or lengths == {0}:
        raise ValueError(f"needs as many rates as distortions and labels, at least 1: {lengths}")
    rates, distortions = np.asarray(rates, float), np.asarray(distortions, float)
    if not (np.isfinite(rates).all() and np.isfinite(distortions).all()):
        raise ValueError(f"rates and distortions must be finite, got {rates} and {distortions}")

    figure = Figure(figsize=(6, 5), layout="constrained")
    panel = figure.subplots()
    order = np.argsort(rates)
    panel.plot(rates[order], distortions[order], color="tab:blue", linewidth=1)
    panel.errorbar(
        rates, distortions, distortion_errors, rate_errors, fmt="o", color="tab:blue", capsize=3
    )
    best = (rates + distortions).min()
    ends = np.array([0.0, rates.max()])
    panel.plot(ends, best - ends, "--", color="grey", label=f"best ELBO, {-best:.2f}")
    for label, rate, distortion in zip(labels, rates, distortions, strict=True):
        panel.annotate(label, (rate, distortion), xytext=(6, 6), textcoords="offset points")
    panel.set_xlabel("rate, nats")
    panel.set_ylabel("distortion, nats")
    panel.legend()
    buffer = io.BytesIO()
    figure.savefig(buffer, format=Path(path).suffix.lstrip(".") or "png")
    write_bytes(path, buffer.getvalue())
