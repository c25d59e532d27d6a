"""`--text`: the caption that a text-conditional model is asked for, at the command line."""

import jax.numpy as jnp
import numpy as np
from absl import flags

from experiments import runs
from genjax.data import caption_to_text


def define() -> None:
    """Defines the flag."""
    flags.DEFINE_string(
        "text", None, "Caption of all of them, of a model that is conditional on one."
    )


def given(run: runs.Run, num: int) -> dict[str, jnp.ndarray]:
    """The entry of a batch that `--text` gives; empty where none is given.

    Raises:
        ValueError: for a caption that the model cannot read, or takes none.
    """
    text, condition = flags.FLAGS.text, run.model.condition
    if text is None:
        if condition == "text":
            raise ValueError(f"{run.name} in {run.workdir} is of captions: pass --text='...'")
        return {}
    if condition != "text":
        raise ValueError(
            f"--text={text!r} needs a model that is conditional on a caption, and {run.name} in "
            f"{run.workdir} is {'unconditional' if condition is None else f'of {condition}'}"
        )
    codes = caption_to_text(text, run.spec.extras["text"][0])
    return {"text": jnp.asarray(np.tile(codes, (num, 1)))}
