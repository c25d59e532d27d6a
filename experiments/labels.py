"""`--label`: the class that a conditional model is asked for, at the command line."""

import jax.numpy as jnp
from absl import flags

from experiments import runs


def define(meaning: str) -> None:
    """Defines the flag."""
    flags.DEFINE_integer("label", None, meaning, lower_bound=0)


def given(run: runs.Run, num: int) -> dict[str, jnp.ndarray]:
    """The entry of a batch that `--label` gives; empty for a model that needs none.

    Raises:
        ValueError: for a label that the model does not have, or takes none, or needs one.
    """
    label, condition = flags.FLAGS.label, run.model.condition
    if label is None:
        return {}
    if condition != "label":
        raise ValueError(
            f"--label={label} needs a model that is conditional on the class, and {run.name} in "
            f"{run.workdir} is {'unconditional' if condition is None else f'of {condition}'}"
        )
    if label >= run.spec.num_classes:
        raise ValueError(f"--label={label}: the classes are 0 to {run.spec.num_classes - 1}")
    return {"label": jnp.full(num, label, jnp.int32)}
