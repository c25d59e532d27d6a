"""A set of a model's examples beside a set of the data's: FID and its like, under fixed names."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import numpy as np

from experiments import judges, showers
from genjax import metrics
from genjax.core import Model, Spec
from genjax.data import Dataset, Source
from genjax.losses import low_resolution
from genjax.tasks.super_resolution import scale_of

LEAST = 20  # examples, for the standard error of KID
MOST = 10_000  # examples of a larger split
_AT_A_TIME = 100  # examples drawn together
_PAIRED = 500  # examples whose distances to one another are averaged


class Glance(NamedTuple):
    """What is seen of a model while it trains.

    Attributes:
        fid, kid: from the validation data.
        modes: classes or modes that the samples reach; None where there are none.
        real_modes: those of as many real examples.
        spread: the mean distance between samples over that between real examples.
    """

    fid: float
    kid: float
    modes: int | None
    real_modes: int | None
    spread: float


def glancer(
    eye: judges.Eye, spec: Spec, dataset: Dataset, num: int
) -> Callable[[jax.Array, Model, Any], Glance | None]:
    """`(key, model, variables) -> Glance` of `num` samples, beside at most 10,000 validation examples.

    None where the model's examples have another shape: the early stages of one that grows. Nothing is
    drawn of the data before the first call.
    """
    reals, draws = [], {}

    def glance(key, model, variables):
        if not fits(eye, model, spec, dataset, variables):
            return None
        if not reals:
            rows = judges.spread_rows(dataset.valid, MOST)
            seen = eye.look(judges.examples(dataset, dataset.valid, rows, eye.entry))
            few = judges.spread_rows(dataset.valid, num)
            raw = judges.examples(dataset, dataset.valid, few, eye.entry)
            reals.extend([seen, mean_distance(seen.features), coverage(eye, raw, eye.look(raw))])
        name = (model.sample, model.translate, model.upscale)
        if name not in draws:
            draws[name] = jax.jit(maker(model, spec, dataset))
        fakes = draw(draws[name], key, variables, dataset.valid, num)
        seen = eye.look(fakes)
        covered = coverage(eye, fakes, seen)
        return Glance(
            metrics.fid(reals[0].features, seen.features),
            metrics.kernel_distance(reals[0].features, seen.features).value,
            covered and covered.num_modes,
            reals[2] and reals[2].num_modes,
            mean_distance(seen.features) / max(reals[1], 1e-12),
        )

    return glance


def measure(
    eye: judges.Eye,
    model: Model,
    spec: Spec,
    dataset: Dataset,
    split: str,
    key: jax.Array,
    variables: Any,
    most: int = MOST,
) -> tuple[dict[str, float], dict[str, Any]]:
    """All figures of the model's examples beside those of a split, and the protocol.

    `real/fid` is that of as many training examples in place of the model's: what there is to reach.
    Nothing where there are too few examples to say anything.

    Args:
        eye: what sees them.
        model: which `judges.makes_examples`.
        spec: of its data.
        dataset: the run's.
        split: `train`, `valid` or `test`.
        key: of the draws.
        variables: of the model, one seed's.
        most: real examples, and as many of the model's.

    Returns:
        `{"test/fid": ..., "real/fid": ...}` and what it took.
    """
    source = getattr(dataset, split)
    rows = judges.spread_rows(source, most)
    if len(rows) < LEAST or not fits(eye, model, spec, dataset, variables):
        return {}, {}
    reals = eye.look(judges.examples(dataset, source, rows, eye.entry))
    fakes = draw(jax.jit(maker(model, spec, dataset)), key, variables, source, len(rows))
    seen = eye.look(fakes)
    found = metrics.set_metrics(
        reals.features, seen.features, fake_probabilities=probabilities(eye, seen)
    )
    covered = coverage(eye, fakes, seen)
    if covered is not None:
        found |= {"modes": covered.num_modes, "mode_kl": covered.kl}
        if covered.high_quality is not None:
            found["high_quality"] = covered.high_quality
    of_data = {}
    if showers.layers_of(spec):
        asked = judges.examples(dataset, source, rows, "incidence")
        real = judges.examples(dataset, source, rows, spec.entry)
        found |= showers.figures(spec, fakes, asked)
        of_data = {f"real/{k}": v for k, v in showers.figures(spec, real, asked).items()}
    others = judges.spread_rows(dataset.train, len(rows))
    beside = eye.look(judges.examples(dataset, dataset.train, others, eye.entry))
    floor = metrics.fid(reals.features, beside.features)
    named = {f"{split}/{name}": float(value) for name, value in found.items()}
    protocol = {
        **eye.protocol,
        "entry": eye.entry,
        "samples": len(fakes),
        "real_examples": len(rows),
        "real_fid": f"{len(others)} training examples beside those of {split}",
        "modes_in_all": _num_modes(eye),
        "of": "the first seed",
    }
    return {**named, "real/fid": floor, **of_data}, protocol


def maker(model: Model, spec: Spec, dataset: Dataset) -> Callable[..., jax.Array]:
    """`(key, variables, raw rows) -> the model's examples`, one for each row.

    A conditional model is given the rows' conditions, so that they are as frequent as in the data; one
    that translates or enlarges images is given the rows' images.
    """

    def make(key, variables, raw):
        batch = dataset.eval_transform(key, raw)
        x = batch[spec.entry]
        if model.translate is not None:
            return model.translate(key, variables, x)
        if model.sample is not None:
            given = () if model.condition is None else (batch[model.condition],)
            return model.sample(key, variables, len(x), *given)
        small = low_resolution(x, scale_of(model, variables, x.shape[-1]))
        return model.upscale(key, variables, small)

    return make


def draw(make: Callable, key, variables, source: Source, num: int) -> np.ndarray:
    """`num` of the model's examples, for rows spread over the source, on the host."""
    rows = np.resize(judges.spread_rows(source, num), num)
    parts = []
    for number, start in enumerate(range(0, num, _AT_A_TIME)):
        part = rows[np.arange(start, start + _AT_A_TIME) % num]  # one size, one program
        raw = {**source[part], "index": part.astype(np.int32)}
        parts.append(np.asarray(make(jax.random.fold_in(key, number), variables, raw), np.float32))
    return np.concatenate(parts)[:num]


def fits(eye: judges.Eye, model: Model, spec: Spec, dataset: Dataset, variables) -> bool:
    """Whether the model makes what the eye sees: told by shapes, nothing is computed."""
    if not judges.makes_examples(model):  # the first stage of a curriculum may only learn to read
        return False
    raw = {**dataset.valid[np.zeros(2, np.int64)], "index": np.zeros(2, np.int32)}
    made = jax.eval_shape(maker(model, spec, dataset), jax.random.key(0), variables, raw)
    return made.shape[1:] == eye.shape


def coverage(eye: judges.Eye, x: np.ndarray, seen: metrics.Judged) -> metrics.ModeCoverage | None:
    """The modes or classes that examples reach; None where there are none to reach."""
    if eye.mixture is not None:
        return metrics.gaussian_modes(x, eye.mixture.centres, eye.mixture.sigma)
    if eye.classes is None:
        return None
    labels = eye.class_probabilities(seen).argmax(axis=1)
    return metrics.class_modes(labels, len(eye.classes), shares=eye.shares)


def mean_distance(features: np.ndarray) -> float:
    """The mean Euclidean distance between two different rows, of the first 500."""
    x = np.asarray(features[:_PAIRED], np.float64)
    squared = np.square(x).sum(axis=1)
    distances = np.sqrt(np.maximum(squared[:, None] + squared[None] - 2 * x @ x.T, 0.0))
    return float(distances.sum() / (len(x) * (len(x) - 1)))


def probabilities(eye: judges.Eye, seen: metrics.Judged) -> np.ndarray | None:
    """p(y|x) for the Inception score; None where the eye knows no classes."""
    if eye.classes is not None:
        return eye.class_probabilities(seen)
    if eye.protocol["features"] == "FID-Inception":
        return next(iter(seen.probabilities.values()))
    return None


def _num_modes(eye: judges.Eye) -> int | None:
    if eye.mixture is not None:
        return len(eye.mixture.centres)
    return None if eye.classes is None else len(eye.classes)
