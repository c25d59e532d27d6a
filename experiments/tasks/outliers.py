"""The task `outliers`: what is unlike the examples that a model has learned from."""

import functools
from typing import Any

import jax
import numpy as np
import sklearn

from experiments.tasks.given import Given, Outcome, each, examples
from experiments.tasks.textures import textures
from genjax import data
from genjax.core import Model
from genjax.data import ArraySource, Dataset
from genjax.plots.outliers import score_heat_map, score_histograms
from genjax.tasks import outliers as tasks

_PICTURES = 16


def suits(model: Model) -> bool:
    """Whether there is a score: an unconditional model that encodes, searches, or has a likelihood."""
    likelihood = model.log_prob is not None or model.select in ("elbo", "bound")
    codes = model.encode is not None or model.search is not None
    return model.condition is None and (likelihood or codes)


def outliers(
    given: Given,
    *,
    protocol: str = "left_out",
    against: str | None = None,
    spoilt: float = 0.2,
) -> Outcome:
    """Tells outliers from the rest of the test split by what a model makes of them.

    The model is trained anew without each class in turn (or with each alone); where the data marks its
    own outliers (`mask`, as `scans`), the trained model itself is scored. Its scores: `log_prob` and
    `elbo` (their negatives), `search` (what a search of the latents leaves: AnoGAN's), `reconstruction`
    (squared error of decode(encode(x))) and
    `latent_distance` (Mahalanobis, of the code to those of training examples), each where the model
    has it. `test/roc_auc` and `test/average_precision` are those of the first of these that it has,
    whichever is best; all are there as test/SCORE/roc_auc. Baselines: isolation forest, local outlier
    factor, distance to the mean, and the reconstruction error of 8 principal components, on pixels.

    A likelihood alone is a poor score where outliers are simpler than what the model knows: they can
    be likelier. `--model=made --option against=textures` shows it. There, `input_complexity`
    (-log p less the length of a compressed file: Serra et al., 2020, arXiv:1909.11480) and
    `likelihood_ratio` (to the same model trained on spoilt examples: Ren et al., 2019,
    arXiv:1906.02845) are further scores; `test/roc_auc` stays that of the plain one.

    Args:
        protocol: `left_out`: the model learns all classes but one, whose test examples are the
            outliers. `one_class`: it learns one class, and the test examples of the others are the
            outliers.
        against: a data set, as --dataset takes it, whose test split has the outliers; resized and
            binarised as the run's. The trained model itself is scored, and no class is left out. Or
            `textures`, which ships with scikit-image: the run's system is trained on patches of a
            picture of grass, and patches of a simpler brick wall are the outliers.
        spoilt: share of the elements that are random in what the background model of
            `likelihood_ratio` learns from, above 0 and at most 1.

    Raises:
        ValueError: for a protocol that is none, a set that does not fit the run's, or one without
            labels where classes are asked for.
    """
    if protocol not in ("left_out", "one_class"):
        raise ValueError(f"--option protocol must be left_out or one_class, got {protocol!r}")
    if not 0 < spoilt <= 1:
        raise ValueError(f"--option spoilt must be above 0 and at most 1, got {spoilt}")
    if against is None and "mask" in given.spec.extras:
        return _marked(given)
    if against is None:
        return _by_class(given, protocol)
    return _against(given, against, spoilt)


def _by_class(given: Given, protocol: str) -> Outcome:
    """Each class in turn; every training has as many examples, so that all run one program."""
    spec, classes = given.spec, range(given.spec.num_classes or 0)
    train, test = given.examples("train"), given.examples("test")
    if spec.num_classes is None or "label" not in train:
        raise ValueError(
            f"{given.dataset.name} has no labels, so no class can be left out: take a set with labels, "
            "or name another set as --option against=DATASET"
        )
    of_class = lambda labels, c: labels == c if protocol == "one_class" else labels != c
    size = min(int(of_class(train["label"], c).sum()) for c in classes)
    if size < 2:
        raise ValueError(f"protocol {protocol} leaves {size} training examples of some class")
    found: dict[str, list[dict[str, float]]] = {}
    for c in classes:
        rows = np.flatnonzero(of_class(train["label"], c))[:size]
        dataset = given.dataset._replace(train=ArraySource(given.dataset.train[rows]))
        variables = given.refit(dataset, given.seed)
        known, x = train[spec.entry][rows], test[spec.entry]
        scores = _scores(given, variables, known, x)
        scores |= {f"baseline/{n}": s for n, s in _baselines(given, known, x).items()}
        is_outlier = ~of_class(test["label"], c)
        for name, score in scores.items():
            found.setdefault(name, []).append(tasks.ranking(score, is_outlier))
    of_all = {name: {m: [r[m] for r in ranks] for m in ranks[0]} for name, ranks in found.items()}
    best = _first(of_all)
    metrics, roc_aucs = _means(of_all, best), {n: v["roc_auc"] for n, v in of_all.items()}
    word = "left out" if protocol == "left_out" else "that the model knows"
    score_heat_map(
        np.array([roc_aucs[name] for name in [best, *(n for n in roc_aucs if n != best)]]),
        [_shown(name) for name in [best, *(n for n in roc_aucs if n != best)]],
        [str(c) for c in classes],
        given.folder / "outliers.png",
        title=f"{given.run.name}: outliers, by the class {word}",
    )
    return Outcome(
        metrics,
        {
            **_how(given, best),
            "classes": protocol,
            "training_examples": f"{size} for each class, the first so many: the fewest that any has",
            "test_examples": len(test["label"]),
            "mean_over": f"{len(classes)} classes",
            "per_class": of_all,
        },
    )


def _marked(given: Given) -> Outcome:
    """The run's model on its test split, of which the examples with a `mask` are the outliers."""
    entry, test = given.spec.entry, given.examples("test")
    is_outlier = test["mask"].reshape(len(test["mask"]), -1).any(1)
    train, x = given.examples("train")[entry], test[entry]
    scores = _scores(given, given.variables, train, x)
    best = _first(scores)
    scores |= {f"baseline/{n}": s for n, s in _baselines(given, train, x).items()}
    ranks = {name: tasks.ranking(score, is_outlier) for name, score in scores.items()}
    score_histograms(
        {_shown(best): (scores[best][~is_outlier], scores[best][is_outlier])},
        {_shown(best): ranks[best]["roc_auc"]},
        ("healthy", "marked (outliers)"),
        given.folder / "outliers.png",
        images=(x[~is_outlier][:_PICTURES], x[is_outlier][:_PICTURES]),
    )
    means = {name: {m: [value] for m, value in rank.items()} for name, rank in ranks.items()}
    about = {"outliers": f"{is_outlier.sum()} of {len(x)} test examples, whose mask is not empty"}
    return Outcome(_means(means, best), {**_how(given, best), **about})


def _against(given: Given, against: str, rate: float) -> Outcome:
    """The run's model on its own test split and on another's."""
    spec = given.spec
    if against == "textures":
        dataset, other = textures(spec, given.seed)
        variables, names = given.refit(dataset, given.seed), ("grass", "brick")
    else:
        dataset, variables, names = given.dataset, given.variables, (given.dataset.name, against)
        other = _other_set(given, against)
    train, own = (examples(dataset, split)[spec.entry] for split in ("train", "test"))
    x = np.concatenate([own, other])
    scores = _scores(given, variables, train, x)
    best = _first(scores)
    bounds = [name for name in ("log_prob", "elbo") if name in scores][:1]
    for name in bounds:
        background = given.refit(_spoilt(dataset, rate), given.seed)
        plain = _scores(given, background, train, x, only=name)[name]
        scores["likelihood_ratio"] = scores[name] - plain
        if spec.num_levels is not None:
            scores["input_complexity"] = scores[name] - tasks.complexity(x, spec.num_levels)
    scores |= {f"baseline/{n}": s for n, s in _baselines(given, train, x).items()}
    is_outlier = np.arange(len(x)) >= len(own)
    ranks = {name: tasks.ranking(score, is_outlier) for name, score in scores.items()}
    of_model = [best, *(n for n in scores if n != best and not n.startswith("baseline/"))]
    as_images = spec.entry == "image" and spec.shape[-1] in (1, 3)
    score_histograms(
        {_shown(n): (scores[n][: len(own)], scores[n][len(own) :]) for n in of_model},
        {_shown(n): ranks[n]["roc_auc"] for n in of_model},
        (f"{names[0]} (known)", f"{names[1]} (outliers)"),
        given.folder / "outliers.png",
        images=(own[:_PICTURES], other[:_PICTURES]) if as_images else None,
    )
    means = {name: {m: [value] for m, value in rank.items()} for name, rank in ranks.items()}
    return Outcome(
        _means(means, best),
        {
            **_how(given, best),
            "known": f"{names[0]}, test split, {len(own)} examples",
            "outliers": f"{names[1]}, {len(other)} examples",
            "training_examples": len(train),
            "trained_for_this": against == "textures",
            "likelihood_ratio": f"to the same system trained with {rate} of the elements random",
            "input_complexity": "shortest of zlib, bz2 and (images) PNG, in nats; of levels only",
        },
    )


def _scores(given: Given, variables, train, x, only: str | None = None) -> dict[str, np.ndarray]:
    """The model's scores of x by name, [N] each."""
    scores = tasks.model_scores(given.model, given.spec, variables)
    wanted = {name: f for name, f in scores.items() if only in (None, name)}
    found = {name: each(f, given.key, variables, x) for name, f in wanted.items()}
    if only is None and tasks.has_numbers_for_codes(given.model, given.spec, variables):
        encode = functools.partial(each, given.model.encode, given.key, variables)
        found["latent_distance"] = tasks.latent_distance(encode(train), encode(x))
    if not found:
        raise ValueError(
            f"{given.run.name} has no score: neither a likelihood, nor a bound, nor codes of numbers"
        )
    return found


def _baselines(given: Given, train, x) -> dict[str, np.ndarray]:
    return tasks.baseline_scores(train, x, seed=given.seed)


def _other_set(given: Given, name: str) -> np.ndarray:
    """The test examples of another set, as the run's look."""
    spec, options = given.spec, dict(given.run.data)
    for of_its_own in ("dataset", "prior_for"):
        options.pop(of_its_own, None)
    if spec.entry == "image":
        options |= {"channels": spec.shape[-1], "image_size": spec.shape[0]}
    dataset = data.load(name, **options)
    if dataset.spec.shape != spec.shape:
        raise ValueError(
            f"--option against={name} has examples of shape {dataset.spec.shape}, the run's have "
            f"{spec.shape}: take a set that can be resized to them (images of one side and another)"
        )
    x = examples(dataset, "test")[spec.entry]
    if spec.num_levels is not None and dataset.spec.num_levels != spec.num_levels:
        x = np.round(np.clip(x, 0, 1) * (spec.num_levels - 1)) / (spec.num_levels - 1)
    return x.astype(np.float32)


def _spoilt(dataset: Dataset, rate: float) -> Dataset:
    """The set with random elements in what is trained on."""
    entry, levels = dataset.spec.entry, dataset.spec.num_levels

    def transform(key, batch):
        key_batch, key_spoil = jax.random.split(key)
        batch = dataset.train_transform(key_batch, batch)
        return {**batch, entry: tasks.spoilt(key_spoil, batch[entry], rate, levels)}

    return dataset._replace(train_transform=transform)


def _first(scores: dict[str, Any]) -> str:
    return next(name for name in tasks.PREFERENCE if name in scores)


def _means(of_all: dict[str, dict[str, list[float]]], best: str) -> dict[str, float]:
    """Means over classes under `test/`, `test/SCORE/` and `baseline/NAME/test/`."""
    metrics = {f"test/{name}": np.mean(values) for name, values in of_all[best].items()}
    for score, measured in of_all.items():
        prefix = f"{score}/test" if score.startswith("baseline/") else f"test/{score}"
        metrics |= {f"{prefix}/{name}": np.mean(values) for name, values in measured.items()}
    return metrics


def _how(given: Given, best: str) -> dict[str, Any]:
    return {
        "split": "test",
        "score": f"{best}: the first of {', '.join(tasks.PREFERENCE)} that the model has",
        "outliers_are": "the positives",
        "latent_distance": "Mahalanobis, covariance shrunk as Ledoit and Wolf have it",
        "isolation_forest": "200 trees",
        "local_outlier_factor": "20 neighbours, novelty",
        "pca": "8 components",
        "scikit_learn": sklearn.__version__,
    }


def _shown(name: str) -> str:
    return name.removeprefix("baseline/").replace("_", " ")
