"""Train, evaluate, draw: what the binary of every family does."""

import functools
import sys

import jax
from absl import flags

from experiments import (
    command,
    families,
    figures,
    hyper_parameters,
    images,
    judges,
    labels,
    options,
    results,
    runs,
    watch,
)
from genjax.core import stages
from genjax.training import CHECKPOINTS, fit


def define(family: str, *, model: str, steps: int, batch_size: int = 100) -> None:
    """Defines the flags of a family's binary."""
    flags.DEFINE_string("model", model, f"One of {', '.join(families.FAMILIES[family])}.")
    flags.DEFINE_bool("list_models", False, "List the models: name, paper, what each can do.")
    flags.DEFINE_enum(
        "figure",
        None,
        list(figures.FIGURES),
        "Draw this of the run in the workdir, train nothing: samples, draws of one class a row, "
        "forecasts of sequences, translations of sentences, "
        "reconstructions below their originals, interpolations between test images, interpolation "
        "between draws of the prior, arithmetic of mean latents, pairs of images and translations, "
        "scenes of edited layouts and attributes, "
        "draws of two domains, holes as they are filled (inpainting), "
        "truncation of the prior and what it is worth, anomalies (test images, the nearest samples "
        "and the differences), faces at all ages, the manifold of 2 latents, traversals of one "
        "latent a row, use of a codebook, learned exemplars (pseudo-inputs), the posterior of "
        "what all examples share, completions of upper "
        "halves, surprise (-log p of each place), a drawing as it is made, training curves. Each "
        "needs a model that can do it.",
    )
    images.define(
        f"--figure draws these in place of test images ({', '.join(figures.OF_EXAMPLES)})."
    )
    labels.define("Class of all --images, of a model that is conditional on it.")
    define_run(steps=steps, batch_size=batch_size)


def define_run(*, steps: int, batch_size: int = 100) -> None:
    """Defines what `train` reads beside --model."""
    options.define_common()
    flags.DEFINE_multi_string(
        "set",
        [],
        "A hyper-parameter of the model, name=value; repeat it for several. --set help lists them.",
    )
    flags.DEFINE_enum("checkpoint", "best", CHECKPOINTS, "Which one to evaluate and draw.")
    options.define_data()
    options.define_training(steps=steps, batch_size=batch_size)


def main(family: str) -> None:
    """Carries out what the flags ask for."""
    if flags.FLAGS.label is not None and not flags.FLAGS.images:
        raise ValueError("--label goes with --images, and there are none")
    if flags.FLAGS.images and flags.FLAGS.figure not in figures.OF_EXAMPLES:
        raise ValueError(f"--images goes with --figure={', '.join(figures.OF_EXAMPLES)}")
    if flags.FLAGS.list_models:
        print(families.describe(family))
    elif "help" in flags.FLAGS["set"].value:
        print(hyper_parameters.describe(families.find(family, flags.FLAGS.model)))
    elif flags.FLAGS.figure:
        figure(flags.FLAGS.figure, flags.FLAGS.checkpoint)
    else:
        train(family)


def train(family: str) -> bool:
    """Trains what the flags describe, from wherever it was left; evaluates and draws it.

    Returns:
        Whether it came to its last step; False if a signal stopped it.
    """
    run, dataset = runs.from_flags(family)
    results.rehearse(run)
    config = options.config(str(run.workdir))
    _check_length(run, config.steps)
    eye = judges.from_flags(run, dataset) if jax.process_index() == 0 else None
    subject = figures.Subject(run.model, None, run.spec, lambda: dataset, run.workdir, lambda: eye)
    fitted = fit(
        run.system,
        dataset,
        config,
        identity=run.identity(),
        notes={"flags": options.as_given()},
        on_evaluation=watch.onlooker(run, dataset, config, subject, eye),
    )
    if jax.process_index() != 0:
        return not fitted.interrupted  # one process evaluates: a figure needs no more
    if fitted.interrupted:
        print(f"stopped at step {fitted.step} of {config.steps}; {command.again()}")
        return False
    timings = None  # a run of no step keeps those that it noted
    if fitted.seconds_per_step is not None:
        timings = {
            "seconds_per_step": fitted.seconds_per_step,
            "compile_seconds": fitted.compile_seconds,
        }
    checkpoint = flags.FLAGS.checkpoint
    trained = runs.load(run, checkpoint)
    evaluate(trained, dataset, "test", checkpoint, config.batch_size, timings, eye)
    subject = subject._replace(variables=trained.of_first_seed())
    for path in figures.draw_all(subject, config.seed):
        print(path)
    if run.family == "gan" and (moving := watch.animate(run.workdir)):
        print(moving)
    return True


def _check_length(run: runs.Run, steps: int) -> None:
    """Raises ValueError where a curriculum would not come to its last stage, the one that is judged."""
    before = sum(stage.rounds for stage in stages(run.system)[:-1])
    if steps <= before:
        raise ValueError(
            f"--steps={steps} ends before the last stage of {run.name}, which begins after {before} "
            "rounds: pass more, or shorten the stages before it by --set (--set help lists them)"
        )


def figure(name: str, checkpoint: str) -> None:
    """Draws one figure of what was trained in the workdir: what that was, the workdir says."""
    run = runs.from_workdir(runs.workdir_from_flags())
    runs.refuse_other_flags(run)
    trained = runs.load(run, checkpoint)
    dataset = functools.cache(functools.partial(runs.load_data, run.data))
    eye = functools.cache(lambda: judges.from_flags(run, dataset()))
    variables = trained.of_first_seed()
    subject = figures.Subject(run.model, variables, run.spec, dataset, run.workdir, eye)
    seed = flags.FLAGS.seed if flags.FLAGS["seed"].present else trained.seeds[0]
    stem = name
    if flags.FLAGS.images:
        stem, subject = f"{name}_of_images", subject._replace(given=images.given(run))
    print(figures.draw(name, subject, seed, stem))


def evaluate(
    trained: runs.Trained, dataset, split, checkpoint, batch_size, timings=None, eye=None
) -> None:
    """Evaluates, writes the results and prints them, a line each."""
    print(f"evaluating step {trained.step} on {split}", file=sys.stderr)
    written = results.evaluate(
        trained,
        dataset,
        split=split,
        checkpoint=checkpoint,
        batch_size=batch_size,
        timings=timings,
        eye=eye,
    )
    results.show(written, results.path(trained.run, split))
