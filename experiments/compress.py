"""Compresses images, or a split of the data, with a trained model, into a file.

python -m experiments.compress --workdir=runs/made --images=a.png,b.png --output=two.gjx
python -m experiments.compress --workdir=runs/made --split=test --output=test.gjx

A model of bits or of grey levels loses nothing; a compressive_autoencoder does. Only the same model
decodes the file: python -m experiments.decompress.
"""

import numpy as np
from absl import flags

from experiments import command, compressed, images, options, runs
from experiments.tasks.given import examples
from genjax.plots.grid import write_bytes
from genjax.tasks import compression
from genjax.training import CHECKPOINTS


def define() -> None:
    """Defines the flags."""
    options.define_common()
    flags.DEFINE_list("images", [], "Image files, with commas between.")
    flags.DEFINE_enum("split", None, ["train", "valid", "test"], "Or this split of the run's data.")
    flags.DEFINE_string("output", None, "The file to write.")
    flags.DEFINE_enum("checkpoint", "best", CHECKPOINTS, "Which checkpoint codes.")
    flags.DEFINE_integer(
        "prior_bits",
        8,
        "Of a VAE: each latent is cut into 2^prior_bits bins of equal mass.",
        lower_bound=1,
        upper_bound=16,
    )


def main() -> None:
    """Writes the file and tells its size.

    Raises:
        ValueError: if the flags do not say what to write and where, or the model cannot.
    """
    asked = flags.FLAGS
    if bool(asked.images) == bool(asked.split):
        raise ValueError("--images or --split is needed, and not both: what to compress")
    if not asked.output:
        raise ValueError("--output is needed: the file to write")
    run = runs.from_workdir(options.workdir())
    compressed.require(run)
    if asked.images:
        x = np.stack([images.read(path, run.spec) for path in asked.images])
    else:
        x = examples(runs.load_data(run.data), asked.split)[run.spec.entry]
    variables = runs.load(run, asked.checkpoint).of_first_seed()
    data = compression.compress(
        run.model,
        run.spec,
        variables,
        x,
        compressed.fingerprint(run, variables),
        prior_bits=asked.prior_bits,
    )
    write_bytes(asked.output, data)
    rate = 8 * len(data) / max(x.size, 1)
    print(f"{asked.output}: {len(x)} examples in {len(data)} bytes, {rate:.4f} bits per dimension")


if __name__ == "__main__":
    command.run(define, main)
