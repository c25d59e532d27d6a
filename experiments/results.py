"""results.json: what a run's model measures on a split, and the protocol behind every figure."""

from pathlib import Path
from typing import Any

import jax
import numpy as np

from experiments import (
    codes,
    estimators,
    families,
    hyper_parameters,
    judges,
    runs,
    sequence_figures,
    sets,
)
from genjax import metrics
from genjax.core import Model, variables_for_sampling
from genjax.data import ArraySource, Dataset
from genjax.losses import for_spec
from genjax.training import (
    make_evaluate,
    read_config,
    read_json,
    read_metrics,
    run_keys,
    write_json,
)


def evaluate(
    trained: runs.Trained,
    dataset: Dataset,
    *,
    split: str,
    checkpoint: str,
    batch_size: int,
    timings: dict[str, Any] | None = None,
    estimator: estimators.Estimator | None = None,
    examples: int | None = None,
    eye: judges.Eye | None = None,
) -> dict[str, Any]:
    """Evaluates what was trained on a split and writes its results; returns what it wrote.

    `path` says where. Where the model has latents, `active_units` (how many) and `aggregate_mmd` are
    figures of the whole split; see `genjax.metrics.latents`, also for rate and distortion, which are
    `kl` and -`reconstruction`.

    Args:
        trained: with the checkpoint's variables.
        dataset: the run's.
        split: `train`, `valid` or `test`.
        checkpoint: what `trained` was loaded from, for the protocol.
        batch_size: examples at a time; it groups the draws, so it is part of the protocol.
        timings: `seconds_per_step` and `compile_seconds`; None keeps those noted before.
        estimator: of the log-likelihood; the model's own if not given.
        examples: the first so many of the split; all if not given.
        eye: what compares the model's examples with the split's (`sets.measure`, of the first seed);
            None for no such comparison.
    """
    run, num_seeds = trained.run, len(trained.seeds)
    estimator = estimator or estimators.own(run)
    source = getattr(dataset, split)
    if examples is not None and examples < len(source):
        source = ArraySource(source[np.arange(examples)])
    key, means = run_keys(trained.seeds[0], num_seeds).evaluation, {}
    figures = per_example(run.model, estimator)
    if figures is not None:
        average = make_evaluate(figures, dataset, batch_size=batch_size, num_seeds=num_seeds)
        means = average(key, trained.variables, source)
    means |= codes.statistics(
        run.model,
        dataset,
        source,
        key,
        trained.variables,
        batch_size=batch_size,
        num_seeds=num_seeds,
    )
    likelihood = likelihood_name(run)
    if "log_likelihood" in means and is_probability(run.spec.num_levels, likelihood):
        means["bits_per_dim"] = np.asarray(
            metrics.bits_per_dim(means["log_likelihood"], int(np.prod(run.spec.shape)))
        )
    values, compared = flat(means, split, num_seeds), {}
    if eye is not None:
        found, compared = _compared(eye, trained, dataset, split, examples)
        values |= found
    heard, music = _heard(trained, dataset, split)
    values |= heard
    params = {name: net["params"] for name, net in trained.variables.items() if "params" in net}
    written = {
        "model": run.name,
        "dataset": run.data["dataset"],
        "step": trained.step,
        **({"seed": trained.seeds[0]} if num_seeds == 1 else {"seeds": list(trained.seeds)}),
        "parameters": sum(np.size(leaf) for leaf in jax.tree.leaves(params)) // num_seeds,
        **(timings or _timings_before(run)),
        "metrics": values,
        "protocol": {
            "split": split,
            "examples": len(source),
            "checkpoint": checkpoint,
            "batch_size": batch_size,
            "estimator": None if estimator is None else estimator.name,
            "estimator_settings": {} if estimator is None else estimator.settings,
            "importance_samples": run.hyper_parameters.get("importance_samples"),
            "likelihood": likelihood,
            "binarization": run.data["binarization"],
            "dequantize": run.data["dequantize"],
            "num_levels": run.spec.num_levels,
            "ema": bool(_shapes(run).ema),
            "seeds": list(trained.seeds),
            **({"sets": compared} if compared else {}),
            **({"music": music} if music else {}),
            "units": "likelihoods in nats per example; bits_per_dim in bits",
            "hyper_parameters": run.hyper_parameters,
            "data": run.data,
            "trained_at_commit": read_config(run.workdir).get("git_commit"),
            "evaluated_on": [str(device) for device in jax.devices()],
        },
    }
    write_json(path(run, split, estimator, examples), written)
    return written


def _compared(eye: judges.Eye, trained: runs.Trained, dataset, split, examples):
    """`sets.measure` of the first seed."""
    key = run_keys(trained.seeds[0]).evaluation
    variables = jax.device_put(trained.of_first_seed())
    most = sets.MOST if examples is None else examples
    return sets.measure(
        eye, trained.run.model, trained.run.spec, dataset, split, key, variables, most
    )


def _heard(trained: runs.Trained, dataset, split):
    """`sequence_figures.measure_music` of the first seed."""
    key, variables = run_keys(trained.seeds[0]).evaluation, trained.of_first_seed()
    return sequence_figures.measure_music(
        trained.run.model, trained.run.spec, dataset, split, key, variables
    )


def path(
    run: runs.Run,
    split: str,
    estimator: estimators.Estimator | None = None,
    examples: int | None = None,
) -> Path:
    """Where results are written: what is not the usual is in the name, and never takes its place.

    results.json is of all of `test` by the model's own estimator; then there are results_valid.json,
    results_ais.json, results_valid_ais_first100.json and so on.
    """
    usual = estimator is None or estimator.name not in estimators.ESTIMATORS[1:]
    parts = [
        "results",
        *([] if split == "test" else [split]),
        *([] if usual else [estimator.name]),
        *([] if examples is None else [f"first{examples}"]),
    ]
    return run.workdir / f"{'_'.join(parts)}.json"


def show(written: dict[str, Any], path: Path) -> None:
    """Prints results, a line each, and where they lie."""
    values = written["metrics"]
    for name, value in values.items():
        if not name.endswith("_std"):
            spread = f" ± {values[f'{name}_std']:.4f}" if f"{name}_std" in values else ""
            print(f"{name} {value:.4f}{spread}")
    print(path)


def per_example(model: Model, estimator: estimators.Estimator | None):
    """`(key, variables, batch) -> {name: [B]}`: all that is said of examples; None if nothing is."""
    if model.evaluate is None and estimator is None:
        return None

    def figures(key, variables, batch):
        key_evaluate, key_log_prob = jax.random.split(key)
        values = {}
        if model.evaluate is not None:
            values |= model.evaluate(key_evaluate, variables, batch)
        if estimator is not None and "log_likelihood" not in values:
            values |= estimator.figures(key_log_prob, variables, batch)
        return values

    return figures


def rehearse(run: runs.Run) -> None:
    """Traces the start and the evaluation of a run: nothing is computed, nothing is written.

    Raises:
        ValueError: if that fails, in one line: before hours of training, not after.
    """
    try:
        key, batch = jax.random.key(0), runs.spec_batch(run.spec, 2)
        variables = variables_for_sampling(_shapes(run))
        for name, leaf in jax.tree_util.tree_leaves_with_path(variables):
            if not leaf.size:  # some versions of JAX go on, until a checkpoint cannot be written
                raise ValueError(f"{jax.tree_util.keystr(name)} has shape {leaf.shape}")
        figures = per_example(run.model, estimators.own(run))
        if figures is not None:
            jax.eval_shape(figures, key, variables, batch)
        if codes.encodes_to_latents(run.model):
            of_batch = codes.of_batch(run.model, run.model.latents, run.spec.entry)
            jax.eval_shape(of_batch, key, variables, batch)
    except Exception as error:  # whatever a network makes of zero latents or half a channel
        usual = hyper_parameters.defaults(families.find(run.family, run.name))
        changed = [f"{n}={v}" for n, v in run.hyper_parameters.items() if v != usual[n]]
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise ValueError(
            f"{run.name} with {', '.join(changed) or 'its defaults'} cannot be built for examples of "
            f"shape {tuple(run.spec.shape)}: {reason} (--traceback says where)"
        ) from error


def likelihood_name(run: runs.Run) -> str | None:
    """The likelihood that the model uses, its default resolved; None where it takes none by name."""
    if "likelihood" not in run.hyper_parameters:
        return None
    return for_spec(run.spec, run.hyper_parameters["likelihood"]).name


def is_probability(num_levels: int | None, likelihood: str | None) -> bool:
    """Whether log-likelihoods are of discrete data: a density has bits only per some unit."""
    return num_levels is not None and likelihood != "gaussian"


def flat(means, split: str, num_seeds: int) -> dict[str, float]:
    """`split/name`, and `split/name_std` over training seeds (n - 1 below the root) if several."""
    values = {}
    for name, value in means.items():
        values[f"{split}/{name}"] = float(np.mean(value))
        if num_seeds > 1:
            values[f"{split}/{name}_std"] = float(np.std(value, ddof=1))
    return values


def _timings_before(run: runs.Run) -> dict[str, Any]:
    """Timings from results.json, or what metrics.jsonl tells of them."""
    names = ("seconds_per_step", "compile_seconds")
    before = path(run, "test")
    if before.exists():
        return {name: read_json(before).get(name) for name in names}
    rows = read_metrics(run.workdir / "metrics.jsonl")
    rates = [row["seconds_per_step"] for row in rows if "seconds_per_step" in row]
    return dict.fromkeys(names) | ({names[0]: float(np.median(rates))} if rates else {})


def _shapes(run: runs.Run):
    return jax.eval_shape(run.model.init, jax.random.key(0), runs.spec_batch(run.spec, 2))
