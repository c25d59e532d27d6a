"""What a figure is of, and how figures ask it for test examples, codes and pictures."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np

from experiments import runs
from genjax import plots
from genjax.core import Model, Spec
from genjax.data import Dataset

_MIN_SIDE = 640  # pixels; twenty digits of 8x8 side by side are 160
_AT_A_TIME = 500  # examples encoded together


class Unsuitable(ValueError):
    """This model, or its data, has no such picture."""


class Subject(NamedTuple):
    """What is drawn.

    Attributes:
        model, variables: a trained model, of one seed.
        spec: of its data.
        dataset: gives the data set, and is called only if the picture shows examples.
        workdir: the run's folder; pictures lie in its `samples`.
        eye: gives the `judges.Eye` that sees samples, None where there is none.
        given: a batch that figures show in place of test examples.
    """

    model: Model
    variables: Any
    spec: Spec
    dataset: Callable[[], Dataset]
    workdir: Path
    eye: Callable[[], Any] | None = None
    given: dict[str, Any] | None = None


def require(subject: Subject, *capabilities: str) -> None:
    """Raises Unsuitable unless the model has these."""
    missing = [name for name in capabilities if getattr(subject.model, name) is None]
    if missing:
        raise Unsuitable(f"this figure needs a model with {missing[0]}, and this one has none")


def require_pictures(subject: Subject, *capabilities: str) -> None:
    """Raises Unsuitable unless the model has these and its examples are images, or voxels."""
    require(subject, *capabilities)
    shape = tuple(subject.spec.shape)
    if subject.spec.entry == "voxels":
        return
    if len(shape) != 3 or shape[-1] not in (1, 3):
        raise Unsuitable(
            f"pictures need images of 1 or 3 channels, and these examples have shape {shape}"
        )


def num_classes(subject: Subject) -> int:
    """How many classes the model is conditional on; Unsuitable if it is conditional on none."""
    if subject.model.condition != "label" or subject.spec.num_classes is None:
        raise Unsuitable("this figure needs a model that is conditional on the class")
    return subject.spec.num_classes


def code_of(subject: Subject, key) -> jax.ShapeDtypeStruct:
    """Shape, without the batch's axis, and dtype of a code; nothing is computed."""
    one = runs.spec_batch(subject.spec, 1)
    x, given = one[subject.spec.entry], condition(subject, one)
    code = jax.eval_shape(subject.model.encode, key, subject.variables, x, *given)
    return jax.ShapeDtypeStruct(code.shape[1:], code.dtype)


def is_discrete(code) -> bool:
    """Whether codes are indices, between which nothing lies."""
    return not np.issubdtype(code.dtype, np.floating)


def test_batch(subject: Subject, num: int) -> dict[str, Any]:
    """The first `num` test examples, or as many as there are if that is at least two.

    Where examples are given, all of those.
    """
    if subject.given is not None:
        return subject.given
    dataset = subject.dataset()
    num = min(num, len(dataset.test))
    if num < 2:
        raise Unsuitable("this figure needs 2 test examples, and the set has 1")
    return _rows(dataset, 0, num)


def test_codes(subject: Subject, key, most: int) -> np.ndarray:
    """Codes of the test examples, of the first `most` of them at most."""
    dataset = subject.dataset()
    num = min(most, len(dataset.test))
    parts = []
    for start in range(0, num, _AT_A_TIME):
        batch = _rows(dataset, start, min(start + _AT_A_TIME, num))
        parts.append(encode(subject, jax.random.fold_in(key, start), batch))
    return np.concatenate(parts)


def encode(subject: Subject, key, batch) -> np.ndarray:
    """The codes of a batch."""
    x, given = batch[subject.spec.entry], condition(subject, batch)
    return np.asarray(jax.jit(subject.model.encode)(key, subject.variables, x, *given))


def decode(subject: Subject, key, codes, given: tuple = ()) -> np.ndarray:
    """Pictures of codes, under the condition that `given` holds if the model has one."""
    return pictures(jax.jit(subject.model.decode)(key, subject.variables, codes, *given))


def condition(subject: Subject, batch) -> tuple:
    """The last arguments of the model's functions: what it is conditional on, or nothing."""
    entry = subject.model.condition
    if entry is None:
        return ()
    if entry not in batch:
        raise Unsuitable(f"the model is conditional on {entry!r}, and the examples have none")
    return (batch[entry],)


def pictures(x) -> np.ndarray:
    """Images in [0, 1] on the host; of voxels, how they look."""
    x = on_host(x)
    return plots.voxel_images(x) if x.ndim == 5 else x


def on_host(x) -> np.ndarray:
    """Examples in [0, 1] on the host."""
    return np.clip(np.asarray(x, np.float32), 0.0, 1.0)


def save(path: Path, picture: np.ndarray) -> None:
    """Saves a picture with its pixels repeated until the longer side has 640."""
    factor = max(1, -(-_MIN_SIDE // max(picture.shape[:2])))
    plots.save_image(path, picture.repeat(factor, axis=0).repeat(factor, axis=1))


def _rows(dataset: Dataset, start: int, end: int) -> dict[str, Any]:
    indices = np.arange(start, end)
    raw = {**dataset.test[indices], "index": indices.astype(np.int32)}
    return jax.jit(dataset.eval_transform)(jax.random.key(0), raw)
