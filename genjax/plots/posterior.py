"""What was learned of a few numbers, beside what is to be learned, and what follows of it."""

import os
from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from genjax.plots.clusters import save


def posterior_figure(
    names: Sequence[str],
    draws: np.ndarray,
    path: str | os.PathLike,
    *,
    exact: np.ndarray | None = None,
    data: np.ndarray | None = None,
    samples: np.ndarray | None = None,
) -> None:
    """The first two numbers' draws over exact ones, and points of the plane over the data.

    One number is drawn as histograms. Means and deviations are told in the title of the panel.

    Args:
        names: of the P numbers.
        draws: of the posterior that was learned, [K, P].
        path: file to write; its suffix names the format (png, pdf, svg).
        exact: draws of the exact posterior, [K, P]; None where it is not known.
        data, samples: [N, 2] and [M, 2]; a second panel, where both are given.

    Raises:
        ValueError: if draws are not [K, P].
    """
    for name, each in (("draws", draws), ("exact", exact)):
        if each is not None and (np.ndim(each) != 2 or np.shape(each)[1] != len(names)):
            raise ValueError(f"{name} must be [K, {len(names)}], got shape {np.shape(each)}")
    both = data is not None and samples is not None
    figure = Figure(figsize=(12 if both else 6, 6), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, 2 if both else 1))
    sets = {"exact": (exact, "0.6"), "learned": (draws, "tab:blue")}
    sets = {name: each for name, each in sets.items() if each[0] is not None}
    for name, (values, colour) in sets.items():
        if len(names) == 1:
            panels[0].hist(values[:, 0], 40, density=True, alpha=0.6, color=colour, label=name)
        else:
            panels[0].scatter(*values[:, :2].T, s=5, c=colour, linewidths=0, label=name)
            panels[0].set_ylabel(names[1])
    panels[0].set_xlabel(names[0])
    panels[0].set_title("\n".join(_told(name, names, each[0]) for name, each in sets.items()))
    if both:
        panels[1].scatter(*np.asarray(samples).T, s=3, c="tab:blue", linewidths=0, label="drawn")
        panels[1].scatter(*np.asarray(data).T, s=24, c="black", linewidths=0, label="data")
        panels[1].set_title("training data over draws of the posterior predictive")
    for panel in panels:
        panel.legend(loc="upper right", markerscale=2)
    save(figure, path)


def _told(kind, names, values):
    each = [
        f"{name} {mean:.3f} ± {std:.3f}"
        for name, mean, std in zip(names[:2], values.mean(0), values.std(0), strict=False)
    ]
    return f"{kind}: {', '.join(each)}"
