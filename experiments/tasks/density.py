"""The tasks `density` and `toy_density`: how likely a model finds what it has not seen."""

import numpy as np
import sklearn

from experiments import runs
from experiments.tasks.given import Given, Outcome, each
from genjax.core import Model, Spec
from genjax.data import ArraySource, Dataset
from genjax.plots.density import density_bars, density_grid
from genjax.tasks import density as tasks
from genjax.tasks import toy_densities as toys


def suits(model: Model) -> bool:
    """Whether it has a log-probability or log-density that needs no condition."""
    return model.log_prob is not None and model.condition is None


def density(given: Given) -> Outcome:
    """Judges a model's log-density of the test split against kernel density and mixtures.

    Like is compared with like. Of continuous data (--dequantize makes levels such) these are
    densities, of values in [0, 1] for images: kernel density and Gaussian mixtures of scikit-learn.
    Of bits and levels they are probabilities: Aitchison and Aitken's kernels and a mixture of
    independent levels (for bits, Bernoullis). Bandwidths and numbers of components are chosen on the
    validation split. `test/log_prob` is the mean, nats; a density of dequantised levels less D ln L is
    a lower bound on the mean log-probability of the levels (Theis et al., 2016,
    arXiv:1511.01844, section 3.1), `test/log_probability_bound`.

    Raises:
        ValueError: for a model with a density of data that has levels.
    """
    spec, levels = given.spec, given.spec.num_levels
    if levels is not None and given.run.hyper_parameters.get("likelihood") == "gaussian":
        raise ValueError(
            f"{given.run.name} has a density (likelihood gaussian) of data with {levels} levels, and "
            "no baseline has one: train it with --dequantize, or with another likelihood"
        )
    train, valid, x = (given.examples(s)[spec.entry] for s in ("train", "valid", "test"))
    log_prob, how = tasks.exact_log_prob(given.model)
    fitted = tasks.baselines(train, valid, levels, seed=given.seed)
    values = {"test": given.each(log_prob, x)}
    values |= {f"baseline/{name}/test": fit.log_prob(x) for name, fit in fitted.items()}
    metrics = {f"{prefix}/log_prob": each.mean() for prefix, each in values.items()}
    if levels is None and _levels_of(given) is not None:
        shift = np.prod(spec.shape) * np.log(_levels_of(given))
        bounds = {
            f"{prefix}/log_probability_bound": v.mean() - shift for prefix, v in values.items()
        }
        metrics |= bounds
    kind = "density" if levels is None else "probability"
    names = {"test": given.run.name, **{f"baseline/{name}/test": name for name in fitted}}
    density_bars(
        {names[prefix]: each.mean() for prefix, each in values.items()},
        {names[prefix]: each.std() / np.sqrt(len(each)) for prefix, each in values.items()},
        given.folder / "density.png",
        title=f"{given.dataset.name}: held-out log-{kind}",
        label=f"mean log-{kind} of {len(x)} test examples, nats",
    )
    protocol = {
        "split": "test",
        "test_examples": len(x),
        "kind": f"log-{kind}, nats an example, summed over {int(np.prod(spec.shape))} elements",
        "model": how,
        "standard_errors": {n: float(v.std() / np.sqrt(len(v))) for n, v in values.items()},
        "chosen_on_valid": {name: fit.chosen for name, fit in fitted.items()},
        "scikit_learn": sklearn.__version__,
    }
    return Outcome(metrics, protocol)


def toy_density(
    given: Given,
    *,
    sets: tuple[str, ...] = tuple(toys.TOY_DENSITIES),
    num_train: int = 2000,
    cells: int = 120,
) -> Outcome:
    """Trains the model on densities of the plane that are known, and integrates how far it is off.

    KL(truth || model), nats, by the midpoint rule over [-3, 3]^2, is test/SET/kl; `test/kl` is the
    mean. Kernel density and Gaussian mixtures see the same training and validation examples and are
    integrated alike. Of a model with 1 or 2 latents the density is an integral over a grid of them,
    exact; of one with more it is a lower bound, and the KL an upper one. test/SET/mass is what of the
    model lies in the box: above 1 the numbers mean nothing.

    Args:
        sets: eight_gaussians, two_moons, two_spirals, checkerboard, with commas between.
        num_train: examples to learn from; half as many choose the baselines' settings.
        cells: of the grid, a side; a multiple of 6.

    Raises:
        ValueError: for a set that there is not, or a number out of range.
    """
    unknown = [name for name in sets if name not in toys.TOY_DENSITIES]
    if unknown or not sets:
        raise ValueError(
            f"--option sets={','.join(sets)}: the sets are {', '.join(toys.TOY_DENSITIES)}"
        )
    if num_train < 20:
        raise ValueError(f"--option num_train must be at least 20, got {num_train}")
    points, area = toys.grid(cells)
    log_prob, how = tasks.exact_log_prob(given.model)
    metrics, rows, chosen, entropies = {}, {}, {}, {}
    for name in sets:
        truth = toys.TOY_DENSITIES[name]()
        generator = np.random.default_rng(given.seed)
        train, valid = (truth.sample(generator, num) for num in (num_train, num_train // 2))
        variables = given.refit(_dataset(name, train, valid), given.seed)
        fitted = tasks.baselines(train, valid, None, seed=given.seed)
        logs = {"truth": truth.log_prob(points)}
        logs[given.run.name] = each(log_prob, given.key, variables, points)
        logs |= {baseline: fit.log_prob(points) for baseline, fit in fitted.items()}
        of_all = {n: toys.divergence(logs["truth"], log, area) for n, log in logs.items()}
        entropies[name] = -float(truth.log_prob(valid).mean())
        metrics[f"test/{name}/kl"] = of_all[given.run.name]
        metrics[f"test/{name}/mass"] = toys.mass(logs[given.run.name], area)
        metrics |= {f"baseline/{n}/test/{name}/kl": of_all[n] for n in fitted}
        chosen[name] = {n: fit.chosen for n, fit in fitted.items()}
        told = {n: n.replace("_", " ") + f"\nKL {of_all[n]:.3f}" for n in logs}
        picture = lambda log: np.exp(log).reshape(cells, cells)
        rows[name] = {n: (picture(log), told[n]) for n, log in logs.items()}
    for prefix in ("test", *(f"baseline/{n}/test" for n in fitted)):
        metrics[f"{prefix}/kl"] = np.mean([metrics[f"{prefix}/{name}/kl"] for name in sets])
    density_grid(rows, given.folder / "toy_density.png", limit=toys.LIMIT)
    protocol = {
        "kl": f"KL(truth || model), nats, midpoints of {cells}x{cells} cells of [-3, 3]^2",
        "density_of_model": how,
        "training_examples": num_train,
        "validation_examples": num_train // 2,
        "chosen_on_valid": chosen,
        "entropy_of_truth_on_valid": entropies,
        "scikit_learn": sklearn.__version__,
    }
    return Outcome(metrics, protocol)


def _dataset(name: str, train: np.ndarray, valid: np.ndarray) -> Dataset:
    def as_they_are(key, batch):
        del key
        return batch

    train, valid = (ArraySource({"vector": x}) for x in (train, valid))
    return Dataset(name, Spec((2,)), train, valid, valid, as_they_are, as_they_are)


def _levels_of(given: Given) -> int | None:
    """How many levels dequantised data had: noise fills cells of this many."""
    if not given.run.data.get("dequantize"):
        return None
    return runs.load_data({**given.run.data, "dequantize": False}).spec.num_levels
