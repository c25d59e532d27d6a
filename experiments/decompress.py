"""Writes the images of a compressed file, with the model that it was compressed with.

python -m experiments.decompress --workdir=runs/made --input=test.gjx --output=FOLDER

writes FOLDER/00000.png, 00001.png, ... in the order in which they were given; examples that are no
images go to FOLDER/examples.npy. Of a model that loses nothing they are the very same.
"""

import io
from pathlib import Path

import numpy as np
from absl import flags
from PIL import Image

from experiments import command, compressed, options, runs
from genjax.plots.grid import write_bytes
from genjax.tasks import compression
from genjax.training import CHECKPOINTS


def define() -> None:
    """Defines the flags."""
    options.define_common()
    flags.DEFINE_string("input", None, "The compressed file.")
    flags.DEFINE_string("output", None, "The folder to write to.")
    flags.DEFINE_enum("checkpoint", "best", CHECKPOINTS, "The checkpoint that it was coded with.")


def main() -> None:
    """Writes the images and tells how many.

    Raises:
        ValueError: if a flag lacks, or the file is not one that this model wrote.
    """
    path, folder = flags.FLAGS.input, flags.FLAGS.output
    if not path or not folder:
        raise ValueError("--input and --output are needed: a compressed file, and a folder")
    run = runs.from_workdir(options.workdir())
    compressed.require(run)
    variables = runs.load(run, flags.FLAGS.checkpoint).of_first_seed()
    whose = compressed.fingerprint(run, variables)
    data = Path(path).expanduser().read_bytes()
    try:
        x = compression.decompress(run.model, run.spec, variables, data, whose)
    except ValueError as error:
        raise ValueError(f"{path} is {error}") from error
    write(x, Path(folder).expanduser())
    print(f"{folder}: {len(x)} examples")


def write(x: np.ndarray, folder: Path) -> None:
    """Each image [H, W, 1 or 3] of x to a PNG; examples of another shape to one array."""
    buffer = io.BytesIO()
    if x.ndim != 4 or x.shape[-1] not in (1, 3):
        np.save(buffer, x)
        write_bytes(folder / "examples.npy", buffer.getvalue())
        return
    for number, pixels in enumerate(compressed.to_bytes(x)):
        buffer = io.BytesIO()
        Image.fromarray(pixels[..., 0] if x.shape[-1] == 1 else pixels).save(buffer, "PNG")
        write_bytes(folder / f"{number:05}.png", buffer.getvalue())


if __name__ == "__main__":
    command.run(define, main)
