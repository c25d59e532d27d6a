"""What systems ask of their options and data: a known name, a number not too small, labels."""

from collections.abc import Iterable

from genjax.core.spec import Spec


def check_name(option: str, value: str, names: Iterable[str]) -> None:
    """Raises ValueError, with the names that there are, unless `value` is one of them."""
    if value not in names:
        raise ValueError(f"{option} must be one of {', '.join(names)}, got {value!r}")


def check_at_least(low: float, **options: float | None) -> None:
    """Raises ValueError for the first of the options that is below `low`; None is left out."""
    for option, value in options.items():
        if value is not None and not value >= low:  # nor is NaN
            raise ValueError(f"{option} must be at least {low}, got {value}")


def check_above(low: float, **options: float | None) -> None:
    """Raises ValueError for the first of the options that is not above `low`; None is left out."""
    for option, value in options.items():
        if value is not None and not value > low:
            raise ValueError(f"{option} must be above {low}, got {value}")


def check_labels(name: str, spec: Spec) -> None:
    """Raises ValueError, of the system `name`, for data without labels."""
    if spec.num_classes is None:
        raise ValueError(f"{name} needs labels, and this data has none")
