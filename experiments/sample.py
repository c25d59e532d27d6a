"""Draws samples from a trained model of any family, from its workdir alone.

python -m experiments.sample --workdir=runs/vae_digits --num=64
python -m experiments.sample --workdir=runs/cgan_digits --label=3
python -m experiments.sample --workdir=runs/text_to_image_sprites --text="a small red circle"

writes samples/samples.npz, an array `samples` [num, ...], and for images samples/samples.png, for
sequences too, of notes with samples/samples.mid.
"""

import io

import jax
import numpy as np
from absl import flags

from experiments import command, figures, labels, options, runs, sequence_figures, texts
from experiments.subject import pictures
from genjax import plots
from genjax.plots.grid import write_bytes
from genjax.training import CHECKPOINTS

_AT_A_TIME = 64  # draws in memory on the device
_SHOWN = 400  # draws in the picture


def define() -> None:
    """Defines the flags."""
    options.define_common()
    flags.DEFINE_integer("num", 64, "How many.", lower_bound=1)
    flags.DEFINE_integer("seed", 0, "Of the draws.", lower_bound=0, upper_bound=2**31 - 1)
    flags.DEFINE_enum("checkpoint", "best", CHECKPOINTS, "Which checkpoint to draw from.")
    labels.define(
        "Class of all of them, of a model that is conditional; drawn at random if not given."
    )
    texts.define()


def main() -> None:
    """Writes the samples; of a run of several seeds, those of its first."""
    run = runs.from_workdir(options.workdir())
    if run.model.sample is None:
        other = "; --figure=pairs shows what it makes of images" if run.model.translate else ""
        other = "; --figure=forecast shows how it goes on" if run.model.forecast else other
        raise ValueError(f"{run.name} does not sample{other}")
    variables = runs.load(run, flags.FLAGS.checkpoint).of_first_seed()
    asked = {**labels.given(run, _AT_A_TIME), **texts.given(run, _AT_A_TIME)}
    condition = asked.get(run.model.condition)
    key = jax.random.key(flags.FLAGS.seed)
    samples = draw(run.model, variables, key, flags.FLAGS.num, condition)
    if run.data.get("prior_for"):
        samples = runs.decoded(run, samples)
    folder = run.workdir / "samples"
    folder.mkdir(exist_ok=True)
    _save_arrays(folder / "samples.npz", samples=samples)
    print(folder / "samples.npz")
    if samples.ndim == 5 or (samples.ndim == 4 and samples.shape[-1] in (1, 3)):
        figures.save(folder / "samples.png", plots.image_grid(pictures(samples[:_SHOWN])))
        print(folder / "samples.png")
    elif run.spec.entry == "sequence":
        for path in sequence_figures.draw(samples, run.spec, folder / "samples.png"):
            print(path)


def draw(model, variables, key, num: int, condition=None) -> np.ndarray:
    """`num` samples [num, ...] on the host; the first ones are the same for every `num`.

    `condition` [64, ...] is given to every 64 of them.
    """
    sample = jax.jit(model.sample, static_argnums=2)
    given = () if condition is None else (condition,)
    parts = [
        np.asarray(sample(jax.random.fold_in(key, part), variables, _AT_A_TIME, *given), np.float32)
        for part in range(-(-num // _AT_A_TIME))
    ]
    return np.concatenate(parts)[:num]


def _save_arrays(path, **arrays) -> None:
    """Writes an .npz, whole or not at all."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    write_bytes(path, buffer.getvalue())


if __name__ == "__main__":
    command.run(define, main)
