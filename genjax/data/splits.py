"""Disjoint splits by a fixed permutation: the same for every seed of a run, so that none leaks."""

import numpy as np

SPLITS = ("train", "valid", "test")


def assign(
    sizes: dict[str, int], test_fraction: float, valid_fraction: float
) -> dict[str, tuple[str, np.ndarray]]:
    """Where the examples of train, valid and test come from, given the splits that a set has.

    What the set lacks is taken from the end of its train split after a fixed permutation: first
    `test_fraction` of it for test, then `valid_fraction` of what is left for valid.

    Args:
        sizes: number of examples of `train` and, where the set has them, `valid` and `test`.
        test_fraction, valid_fraction: above 0 and below 1.

    Returns:
        By split, the set's split that it is taken from and the rows there: disjoint, none empty.

    Raises:
        ValueError: if a fraction is out of range or there are too few examples.
    """
    rows = {name: np.arange(sizes[name]) for name in SPLITS if name in sizes}
    found = {name: (name, rows[name]) for name in rows}
    kept = rows["train"]
    for name, fraction in (("test", test_fraction), ("valid", valid_fraction)):
        if name not in rows:
            kept, held = _held_out(kept, fraction, f"{name}_fraction")
            found[name] = ("train", held)
    return {**found, "train": ("train", kept)}


def fixed_permutation(num_examples: int) -> np.ndarray:
    """The permutation of 0..num_examples-1 that every split in this library goes by."""
    # The legacy generator: NumPy promises that its stream never changes, and splits must not either.
    return np.random.RandomState(0).permutation(num_examples)


def _held_out(rows, fraction, name):
    if not 0.0 < fraction < 1.0:
        raise ValueError(f"{name} must lie between 0 and 1, got {fraction}: pass 0.1, say")
    if len(rows) < 2:
        raise ValueError(
            f"a set of {len(rows)} example(s) is too small to be split by {name}: add examples"
        )
    num_held = min(max(1, round(len(rows) * fraction)), len(rows) - 1)
    rows = rows[fixed_permutation(len(rows))]
    return rows[:-num_held], rows[-num_held:]
