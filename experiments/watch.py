"""What is done while a run trains: pictures at fixed latents, figures of sets, and alarms."""

import sys
from collections.abc import Callable
from pathlib import Path

from absl import flags
from tqdm import tqdm

from experiments import alarms, figures, judges, runs, sets
from genjax import plots
from genjax.core import Model
from genjax.data import Dataset
from genjax.training import Config, Evaluation, run_keys

FRAMES = (
    "samples",
    "pairs",
    "inpainting",
    "forecast",
)  # the first that suits is what is drawn as the run goes on


def define() -> None:
    """Defines the flags of families whose samples are compared with the data while they train."""
    judges.define()
    flags.DEFINE_integer(
        "fid_samples",
        500,
        "Samples drawn at each validation for valid/fid and valid/kid, beside validation examples; the "
        "best checkpoint is that of the lowest FID. 0 for none: the latest is the best then.",
        lower_bound=0,
    )


def onlooker(
    run: runs.Run,
    dataset: Dataset,
    config: Config,
    subject: figures.Subject,
    eye: judges.Eye | None,
) -> Callable[[Evaluation], tuple[float | None, dict[str, float]] | None]:
    """What `fit` calls after each validation.

    It draws with the same latents each time, answers with the samples' `valid/fid` and `valid/kid`
    (the score is minus the FID) where there is an eye, and tells new alarms on stderr.

    Raises:
        ValueError: if `--fid_samples` are too few.
    """
    num = flags.FLAGS.fid_samples if "fid_samples" in flags.FLAGS else 0
    if eye is not None and 0 < num < sets.LEAST:
        raise ValueError(f"--fid_samples={num}: at least {sets.LEAST} are needed, or 0 for none")
    glance = None
    if eye is not None and num and len(dataset.valid) >= sets.LEAST:
        glance = sets.glancer(eye, run.spec, dataset, num)
    history = []

    def look(seen: Evaluation):
        variables = runs.first_seed(seen.variables, config.num_seeds)
        _draw(subject._replace(model=seen.model, variables=variables), config.seed, seen.step)
        found = None
        if glance is not None:
            found = glance(run_keys(config.seed).evaluation, seen.model, variables)
        history.append(alarms.Observation(seen.step, seen.metrics, found))
        if run.family == "gan":
            for line in alarms.new_alarms(history):
                tqdm.write(f"warning: step {seen.step}: {line}", file=sys.stderr)
        if found is None:
            return None
        return -found.fid, {"valid/fid": found.fid, "valid/kid": found.kid}

    return look


def animate(workdir: Path) -> Path | None:
    """Joins the pictures of a run into `samples/training.gif`; None if there are not two."""
    for name in FRAMES:
        frames = sorted((workdir / "samples").glob(f"{name}_[0-9]*.png"))
        if len(frames) > 1:
            path = workdir / "samples" / "training.gif"
            plots.animation(frames, path)
            return path
    return None


def of_model(model: Model) -> str:
    """Which picture a run of this model draws as it goes on."""
    if model.sample is not None:
        return "samples"
    if model.complete is not None:
        return "inpainting"
    return "pairs" if model.forecast is None else "forecast"


def _draw(subject: figures.Subject, seed: int, step: int) -> None:
    name = of_model(subject.model)
    try:
        figures.draw(name, subject, seed, f"{name}_{step:07d}")
    except figures.Unsuitable:
        pass
