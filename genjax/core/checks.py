"""What every system asks of its options: a name that there is, a number that is not too small."""

from collections.abc import Iterable


def check_name(option: str, value: str, names: Iterable[str]) -> None:
    """Raises ValueError, with the names that there are, unless `value` is one of them."""
    if value not in names:
        raise ValueError(f"{option} must be one of {', '.join(names)}, got {value!r}")


def check_at_least(low: float, **options: float | None) -> None:
    """Raises ValueError for the first of the options that is below `low`; None is left out."""
    for option, value in options.items():
        if value is not None and not value >= low:  # nor is NaN
            raise ValueError(f"{option} must be at least {low}, got {value}")
