"""Evaluates a trained model of any family, from its workdir alone; writes results.json.

python -m experiments.evaluate --workdir=runs/vae_digits
python -m experiments.evaluate --workdir=runs/vae_digits --importance_samples=5000
python -m experiments.evaluate --workdir=runs/vae_digits --split=valid     writes results_valid.json
"""

from absl import flags

from experiments import command, options, runs, train
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
        "importance_samples",
        None,
        "Draws of an importance-sampled log-likelihood; the run's own number if not given.",
        lower_bound=1,
    )


def main() -> None:
    """Prints and writes the figures."""
    run = runs.from_workdir(options.workdir(), importance_samples=flags.FLAGS.importance_samples)
    checkpoint = flags.FLAGS.checkpoint
    trained = runs.load(run, checkpoint)
    batch_size = flags.FLAGS.batch_size or trained.batch_size
    train.evaluate(trained, options.load(run.data), flags.FLAGS.split, checkpoint, batch_size)


if __name__ == "__main__":
    command.run(define, main)
