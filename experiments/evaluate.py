"""Evaluates a trained model of any family, from its workdir alone; writes results.json.

python -m experiments.evaluate --workdir=runs/vae_digits
python -m experiments.evaluate --workdir=runs/vae_digits --importance_samples=5000
python -m experiments.evaluate --workdir=runs/vae_digits --split=valid     writes results_valid.json
python -m experiments.evaluate --workdir=runs/vae_digits --estimator=quadrature
                                                                writes results_quadrature.json
python -m experiments.evaluate --workdir=runs/vae_digits --estimator=ais --examples=100
                                                                writes results_ais_first100.json
python -m experiments.evaluate --workdir=runs/pixel_cnn_digits --images=a.png,b.png
                                                                which of them is likelier?
python -m experiments.evaluate --workdir=runs/vae_digits --features=judge
                                                                FID and its like, of its samples
"""

import sys

from absl import flags

from experiments import command, estimators, images, judges, labels, options, results, runs
from genjax.training import CHECKPOINTS


def define() -> None:
    """Defines the flags."""
    options.define_common()
    flags.DEFINE_enum("split", "test", ["train", "valid", "test"], "Which examples.")
    flags.DEFINE_enum("checkpoint", "best", CHECKPOINTS, "Which checkpoint.")
    flags.DEFINE_integer(
        "batch_size", None, "Examples at a time; as in training if not given.", lower_bound=1
    )
    flags.DEFINE_integer(
        "examples", None, "Only the first so many of the split; all if not given.", lower_bound=1
    )
    estimators.define()
    judges.define()
    images.define(
        "print log p of each, and which is likelier by how much; nothing else is evaluated."
    )
    labels.define("With --images: the class that a conditional model is asked about.")


def main() -> None:
    """Prints and writes the figures."""
    run = runs.from_workdir(options.workdir(), importance_samples=flags.FLAGS.importance_samples)
    estimator = estimators.from_flags(run)
    checkpoint = flags.FLAGS.checkpoint
    if flags.FLAGS.images:
        images.compare(run, estimator, checkpoint)
        return
    if flags.FLAGS.label is not None:
        raise ValueError("--label goes with --images: a data set has labels of its own")
    trained = runs.load(run, checkpoint)
    split, examples = flags.FLAGS.split, flags.FLAGS.examples
    print(f"evaluating step {trained.step} on {split}", file=sys.stderr)
    dataset = runs.load_data(run.data)
    written = results.evaluate(
        trained,
        dataset,
        split=split,
        checkpoint=checkpoint,
        batch_size=flags.FLAGS.batch_size or trained.batch_size,
        estimator=estimator,
        examples=examples,
        eye=judges.from_flags(run, dataset),
    )
    results.show(written, results.path(run, split, estimator, examples))


if __name__ == "__main__":
    command.run(define, main)
