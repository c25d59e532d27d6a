"""Pictures of models that make examples of noise or of other images: lines, sums, pairs, cut tails."""

from pathlib import Path

import jax
import numpy as np

from experiments import judges, sets
from experiments.subject import (
    Subject,
    Unsuitable,
    num_classes,
    on_host,
    pictures,
    require,
    require_pictures,
    save,
    test_batch,
)
from genjax import metrics, plots
from genjax.losses import crop_to_multiple, enlarge, low_resolution, square_holes
from genjax.tasks import editing
from genjax.tasks.super_resolution import scale_of

LINES, STOPS = 8, 10
PAIRS = 8
DRAWN_PAIRS = 40
POINTS = 2000
EXEMPLARS = 3  # of each mean, as in the paper
SUMS = 9
THRESHOLDS, SHOWN, MEASURED = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0), 10, 500
_HOLE = 0.5  # the grey of what is missing
_TRIED = 1000  # samples in which groups for the arithmetic are sought


def points(subject: Subject, key, path: Path) -> None:
    """Draws of a model of points of the plane, over test examples."""
    require(subject, "sample")
    raw = test_batch(subject, POINTS)
    given = () if subject.model.condition is None else (raw[subject.model.condition],)
    sample = jax.jit(subject.model.sample, static_argnums=2)
    data = np.asarray(raw[subject.spec.entry])
    drawn = sample(key, subject.variables, len(data), *given)
    plots.samples_over_data(data, np.asarray(drawn), path)


def interpolation(subject: Subject, key, path: Path) -> None:
    """Rows of samples on the way from one draw of the prior to another, where its mass is.

    A conditional model keeps a class all along a row. White, 2016, arXiv:1609.04468.
    """
    require_pictures(subject, "latents", "decode")
    latents = subject.model.latents
    if latents.interpolate is None:
        raise Unsuitable(
            "this figure needs latents that say what lies between two (latents.interpolate); "
            "--figure=interpolations draws lines between test images"
        )
    key_prior, key_decode = jax.random.split(key)
    rows = _rows_of_classes(subject, LINES)
    ends = latents.prior(key_prior, subject.variables, 2 * LINES)
    start, end = (np.repeat(each, STOPS, axis=0) for each in (ends[:LINES], ends[LINES:]))
    weights = np.tile(np.linspace(0, 1, STOPS, dtype=np.float32), LINES)
    weights = weights.reshape(-1, *(1,) * len(latents.shape))
    z = latents.interpolate(start, end, weights)
    given = tuple(np.repeat(row, STOPS) for row in rows)
    drawn = jax.jit(subject.model.decode)(key_decode, subject.variables, z, *given)
    save(path, plots.image_grid(pictures(drawn), columns=STOPS))


def arithmetic(subject: Subject, key, path: Path) -> None:
    """Mean latents of three groups of samples, a - b + c, decoded: groups are those of the judge.

    Where the data has shapes and colours the sum is to be a sample of a group that is in none of its
    terms: a red circle less a red square plus a blue square. Elsewhere groups are the three classes
    that samples fall into most. Radford et al., 2016, arXiv:1511.06434, Figure 7.
    """
    require_pictures(subject, "latents", "decode")
    try:
        editing.check_latents(subject.model)
    except ValueError as error:
        raise Unsuitable(str(error)) from error
    eye = _eye(subject)
    if eye.classes is None:
        raise Unsuitable("this figure needs classes, and this data has no labels that tell any")
    keys = jax.random.split(key, 6)
    groups, names, classify = _groups(subject, keys[0], eye)
    try:
        means = [
            editing.mean_latents(each, subject.model, subject.variables, classify, group, EXEMPLARS)
            for each, group in zip(keys[1:4], groups, strict=True)
        ]
    except ValueError as error:  # a group is too rare among the samples
        raise Unsuitable(str(error)) from error
    of_mean = jax.jit(subject.model.decode)(keys[4], subject.variables, np.stack(means))
    sums = editing.arithmetic(keys[5], subject.model, subject.variables, tuple(means), SUMS)
    terms = [f"{sign}{name}" for sign, name in zip(("", "- ", "+ "), names, strict=True)]
    shown = dict(zip(terms, pictures(of_mean), strict=True))
    # One below the other in the paper; here the sum itself, and what noise about it makes.
    shown |= {"=": pictures(sums)[0]}
    rest = plots.image_grid(pictures(sums)[1:], columns=4).astype(np.float32) / 255.0
    rest = rest if rest.ndim == 3 else rest[..., None]
    plots.picture_rows({"": {**shown, "with noise": rest}}, path)


def pairs(subject: Subject, key, path: Path) -> None:
    """Test images, what the model makes of them, and the truth where the data has it: a row a test.

    Of a model that translates both ways also the image that comes back; of one that enlarges images,
    the small one, and what bicubic interpolation makes of it.
    """
    require_pictures(subject)
    model = subject.model
    if model.translate is None and model.upscale is None:
        raise Unsuitable("this figure needs a model that translates or enlarges images")
    batch = test_batch(subject, PAIRS)
    x = batch[subject.spec.entry]
    if model.translate is None:
        columns = _enlarged(subject, key, x)
    else:
        columns = _translated(subject, key, x, batch)
    plots.image_columns(columns, path)


def domains(subject: Subject, key, path: Path) -> None:
    """Draws of two domains, each above its counterpart, which is of the same latent."""
    require_pictures(subject, "sample_pairs")
    draw = jax.jit(subject.model.sample_pairs, static_argnums=2)
    images, others = (pictures(x) for x in draw(key, subject.variables, DRAWN_PAIRS))
    channels = max(images.shape[-1], others.shape[-1])
    full = lambda x: x if x.shape[-1] == channels else np.repeat(x, channels, axis=-1)
    save(path, plots.pairs_grid(full(images), full(others)))


def inpainting(subject: Subject, key, path: Path) -> None:
    """Test images with a hole of half a side anywhere, as the model fills it, and whole: a row a test.

    Denton et al., 2016, arXiv:1611.06430, Figure 2.
    """
    require_pictures(subject, "complete")
    x = test_batch(subject, PAIRS)[subject.spec.entry]
    key_holes, key_fill = jax.random.split(key)
    places = subject.spec.shape[:2]
    known = square_holes(key_holes, len(x), places, max(1, min(places) // 2))
    filled = jax.jit(subject.model.complete)(key_fill, subject.variables, x, known)
    columns = {"with a hole": np.where(known, x, _HOLE), "filled": filled, "whole": x}
    plots.image_columns({name: pictures(images) for name, images in columns.items()}, path)


def truncation(subject: Subject, key, path: Path) -> None:
    """What samples gain and lose as the prior's tails are cut off: FID and its like, and rows of them.

    500 samples at each threshold, beside as many test examples. Brock et al., 2019, arXiv:1809.11096.
    """
    require_pictures(subject, "latents", "decode")
    latents, model = subject.model.latents, subject.model
    if latents.truncated is None:
        raise Unsuitable("this figure needs a prior with tails that can be cut (latents.truncated)")
    if model.condition is not None:
        num_classes(subject)  # of a caption there are no test rows to take
    eye, dataset = _eye(subject), subject.dataset()
    rows = judges.spread_rows(dataset.test, MEASURED)
    if len(rows) < sets.LEAST or eye.shape != tuple(subject.spec.shape):
        raise Unsuitable(f"this figure needs at least {sets.LEAST} test examples")
    reals = eye.look(judges.examples(dataset, dataset.test, rows, eye.entry))
    given = ()
    if model.condition is not None:
        given = (np.asarray(dataset.test[rows][model.condition]),)
    decode = jax.jit(model.decode)
    curves, shown = {}, []
    key_prior, key_decode = jax.random.split(key)
    for threshold in THRESHOLDS:
        z = latents.truncated(key_prior, len(rows), threshold)
        x = on_host(decode(key_decode, subject.variables, z, *given))
        seen = eye.look(x)
        found = metrics.set_metrics(
            reals.features, seen.features, fake_probabilities=sets.probabilities(eye, seen)
        )
        for name in ("fid", "inception_score", "precision", "recall"):
            if name in found:
                curves.setdefault(name, []).append(found[name])
        shown.append(pictures(x[:SHOWN]))
    plots.truncation_figure(THRESHOLDS, curves, np.stack(shown), path)


def _eye(subject: Subject) -> judges.Eye:
    """What sees the samples; Unsuitable where there is none."""
    eye = None if subject.eye is None else subject.eye()
    if eye is None:
        raise Unsuitable("this figure needs a judge of the data, and this run has none")
    return eye


def _rows_of_classes(subject: Subject, num: int) -> tuple:
    """The condition of each of `num` rows: the classes in turn, or nothing."""
    if subject.model.condition is None:
        return ()
    return (np.arange(num, dtype=np.int32) % num_classes(subject),)


def _groups(subject: Subject, key, eye: judges.Eye):
    """Three groups, their names, and what puts samples into groups.

    Of shape and colour: (s, c), (t, c), (t, d), whose sum is to be (s, d). The two of each that are
    the most frequent among samples.
    """
    key_prior, key_decode = jax.random.split(key)
    z = subject.model.latents.prior(key_prior, subject.variables, _TRIED)
    tried = eye.look(on_host(jax.jit(subject.model.decode)(key_decode, subject.variables, z)))
    if {"shape", "colour"} <= set(eye.factors):
        kinds = ("shape", "colour")
        pair = [_frequent(seen_classes(tried, kind), 2) for kind in kinds]
        (s, t), (c, d) = pair
        members = [(s, c), (t, c), (t, d)]

        def classify(x):
            seen = eye.look(on_host(x))
            found = [seen_classes(seen, kind) for kind in kinds]
            groups = np.full(len(x), -1)
            for number, (shape, colour) in enumerate(members):
                groups[(found[0] == shape) & (found[1] == colour)] = number
            return groups

        names = [judges.class_name(eye, dict(zip(kinds, each, strict=True))) for each in members]
        return (0, 1, 2), names, classify

    classify = lambda x: eye.class_probabilities(eye.look(on_host(x))).argmax(axis=1)
    groups = _frequent(eye.class_probabilities(tried).argmax(axis=1), 3)
    values = [dict(zip(eye.factors, eye.classes[group], strict=True)) for group in groups]
    return groups, [judges.class_name(eye, each) for each in values], classify


def seen_classes(seen: metrics.Judged, factor: str) -> np.ndarray:
    """The likeliest value of a factor, [N]."""
    return seen.probabilities[factor].argmax(axis=1)


def _frequent(labels: np.ndarray, num: int) -> list[int]:
    """The `num` most frequent labels; Unsuitable where samples have fewer."""
    values, counts = np.unique(labels, return_counts=True)
    if len(values) < num:
        raise Unsuitable(
            f"this figure needs samples of {num} kinds, and those of this model have {len(values)}"
        )
    return [int(value) for value in values[np.argsort(-counts, kind="stable")][:num]]


def _translated(subject: Subject, key, x, batch) -> dict[str, np.ndarray]:
    model = subject.model
    key_there, key_back = jax.random.split(key)
    there = jax.jit(model.translate)(key_there, subject.variables, x)
    columns = {"input": x, "translation": there}
    if model.translate_back is not None:
        columns["and back"] = jax.jit(model.translate_back)(key_back, subject.variables, there)
    if "target" in batch:
        columns["truth"] = batch["target"]
    elif "unpaired" in batch:
        columns["its domain"] = batch["unpaired"]
    return {name: pictures(images) for name, images in columns.items()}


def _enlarged(subject: Subject, key, x) -> dict[str, np.ndarray]:
    scale = scale_of(subject.model, subject.variables, x.shape[-1])
    truth = crop_to_multiple(x, scale)
    low = low_resolution(truth, scale)
    high = jax.jit(subject.model.upscale)(key, subject.variables, low)
    columns = {"small": low, "bicubic": enlarge(low, scale), "enlarged": high, "truth": truth}
    return {name: pictures(images) for name, images in columns.items()}
