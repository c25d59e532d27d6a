"""The eye with which sets of samples are compared: a judge of the data, trained once, or FID-Inception.

A judge is a classifier of the set's training images. It is kept in ~/.cache/genjax/judges, for every
run on the same data, and its version and accuracy stand in the protocol of each figure.
"""

import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
from absl import flags

from experiments import runs
from genjax import metrics
from genjax.core import Model, Spec
from genjax.data import MIXTURES, Dataset, Mixture, Source, faces, sprites, voxels
from genjax.metrics.judge import VERSION

_KEPT = Path(".cache") / "genjax" / "judges"  # in the user's home
_MOST_BYTES = 2**29  # of the images that a judge learns from
_HELD_OUT = 2000  # validation images that its accuracy is measured on
_COUNTED = 50_000  # training examples whose classes are counted
_MOST_CLASSES = 2000  # of several factors together; beyond them classes are not told apart
_AT_A_TIME = 500  # examples rendered together
STEPS = 1000  # minibatches that a judge learns from
_WORDS = {
    "sprites": sprites.DARK.values,
    "faces": {"age": faces.AGES},
    "voxels": voxels.VALUES,
}


class Eye(NamedTuple):
    """How examples are seen where sets of them are compared.

    Attributes:
        look: `x [N, *shape] -> Judged`, features and the probabilities of each factor, on the host.
        entry: of a batch: what it sees there.
        shape: of that.
        classes: combinations of the factors' values that there are, int [P, factors]; None where
            classes mean nothing.
        shares: how frequent they are in training, [P].
        factors: names of the columns of `classes`.
        words: of the values of factors, where they have names.
        mixture: the Gaussians whose modes are counted, of vectors that are drawn from some.
        protocol: what it is.
    """

    look: Callable[[np.ndarray], metrics.Judged]
    entry: str
    shape: tuple[int, ...]
    classes: np.ndarray | None
    shares: np.ndarray | None
    factors: tuple[str, ...]
    words: Mapping[str, Sequence[str]]
    mixture: Mixture | None
    protocol: dict[str, Any]

    def class_probabilities(self, seen: metrics.Judged) -> np.ndarray:
        """p(class|x) of the `classes`, [N, P]: the product of the factors'."""
        each = [seen.probabilities[name] for name in self.factors]
        product = 1.0
        for column, of_factor in enumerate(each):
            product = product * np.asarray(of_factor, np.float64)[:, self.classes[:, column]]
        return product / np.maximum(product.sum(axis=1, keepdims=True), 1e-300)


def define() -> None:
    """Defines the flag."""
    flags.DEFINE_string(
        "features",
        None,
        "How samples are compared with the data (FID, KID, precision, ...): `judge`, a classifier that "
        "is trained on the set once and kept, or the PATH of FID-Inception's weights. If not given, "
        "judge for adversarial models, and no such figures for others.",
    )


def from_flags(run: runs.Run, dataset: Dataset) -> Eye | None:
    """The eye that the flags ask for; None where no sets are to be compared, or there is no way to.

    Raises:
        ValueError: if it was asked for and cannot be.
    """
    asked = flags.FLAGS.features if "features" in flags.FLAGS else None
    if asked is None and run.family != "gan":
        return None
    entry, shape = domain(run.model, run.spec)
    if entry not in ("image", "target", "unpaired", "vector", "voxels") or not makes_examples(
        run.model
    ):
        if asked is None:
            return None
        raise ValueError(
            f"--features={asked} needs a model that makes images, voxels or vectors, and {run.name} "
            "makes none"
        )
    factors = {} if entry == "unpaired" else _factors(dataset, dataset.train, _COUNTED)
    mixture = MIXTURES.get(run.data["dataset"])
    if entry == "vector" and not factors:
        return _of_vectors(run, dataset)
    if entry == "voxels" and asked is None:  # a judge of theirs takes minutes: --features=judge
        return _of_voxels(run, dataset)
    if entry == "voxels" and not factors:
        raise ValueError(f"--features={asked}: voxels need labels that a judge can learn")
    if asked in (None, "judge"):
        judge = _judge(run, dataset, entry, shape)
        kind = "judge"
    else:
        judge, factors, kind = metrics.load_inception(asked), {}, "FID-Inception"
    classes, shares = _classes(factors)
    protocol = {
        "features": kind,
        "judge": judge.version,
        "judge_accuracy": dict(judge.accuracy),
        "classes": list(factors) if classes is not None else None,
    }
    if judge.shape is None and (len(shape) != 3 or shape[-1] not in (1, 3)):
        raise ValueError(f"FID-Inception sees grey or RGB images, and these have shape {shape}")
    look = lambda x: metrics.judged(judge, x)
    names = tuple(factors) or tuple(judge.num_classes)
    words = _WORDS.get(run.data["dataset"], {})
    return Eye(look, entry, shape, classes, shares, names, words, mixture, protocol)


def domain(model: Model, spec: Spec) -> tuple[str, tuple[int, ...]]:
    """(entry, shape) of the examples that the model's are to look like."""
    if model.translate is not None:
        for entry in ("target", "unpaired"):
            if entry in spec.extras:
                return entry, tuple(spec.extras[entry])
    return spec.entry, tuple(spec.shape)


def makes_examples(model: Model) -> bool:
    """Whether there is a set of examples that is the model's own."""
    return any(each is not None for each in (model.sample, model.translate, model.upscale))


def examples(dataset: Dataset, source: Source, rows: np.ndarray, entry: str) -> np.ndarray:
    """The entry of these rows as evaluation sees them, [N, *shape] float32 on the host."""

    def render(raw):
        return dataset.eval_transform(jax.random.key(0), raw)[entry]

    render, parts = jax.jit(render), []
    size = min(_AT_A_TIME, len(rows))
    for start in range(0, len(rows), size):
        # The last part is filled up, so that one size is compiled.
        part = rows[np.minimum(np.arange(start, start + size), len(rows) - 1)]
        raw = {**source[part], "index": part.astype(np.int32)}
        parts.append(np.asarray(render(raw), np.float32))
    return np.concatenate(parts)[: len(rows)]


def spread_rows(source: Source, num: int) -> np.ndarray:
    """At most `num` rows, evenly spread, for files are often sorted by kind."""
    num = min(num, len(source))
    return np.linspace(0, len(source) - 1, num).round().astype(np.int64)


def class_name(eye: Eye, values: Mapping[str, int]) -> str:
    """A group of examples in words, by the values of some factors: "red circle", "label 3"."""
    order = sorted(values, key=lambda name: name != "colour")  # as one says it
    told = [
        eye.words[name][values[name]] if name in eye.words else f"{name} {values[name]}"
        for name in order
    ]
    return " ".join(told)


def _of_vectors(run: runs.Run, dataset: Dataset) -> Eye:
    """Vectors without labels are their own features, over the training data's standard deviations."""
    rows = spread_rows(dataset.train, _COUNTED)
    values = examples(dataset, dataset.train, rows, run.spec.entry)
    scale = np.maximum(values.std(axis=0, keepdims=True), 1e-6)
    look = lambda x: metrics.Judged(x / scale, {})
    protocol = {"features": "the values, over the training data's standard deviations"}
    return Eye(look, "vector", tuple(run.spec.shape), None, None, (), {}, None, protocol)


def _of_voxels(run: runs.Run, dataset: Dataset) -> Eye:
    """Mean occupancies of 4x4x4 blocks, over the training data's standard deviations."""
    rows = spread_rows(dataset.train, 2 * _HELD_OUT)
    blocks = _blocks(examples(dataset, dataset.train, rows, run.spec.entry))
    scale = np.maximum(blocks.std(axis=0, keepdims=True), 1e-3)
    look = lambda x: metrics.Judged(_blocks(x) / scale, {})
    protocol = {"features": "occupancies of 4x4x4 blocks, over the training data's deviations"}
    return Eye(look, "voxels", tuple(run.spec.shape), None, None, (), {}, None, protocol)


def _blocks(x: np.ndarray) -> np.ndarray:
    """The mean of each of at most 4x4x4 blocks of voxels, [N, D, H, W, 1] to [N, F]."""
    for axis in (1, 2, 3):
        parts = np.array_split(x, min(4, x.shape[axis]), axis)
        x = np.stack([part.mean(axis) for part in parts], axis)
    return x.reshape(len(x), -1)


def _judge(run: runs.Run, dataset: Dataset, entry: str, shape) -> metrics.Judge:
    """The judge of the set, from the folder of judges or trained now and put there."""
    about = json.dumps([run.data, entry, list(shape), VERSION, STEPS], sort_keys=True)
    sample = examples(dataset, dataset.train, spread_rows(dataset.train, 64), entry)
    digest = hashlib.sha256(about.encode() + sample.tobytes()).hexdigest()[:16]
    kind, _, rest = run.data["dataset"].partition(":")
    label = Path(rest).stem if rest else kind.replace("/", "_")
    path = Path.home() / _KEPT / f"{label}_{digest}.npz"
    try:
        return metrics.load_judge(path)
    except ValueError:
        pass  # none yet, or one that is damaged
    print(f"training the judge of {run.data['dataset']}, once: {path}", file=sys.stderr)
    most = max(1, _MOST_BYTES // (4 * int(np.prod(shape))))
    sets = []
    for source, num in ((dataset.train, most), (dataset.valid, _HELD_OUT)):
        rows = spread_rows(source, num)
        factors = {} if entry == "unpaired" else _factors(dataset, source, rows)
        sets += [examples(dataset, source, rows, entry), factors or None]
    judge = metrics.train_judge(jax.random.key(0), *sets, steps=STEPS)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        metrics.save_judge(path, judge)
    except OSError as error:
        print(f"note: the judge is not kept: {path}: {error.strerror}", file=sys.stderr)
    return judge


def _factors(dataset: Dataset, source: Source, rows: np.ndarray | int) -> dict[str, np.ndarray]:
    """What is known of these rows, by name; {} where there are no labels."""
    rows = spread_rows(source, rows) if np.ndim(rows) == 0 else rows
    raw = source[rows]
    if "factors" in raw:
        names = {"faces": faces.FACTORS, "voxels": voxels.FACTORS}.get(
            dataset.name, sprites.FACTORS
        )
        return {name: raw["factors"][:, column] for column, name in enumerate(names)}
    if "label" not in raw or dataset.spec.num_classes is None:
        return {}
    label = np.asarray(raw["label"])
    if dataset.name == "stacked_digits":  # one digit a channel
        return {"first": label // 100, "second": label // 10 % 10, "third": label % 10}
    return {"label": label}


def _classes(factors: dict[str, np.ndarray]) -> tuple[np.ndarray | None, np.ndarray | None]:
    """The combinations that there are, [P, factors], and their shares, [P]."""
    if not factors:
        return None, None
    columns = np.stack(list(factors.values()), axis=1)
    classes, counts = np.unique(columns, axis=0, return_counts=True)
    if len(classes) > _MOST_CLASSES:
        return None, None
    return classes, counts / counts.sum()
