"""Draws samples from a trained model of any family, from its workdir alone.

python -m experiments.sample --workdir=runs/vae_digits --num=64
"""

import jax
import numpy as np
from absl import flags

from experiments import options, runs
from genjax import plots
from genjax.training import CHECKPOINTS

NUM = flags.DEFINE_integer("num", 64, "How many.", lower_bound=1)
SEED = flags.DEFINE_integer("seed", 0, "Of the draws.", lower_bound=0)
CHECKPOINT = flags.DEFINE_enum("checkpoint", "best", CHECKPOINTS, "Which checkpoint to draw from.")


def main() -> None:
    """Writes samples.npz (an array `samples` [num, ...]) and, for images, samples.png."""
    run = runs.from_workdir(options.workdir())
    if run.model.sample is None:
        raise ValueError(f"{run.name} does not sample")
    _, num_seeds, variables = runs.variables(run, CHECKPOINT.value)
    variables = runs.first_seed(variables, num_seeds)
    samples = jax.jit(run.model.sample, static_argnums=2)(
        jax.random.key(SEED.value), variables, NUM.value
    )
    folder = run.workdir / "samples"
    folder.mkdir(exist_ok=True)
    options.save_arrays(folder / "samples.npz", samples=np.asarray(samples))
    print(folder / "samples.npz")
    if samples.ndim == 4:
        images = np.clip(np.asarray(samples), 0.0, 1.0)
        plots.save_image(folder / "samples.png", plots.image_grid(images))
        print(folder / "samples.png")


if __name__ == "__main__":
    options.show_in_help()
    options.run(main)
