"""How showers of a calorimeter compare with what was asked for: energies, layers, lit cells."""

from collections.abc import Sequence

import numpy as np


def shower_figures(
    x: np.ndarray, energy: np.ndarray, layers: Sequence[tuple[int, int]]
) -> dict[str, float]:
    """Figures of a set of showers.

    Args:
        x: energies of cells, [N, sum of cells], layer by layer, at least 0.
        energy: of the particles that came in, [N], above 0, in the same unit.
        layers: (rows, columns) of each.

    Returns:
        `energy_correlation` of the total with what came in (nan where one of them is constant);
        `relative_energy_error`, the mean of |total - energy| / energy; and of each layer `share_k`, its
        part of all the energy there is in the set, and `lit_k`, the share of its cells above 0.

    Raises:
        ValueError: if the shapes do not fit each other.

    Paganini, de Oliveira and Nachman, 2017, arXiv:1705.02355, compare such one by one in histograms.
    """
    x, energy = np.asarray(x, np.float64), np.asarray(energy, np.float64)
    sizes = [rows * columns for rows, columns in layers]
    if x.ndim != 2 or x.shape[1] != sum(sizes) or energy.shape != x.shape[:1] or not len(x):
        raise ValueError(
            f"showers in layers {tuple(layers)} are [N, {sum(sizes)}] with energies [N], got "
            f"{x.shape} and {energy.shape}"
        )
    total = x.sum(axis=1)
    spread = total.std() * energy.std()
    covariance = np.mean((total - total.mean()) * (energy - energy.mean()))
    figures = {
        "energy_correlation": float(covariance / spread) if spread > 0 else float("nan"),
        "relative_energy_error": float(np.mean(np.abs(total - energy) / energy)),
    }
    parts = np.split(x, np.cumsum(sizes)[:-1], axis=1)
    for k, part in enumerate(parts):
        figures[f"share_{k}"] = float(part.sum() / max(total.sum(), 1e-12))
        figures[f"lit_{k}"] = float((part > 0).mean())
    return figures
