"""Evaluates a trained model of any family, from its workdir alone; writes results.json.

python -m experiments.evaluate --workdir=runs/vae_digits --importance_samples=5000
"""

from absl import flags

from experiments import options, results, runs, train
from genjax.training import CHECKPOINTS

SPLIT = flags.DEFINE_enum("split", "test", ["train", "valid", "test"], "Which examples.")
CHECKPOINT = flags.DEFINE_enum("checkpoint", "best", CHECKPOINTS, "Which checkpoint.")
BATCH_SIZE = flags.DEFINE_integer("batch_size", 100, "Examples at a time.", lower_bound=1)
IMPORTANCE_SAMPLES = flags.DEFINE_integer(
    "importance_samples", None, "Draws of the importance-sampled log-likelihood.", lower_bound=1
)


def main() -> None:
    """Prints and writes the figures."""
    run = runs.from_workdir(options.workdir(), importance_samples=IMPORTANCE_SAMPLES.value)
    dataset = options.load(run.data)
    written = results.evaluate(
        run,
        dataset,
        split=SPLIT.value,
        checkpoint=CHECKPOINT.value,
        batch_size=BATCH_SIZE.value,
    )
    train.show(run, written)


if __name__ == "__main__":
    options.show_in_help()
    options.run(main)
