"""The tasks `clustering`, of any data with labels to judge by, and `toy_clustering`, the comparison."""

import time

import numpy as np
import sklearn
from sklearn.metrics import adjusted_rand_score

from experiments import families
from experiments.tasks.given import Given, Outcome, each
from genjax import data, plots
from genjax.core import stages
from genjax.plots.clusters import Map
from genjax.plots.toy_clusters import Cell
from genjax.tasks import clustering as tasks
from genjax.tasks import toy_clustering as toy

_SHOWN = 2000


def clustering(
    given: Given,
    *,
    num_clusters: int | None = None,
    algorithms: tuple[str, ...] = ("kmeans", "gmm", "agglomerative"),
    examples: int = 10_000,
) -> Outcome:
    """Finds clusters without labels, in codes and by the model itself, and compares them with classes.

    `test/accuracy` (by the best pairing of clusters with classes), `test/nmi` and `test/ari` are those
    of the model's own clusters where it has them, else of k-means in its codes: the protocol says
    which. Under `codes/NAME/` are scikit-learn's algorithms in the model's codes, under
    `baseline/NAME_pixels/` and `baseline/NAME_pca/` the same without the model, on examples as they are
    and on as many principal components as a code has numbers. `control/permuted_labels/test/accuracy`
    is what agreement with classes at random looks like.

    Args:
        num_clusters: of scikit-learn's algorithms; None for the number of classes. The model's own
            clusters are as many as it was trained with.
        algorithms: of `kmeans`, `gmm` and `agglomerative`.
        examples: training examples that they are fitted to, at most.

    Raises:
        ValueError: for data without labels, codes that are no numbers, or an algorithm that is none.
    """
    unknown = [name for name in algorithms if name not in tasks.ALGORITHMS]
    if unknown or not algorithms:
        names = ", ".join(tasks.ALGORITHMS)
        raise ValueError(f"algorithms are one or more of {names}, got {', '.join(algorithms)!r}")
    if given.spec.num_classes is None:
        raise ValueError(
            f"--task=clustering needs labels to judge by, and {given.run.data['dataset']} has none: "
            "take a set with a label array"
        )
    k = given.spec.num_classes if num_clusters is None else num_clusters
    if not 2 <= k <= examples:
        raise ValueError(f"num_clusters must be from 2 to examples = {examples}, got {k}")
    splits = [given.examples("train", examples), given.examples("test")]
    xs = [batch[given.spec.entry] for batch in splits]
    labels = tasks.Clusters(*(batch["label"] for batch in splits))
    # A model of clusters alone has no other code than what it says of them.
    code = given.model.encode or given.model.clusters
    codes = [_flat(given.each(code, x)) for x in xs]
    if np.issubdtype(codes[0].dtype, np.integer):
        raise ValueError(
            f"--task=clustering needs codes that are numbers, and those of {given.run.name} are "
            "indices: take another model"
        )
    pixels = [_flat(x) for x in xs]
    spaces = {"pixels": pixels, "pca": tasks.principal_components(codes[0].shape[1], *pixels)}
    found = {}
    for name in algorithms:
        fit = tasks.ALGORITHMS[name]
        found[f"codes/{name}"] = fit(given.seed, k, *codes)
        for space, points in spaces.items():
            found[f"baseline/{name}_{space}"] = fit(given.seed, k, *points)
    own, of_whom = _own(given, xs, codes, k)
    metrics, scores = {}, {"": own, **found}
    for name, clusters in scores.items():
        for split in ("test", "train"):
            agreed = tasks.agreement(getattr(labels, split), getattr(clusters, split))
            prefix = f"{name}/{split}" if name else split
            metrics |= {f"{prefix}/{measure}": value for measure, value in agreed.items()}
    permuted = np.random.default_rng(given.seed).permutation(labels.test)
    by_chance = tasks.agreement(permuted, own.test)
    metrics |= {f"control/permuted_labels/test/{n}": value for n, value in by_chance.items()}
    verdict = _verdict(metrics)
    print(verdict)
    _draw(given, codes[1], own.test, labels.test, metrics, of_whom)
    return Outcome(
        metrics,
        {
            "clusters_of": of_whom,
            "verdict": verdict,
            "num_clusters": k,
            "num_own_clusters": int(max(own.train.max(), own.test.max())) + 1,
            "fitted_to": f"the first {len(xs[0])} training examples, without labels",
            "judged_on": f"{len(labels.test)} test and {len(labels.train)} training examples",
            "code_size": codes[0].shape[1],
            "kmeans_restarts": 20,
            "gmm": "3 restarts; full covariances up to 100 dimensions, else diagonal",
            "agglomerative": "Ward; a test example goes with the nearest training example",
            "nmi": "arithmetic mean of the entropies",
            "scikit_learn": sklearn.__version__,
        },
    )


def toy_clustering(given: Given, *, num_points: int = 500, code_dim: int = 2) -> Outcome:
    """Draws the comparison figure: six toy sets by scikit-learn's algorithms and by models' codes.

    The sets, algorithms and settings are those of scikit-learn's page; the last columns are k-means in
    the codes of an autoencoder and, where the model has them, the model's own clusters (else k-means in
    its codes), both trained on each set. Under each name the adjusted Rand index, a set each.

    Args:
        num_points: of each set, at least 50.
        code_dim: numbers in a code of the autoencoder.

    Raises:
        ValueError: for too few points, or no code.
    """
    sets = toy.toy_sets(num_points)
    rows, metrics = {}, {}
    for row, points in sets.items():
        cells = {name: toy.run(make, points) for name, make in toy.algorithms().items()}
        cells |= _of_models(given, points, code_dim)
        rows[row] = {}
        for column, (clusters, seconds) in cells.items():
            ari = None
            if points.labels is not None:
                ari = float(adjusted_rand_score(points.labels, clusters))
                metrics[f"{_plain(row)}/{_plain(column)}/ari"] = ari
            rows[row][column] = Cell(points.x, clusters, seconds, ari)
        print(f"{row}: done")
    columns = [_plain(column) for column in next(iter(rows.values()))]
    for column in columns:
        values = [value for name, value in metrics.items() if name.split("/")[-2] == column]
        metrics[f"mean/{column}/ari"] = float(np.mean(values))
    plots.comparison_figure(
        rows,
        given.folder / "toy_clustering.png",
        title=f"six sets of {num_points} points: adjusted Rand index and seconds",
    )
    return Outcome(
        metrics,
        {
            "num_points": num_points,
            "settings": "those of scikit-learn's comparison of clustering algorithms",
            "models": f"trained on each set, {given.steps} steps, batch {given.batch_size}; "
            "seconds are those of training and clustering",
            "scikit_learn": sklearn.__version__,
        },
    )


def _flat(values: np.ndarray) -> np.ndarray:
    return values.reshape(len(values), -1)


def _own(given: Given, xs, codes, k) -> tuple[tasks.Clusters, str]:
    """The model's own clusters where it has them, else of k-means in its codes; and which it was."""
    if given.model.clusters is None:
        return tasks.k_means(given.seed, k, *codes), f"k-means in the codes of {given.run.name}"
    likeliest = [given.each(given.model.clusters, x).argmax(axis=1) for x in xs]
    return tasks.Clusters(*likeliest), f"{given.run.name}'s own"


def _verdict(metrics: dict[str, float]) -> str:
    """Whether the model is worth it, in a sentence."""
    name, best = max(
        (
            (name, value)
            for name, value in metrics.items()
            if name.startswith("baseline/") and name.endswith("/test/accuracy")
        ),
        key=lambda pair: pair[1],
    )
    name, ours = name.split("/")[1], metrics["test/accuracy"]
    verb = "beats" if ours > best else "does NOT beat"
    return f"with the model {ours:.3f}: {verb} the best without it, {name} with {best:.3f}"


def _draw(given: Given, codes, clusters, labels, metrics, of_whom) -> None:
    flat = tasks.principal_components(2, codes, codes[:_SHOWN])[1] if codes.shape[1] > 2 else codes
    points = np.pad(flat[:_SHOWN], ((0, 0), (0, max(0, 2 - flat.shape[1]))))
    suffix = "/test/accuracy"
    bars = {"model": metrics["test/accuracy"]}
    for name, value in metrics.items():
        if name.endswith(suffix) and name.startswith(("codes/", "baseline/")):
            bars[name.removesuffix(suffix).removeprefix("baseline/").replace("_", " ")] = value
    bars["permuted labels"] = metrics["control/permuted_labels/test/accuracy"]
    where = "codes" if codes.shape[1] <= 2 else f"two principal components of {codes.shape[1]}"
    plots.maps_figure(
        [
            Map(f"clusters: {of_whom}\n({where})", points, clusters[:_SHOWN]),
            Map("classes, which nobody told", points, labels[:_SHOWN]),
        ],
        given.folder / "clustering.png",
        bars={"accuracy on test": bars},
    )


def _of_models(given: Given, points: toy.ToySet, code_dim) -> dict[str, tuple[np.ndarray, float]]:
    """Clusters by the autoencoder and by the model, with seconds."""
    k, name = points.settings["n_clusters"], given.run.name
    spec = given.spec._replace(num_classes=k)
    source = data.ArraySource({"vector": points.x})
    same = lambda key, batch: batch
    dataset = data.Dataset("toy", spec, source, source, source, same, same)
    make = families.find(given.run.family, name)
    systems = {
        "autoencoder + k-means": families.find("autoencoder", "autoencoder")(
            spec, code_dim=code_dim, hidden=(64, 64)
        ),
        name: make(spec, **given.run.hyper_parameters),
    }
    found = {}
    for column, system in systems.items():
        began = time.perf_counter()
        variables = given._replace(run=given.run._replace(system=system)).refit(dataset, given.seed)
        model = stages(system)[-1].model
        if model.clusters is not None:
            clusters = each(model.clusters, given.key, variables, points.x).argmax(axis=1)
        else:
            codes = _flat(each(model.encode, given.key, variables, points.x))
            clusters = tasks.k_means(given.seed, k, codes, codes).train
            column = column if column.endswith("k-means") else f"{name} + k-means"
        found[column] = clusters, time.perf_counter() - began
    return found


def _plain(name: str) -> str:
    return name.lower().replace(" + ", "_").replace("-", "").replace(" ", "_")
