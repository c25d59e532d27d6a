"""The tasks `manifold`, maps of two numbers, and `reduction`, codes of any size beside PCA's."""

import numpy as np
import sklearn

from experiments.tasks.given import Given, Outcome
from genjax import plots
from genjax.plots.clusters import Map
from genjax.tasks import clustering
from genjax.tasks import embedding as tasks

_TITLES = {"pca": "PCA", "tsne": "t-SNE", "isomap": "Isomap", "umap": "UMAP"}
_GRID = 15  # places a side where codes are decoded
_INNER = (2.0, 98.0)  # percentiles of the codes that the grid spans


def manifold(
    given: Given,
    *,
    methods: tuple[str, ...] = (),
    num_neighbors: int = 5,
    examples: int = 2000,
) -> Outcome:
    """Draws maps of two numbers, the model's beside PCA, Isomap, t-SNE and UMAP, and measures them.

    `test/trustworthiness` says whether neighbours on the map are true ones, `test/continuity` whether
    true neighbours are neighbours on the map (both against the examples as they are), and
    `test/accuracy`, where there are labels, how often nearest neighbours on the map find the class. The
    same under `baseline/NAME/`. A code of more than two numbers is shown by its first two principal
    components. Where a code has two, the last panel shows what the decoder makes of a grid of them.

    Args:
        methods: of `pca`, `isomap`, `tsne` and `umap` (if installed); all there are if not given.
        num_neighbors: k of all three measures.
        examples: of each split, the first so many.

    Raises:
        ValueError: for a method that is none, codes that are no numbers, or too few examples.
    """
    methods = tuple(methods) or tasks.available()
    xs, labels, codes = _data(given, num_neighbors, examples)
    size = codes[0].shape[1]
    maps = {"model": tasks.Embedded(*codes)}
    if size > 2:
        maps["model"] = tasks.Embedded(*clustering.principal_components(2, *codes))
    for method in methods:
        maps[method] = tasks.embed(method, given.seed, *xs)
    metrics = {}
    for name, embedded in maps.items():
        prefix = "test" if name == "model" else f"baseline/{name}/test"
        metrics |= _measured(prefix, xs[1], embedded, labels, num_neighbors)
    panels = []
    for name, embedded in maps.items():
        prefix = "test" if name == "model" else f"baseline/{name}/test"
        points = np.pad(embedded.test, ((0, 0), (0, 2 - embedded.test.shape[1])))
        groups = np.zeros(len(points), int) if labels is None else labels[1]
        title = given.run.name if name == "model" else _TITLES[name]
        panels.append(Map(f"{title}\n{_told(metrics, prefix)}", points, groups))
    pictures = {}
    if size == 2 and given.model.decode is not None and _is_picture(given.spec.shape):
        pictures["decoded, over the codes' range"] = _decoded_grid(given, codes[1])
    plots.maps_figure(panels, given.folder / "manifold.png", pictures=pictures)
    return Outcome(
        metrics,
        {
            **_protocol(xs, num_neighbors),
            "code_size": size,
            "map": "the code" if size <= 2 else "the code's first two principal components",
            "tsne": "laid out with training and test examples together, for it has no transform; "
            "perplexity 30, init pca",
            "isomap": "10 neighbours",
            "umap": "15 neighbours" if "umap" in methods else "not used",
        },
    )


def reduction(given: Given, *, num_neighbors: int = 5, examples: int = 2000) -> Outcome:
    """Compares codes of p numbers with p principal components: error, neighbours, classes.

    `test/squared_error` of decode(encode(x)), summed over elements, where the model decodes, with
    `pca_components_for_this_error`, how many components do as well; `test/accuracy` of nearest
    neighbours in the codes, where there are labels, and `test/trustworthiness` and `test/continuity` of
    the codes. The same under `baseline/pca/`, and the accuracy of the examples as they are under
    `baseline/pixels/`.

    Args:
        num_neighbors: k of all measures.
        examples: of each split, the first so many.

    Raises:
        ValueError: for codes that are no numbers, or too few examples.
    """
    xs, labels, codes = _data(given, num_neighbors, examples)
    size = codes[0].shape[1]
    maps = {
        "model": tasks.Embedded(*codes),
        "pca": tasks.Embedded(*clustering.principal_components(size, *xs)),
    }
    metrics, errors = {}, tasks.pca_errors(*xs)
    for name, embedded in maps.items():
        prefix = "test" if name == "model" else f"baseline/{name}/test"
        metrics |= _measured(prefix, xs[1], embedded, labels, num_neighbors)
    if labels is not None:
        whole = tasks.Embedded(*xs)
        accuracy = tasks.neighbor_accuracy(whole, *labels, num_neighbors)
        metrics["baseline/pixels/test/accuracy"] = accuracy
    metrics["baseline/pca/test/squared_error"] = float(errors[min(size, len(errors) - 1)])
    found = None
    if given.model.decode is not None:
        batch = given.examples("test", examples)[given.spec.entry]
        there_and_back = lambda key, variables, x: given.model.decode(
            key, variables, given.model.encode(key, variables, x)
        )
        decoded = given.each(there_and_back, batch)
        found = float(np.square(batch - decoded).reshape(len(batch), -1).sum(axis=1).mean())
        metrics["test/squared_error"] = found
        enough = np.nonzero(errors <= found)[0]
        metrics["pca_components_for_this_error"] = float(enough[0] if len(enough) else len(errors))
    bars = {}
    for measure in ("accuracy", "trustworthiness", "continuity"):
        of = {given.run.name: f"test/{measure}", "PCA": f"baseline/pca/test/{measure}"}
        of |= {"as they are": f"baseline/pixels/test/{measure}"}
        values = {name: metrics[key] for name, key in of.items() if key in metrics}
        title = f"{num_neighbors}-nearest-neighbour accuracy" if measure == "accuracy" else measure
        bars |= {title: values} if values else {}
    plots.reduction_figure(
        errors, size, found, given.run.name, bars, given.folder / "reduction.png"
    )
    protocol = {**_protocol(xs, num_neighbors), "code_size": size}
    protocol["squared_error"] = "summed over elements, mean over test examples"
    return Outcome(metrics, protocol)


def _data(given: Given, num_neighbors: int, examples: int):
    """Examples flat, their labels (None without any) and codes, of train and test.

    Raises:
        ValueError: for codes that are no numbers, or too few examples.
    """
    splits = [given.examples(name, examples) for name in ("train", "test")]
    entry, num = given.spec.entry, min(len(batch["index"]) for batch in splits)
    if not 1 <= num_neighbors < num / 2:
        raise ValueError(
            f"num_neighbors must be from 1 to below half of {num} examples, got {num_neighbors}"
        )
    flat = lambda values: values.reshape(len(values), -1)
    codes = [flat(given.each(given.model.encode, batch[entry])) for batch in splits]
    if np.issubdtype(codes[0].dtype, np.integer):
        raise ValueError(
            f"maps need codes that are numbers, and those of {given.run.name} are indices: take "
            "another model"
        )
    labels = None
    if given.spec.num_classes is not None:
        labels = [batch["label"] for batch in splits]
    return [flat(batch[entry]) for batch in splits], labels, codes


def _measured(prefix, x, embedded, labels, num_neighbors) -> dict[str, float]:
    found = tasks.quality(x, embedded.test, num_neighbors)
    if labels is not None:
        found["accuracy"] = tasks.neighbor_accuracy(embedded, *labels, num_neighbors)
    return {f"{prefix}/{name}": value for name, value in found.items()}


def _told(metrics, prefix) -> str:
    """What was measured of a map, in a line."""
    names = {"trustworthiness": "trust", "continuity": "cont", "accuracy": "kNN"}
    values = {short: metrics.get(f"{prefix}/{name}") for name, short in names.items()}
    return ", ".join(f"{name} {value:.3f}" for name, value in values.items() if value is not None)


def _is_picture(shape) -> bool:
    return len(shape) == 3 and shape[-1] in (1, 3)


def _decoded_grid(given: Given, codes: np.ndarray) -> np.ndarray:
    """What is decoded on a grid over the codes' range: the first number to the right, the second up."""
    low, high = np.percentile(codes, _INNER, axis=0)
    first, second = (np.linspace(low[axis], high[axis], _GRID) for axis in (0, 1))
    up, right = np.meshgrid(second[::-1], first, indexing="ij")
    grid = np.stack([right.ravel(), up.ravel()], axis=-1).astype(np.float32)
    return plots.manifold_figure(given.each(given.model.decode, grid), _GRID)


def _protocol(xs, num_neighbors) -> dict:
    return {
        "num_neighbors": num_neighbors,
        "train_examples": len(xs[0]),
        "test_examples": len(xs[1]),
        "fitted_to": "training examples; measured on test examples, against their own elements",
        "scikit_learn": sklearn.__version__,
    }
