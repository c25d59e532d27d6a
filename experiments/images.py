"""`--images`: image files in place of examples, to be drawn or asked for their probability."""

import itertools
import math
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
from absl import flags
from PIL import Image, UnidentifiedImageError

from experiments import estimators, labels, runs
from genjax.core import Spec


def define(meaning: str) -> None:
    """Defines the flag."""
    flags.DEFINE_list("images", [], f"Image files, with commas between: {meaning}")


def given(run: runs.Run) -> dict[str, jax.Array]:
    """A batch of `--images`, with `--label` where the model is conditional.

    Raises:
        ValueError: for a file that is no image of the run's kind, or where a label is missing.
    """
    if run.data.get("prior_for"):
        raise ValueError("--images needs a model of images, and this one is of codes")
    paths = flags.FLAGS.images
    batch = {run.spec.entry: jnp.stack([read(path, run.spec) for path in paths])}
    batch |= labels.given(run, len(paths))
    if run.model.condition is not None and run.model.condition not in batch:
        raise ValueError(
            f"{run.name} in {run.workdir} is conditional on {run.model.condition}: pass --label=N"
        )
    return batch


def compare(run: runs.Run, estimator: estimators.Estimator | None, checkpoint: str) -> None:
    """Prints log p of each of `--images`, then which is likelier than which, and by how much.

    Raises:
        ValueError: for a file that is no image of the run's kind, or a model without probabilities.
    """
    if estimator is None:
        raise ValueError(f"--images needs a model with probabilities, and {run.name} has none")
    batch, paths = given(run), flags.FLAGS.images
    variables = runs.load(run, checkpoint).of_first_seed()
    figures = jax.jit(estimator.figures)(jax.random.key(0), variables, batch)
    values = np.asarray(figures["log_likelihood"], np.float64)
    print(f"log p by {run.name}, {estimator.name}, in nats")
    for path, value in zip(paths, values, strict=True):
        print(f"{path} {value:.4f}")
    order = np.argsort(-values, kind="stable")
    for first, second in itertools.pairwise(order):
        print(f"{paths[first]} {_than(values[first] - values[second])} {paths[second]}")


def read(path: str, spec: Spec) -> np.ndarray:
    """An image file as an example of the model, in [0, 1].

    Raises:
        ValueError: if it has another size, or values that the model's data does not have.
    """
    if spec.entry != "image" or spec.shape[-1] not in (1, 3):
        raise ValueError(f"--images needs a model of images, and this one is of {spec.shape}")
    height, width, channels = spec.shape
    try:
        with Image.open(Path(path).expanduser()) as opened:
            picture = np.asarray(opened.convert("RGB"))
    except UnidentifiedImageError as error:
        raise ValueError(f"{path} is not an image") from error
    if channels == 1:
        if (picture != picture[..., :1]).any():
            raise ValueError(f"{path} has colours, and the model is of grey images")
        picture = picture[..., :1]
    if picture.shape != (height, width, channels):
        raise ValueError(
            f"{path} is {picture.shape[1]}x{picture.shape[0]} pixels, and the model is of images of "
            f"{width}x{height}"
        )
    x = picture.astype(np.float32) / 255.0
    if spec.num_levels is None:
        return x
    levels = np.round(x * (spec.num_levels - 1))
    # A level is stored as the nearest of 256 greys, no more than half of one off.
    if np.abs(x * 255 - levels * 255 / (spec.num_levels - 1)).max() > 0.5 + 1e-3:
        raise ValueError(
            f"{path} has {len(np.unique(picture))} grey levels, and the model is of images with "
            f"{spec.num_levels}, evenly spaced from black to white: convert it first"
        )
    return levels / (spec.num_levels - 1)


def _than(nats: float) -> str:
    if np.isnan(nats):
        return "is as impossible as"
    if nats == 0.0:
        return "is as likely as"
    if np.isinf(nats):
        return "is likelier, infinitely, than"
    digits = nats / math.log(10)
    times = f"{math.exp(nats):.4g} times" if digits < 6 else f"10^{digits:.1f} times"
    return f"is likelier by {nats:.4f} nats ({times}) than"
