"""What every figure of sets of features begins with: float64 on the host, and a look at them."""

import numpy as np


def as_set(name: str, values: np.ndarray, *, least: int = 1) -> np.ndarray:
    """`values` as float64 on the host, [N, D].

    Args:
        name: what an error calls the set.
        values: [N, D], of NumPy or JAX.
        least: rows that there must be.

    Raises:
        ValueError: if it has another rank, too few rows, or an element that is not finite.
    """
    values = np.asarray(values)
    if values.ndim != 2 or len(values) < least or not values.shape[1]:
        raise ValueError(f"{name} must be [N, D] with N at least {least}, got shape {values.shape}")
    values = values.astype(np.float64)
    if not np.isfinite(values).all():
        bad = int((~np.isfinite(values)).any(axis=1).sum())
        raise ValueError(
            f"{name}: {bad} of {len(values)} rows are not finite; has training diverged?"
        )
    return values


def as_pair(
    first: np.ndarray,
    second: np.ndarray,
    *,
    least: int = 1,
    names: tuple[str, str] = ("real features", "fake features"),
) -> tuple[np.ndarray, np.ndarray]:
    """Two sets of one width as float64 on the host, [N, D] and [M, D].

    Args:
        first: [N, D].
        second: [M, D].
        least: rows that each must have.
        names: what an error calls them.

    Raises:
        ValueError: as `as_set`, or if the widths differ.
    """
    first = as_set(names[0], first, least=least)
    second = as_set(names[1], second, least=least)
    if first.shape[1] != second.shape[1]:
        raise ValueError(
            f"{names[0]} and {names[1]} must be [N, D] and [M, D] with one D, "
            f"got {first.shape} and {second.shape}"
        )
    return first, second
