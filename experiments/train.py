"""Train, evaluate, draw: what the binary of every family does."""

import sys

import jax
from absl import flags

from experiments import families, figures, options, results, runs
from genjax.training import CHECKPOINTS, fit


def define(family: str, *, model: str, steps: int, batch_size: int = 100) -> None:
    """Defines the flags of a family's binary."""
    flags.DEFINE_string("model", model, f"One of {', '.join(families.FAMILIES[family])}.")
    flags.DEFINE_enum(
        "figure", None, list(figures.FIGURES), "Draw this of the trained model; train nothing."
    )
    flags.DEFINE_enum("checkpoint", "best", CHECKPOINTS, "Which one to evaluate and draw.")
    options.define_data()
    options.define_training(steps=steps, batch_size=batch_size)


def main(family: str) -> None:
    """Carries out what the flags ask for."""
    if options.LIST_MODELS.value:
        print(families.describe(family))
        return
    run, dataset = runs.from_flags(family)
    if flags.FLAGS.figure:
        figure(run.workdir, flags.FLAGS.figure, flags.FLAGS.checkpoint)
        return
    config = options.config(str(run.workdir))

    def draw_samples(step, variables):
        variables = runs.first_seed(variables, config.num_seeds)
        try:
            path = figures.draw("samples", run.model, variables, dataset, config.seed, run.workdir)
        except ValueError:  # nothing to see: vectors, or a model that does not sample
            return
        path.rename(path.with_name(f"samples_{step:07d}.png"))

    fitted = fit(run.system, dataset, config, identity=run.identity(), on_evaluation=draw_samples)
    if fitted.interrupted:
        if jax.process_index() == 0:
            print(
                f"stopped at step {fitted.step} of {config.steps}; the same command goes on from there"
            )
        sys.exit(0)
    if jax.process_index() != 0:
        return  # one process evaluates: a picture or a figure needs no more
    results.add_timings(run, fitted.seconds_per_step, fitted.compile_seconds)
    written = results.evaluate(
        run,
        dataset,
        split="test",
        checkpoint=flags.FLAGS.checkpoint,
        batch_size=config.batch_size,
    )
    show(run, written)
    _, num_seeds, variables = runs.variables(run, flags.FLAGS.checkpoint)
    variables = runs.first_seed(variables, num_seeds)
    for path in figures.draw_all(run.model, variables, dataset, config.seed, run.workdir):
        print(path)


def figure(workdir, name: str, checkpoint: str) -> None:
    """Draws one figure of what was trained in `workdir`."""
    run = runs.from_workdir(workdir)
    _, num_seeds, variables = runs.variables(run, checkpoint)
    variables = runs.first_seed(variables, num_seeds)
    dataset = options.load(run.data)
    print(figures.draw(name, run.model, variables, dataset, 0, run.workdir))


def show(run: runs.Run, written) -> None:
    """Prints the figures of a results.json, a line each."""
    for name, value in written["metrics"].items():
        print(f"{name} {value:.4f}")
    print(run.workdir / "results.json")
