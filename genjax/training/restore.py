"""The state of a run that is over, or under way elsewhere, from its workdir alone."""

from pathlib import Path

import jax

from genjax.core import Model, Stage, State, check_name, stages
from genjax.training import curriculum
from genjax.training.checkpoints import Checkpoints
from genjax.training.fit import run_keys
from genjax.training.workdir import read_json

CHECKPOINTS = ("best", "latest")


def load_state(
    model_or_curriculum: Model | tuple[Stage, ...], workdir: str | Path, batch, which: str = "best"
) -> tuple[int, State]:
    """(step, host state) of the best checkpoint by validation, or of the latest.

    Args:
        model_or_curriculum: what was trained, built as it was then.
        workdir: where.
        batch: a minibatch of the shapes that it was trained on; its values do not matter.
        which: `best` (the latest where the model has no validation score) or `latest`.

    Raises:
        ValueError: if the workdir has no checkpoint.
        TrainingError: if the checkpoint is damaged.
    """
    check_name("checkpoint", which, CHECKPOINTS)
    settings = read_json(Path(workdir) / "config.json")
    num_seeds, seed = settings["identity"]["num_seeds"], settings["identity"]["seed"]
    directory = Path(workdir) / "checkpoints"
    if not directory.is_dir():
        raise ValueError(f"{workdir} has no checkpoints: train there first")
    checkpoints = Checkpoints(directory, read_only=True)
    try:
        steps = checkpoints.steps()
        if not steps:
            raise ValueError(f"{workdir} has no checkpoints: train there first")
        step = checkpoints.best_step() if which == "best" else steps[-1]
        parts = curriculum.plan(stages(model_or_curriculum), settings["steps"])
        keys = run_keys(seed, num_seeds)

        def first(init, stage):
            index = curriculum.part_at(parts, step)
            return curriculum.first_state(parts, index, init, stage, batch)

        first = jax.vmap(first) if num_seeds > 1 else first
        like = jax.eval_shape(first, keys.init, keys.stages)
        return step, checkpoints.restore(step, lambda _: like)
    finally:
        checkpoints.close()
