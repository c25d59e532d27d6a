"""Compressed files of a run: what says that it was this model which wrote them."""

import json
from typing import Any

import numpy as np

from experiments import runs
from genjax.core import Variables
from genjax.tasks import compression


def fingerprint(run: runs.Run, variables: Variables) -> bytes:
    """Of the system, its hyper-parameters, what its data looks like, and what it learned."""
    told: dict[str, Any] = {"model": run.name, **run.hyper_parameters, "spec": list(run.spec)}
    return compression.fingerprint(variables, json.dumps(told, sort_keys=True, default=str))


def require(run: runs.Run) -> None:
    """Refuses a run whose model cannot code.

    Raises:
        ValueError: with what it would need.
    """
    if compression.kind(run.model) is None:
        condition = f", and {run.name} is conditional" if run.model.condition else ""
        raise ValueError(
            f"compression needs a model, without conditions, with {compression.NEEDS}: {run.name} in "
            f"{run.workdir} has none{condition}"
        )


def to_bytes(x: np.ndarray) -> np.ndarray:
    """Images in [0, 1] as 8-bit greys or colours."""
    return np.round(255 * np.clip(x, 0, 1)).astype(np.uint8)
