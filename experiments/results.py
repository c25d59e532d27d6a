"""results.json: what a run's model measures on a split, and the protocol behind every figure."""

from typing import Any

import jax
import numpy as np

from experiments import runs
from genjax import metrics
from genjax.data import Dataset
from genjax.training import make_evaluate, read_json, run_keys, write_json


def evaluate(
    run: runs.Run, dataset: Dataset, *, split: str, checkpoint: str, batch_size: int
) -> dict[str, Any]:
    """Evaluates a checkpoint on a split and writes results.json; returns what it wrote.

    Timings of an earlier results.json of the run are kept.
    """
    step, num_seeds, variables = runs.variables(run, checkpoint)
    settings = read_json(run.workdir / "config.json")["identity"]
    model, entry = run.model, run.spec.entry
    seeds = list(range(settings["seed"], settings["seed"] + num_seeds))

    def per_example(key, variables, batch):
        key_evaluate, key_log_prob = jax.random.split(key)
        values = {}
        if model.evaluate is not None:
            values |= model.evaluate(key_evaluate, variables, batch)
        if model.log_prob is not None:
            values["log_likelihood"] = model.log_prob(key_log_prob, variables, batch[entry])
        return values

    means = {}
    if model.evaluate is not None or model.log_prob is not None:
        average = make_evaluate(per_example, dataset, batch_size=batch_size, num_seeds=num_seeds)
        key = run_keys(settings["seed"], num_seeds).evaluation
        means = average(key, variables, getattr(dataset, split))
    # A density of continuous data has no bits per dimension without saying per which unit.
    if "log_likelihood" in means and run.spec.num_levels is not None and not _is_density(run):
        means["bits_per_dim"] = np.asarray(
            metrics.bits_per_dim(means["log_likelihood"], int(np.prod(run.spec.shape)))
        )
    path = run.workdir / "results.json"
    before = read_json(path) if path.exists() else {}
    count = sum(np.size(leaf) for leaf in jax.tree.leaves(_params(variables))) // num_seeds
    results = {
        "model": run.name,
        "dataset": run.data["dataset"],
        "step": step,
        **({"seed": seeds[0]} if num_seeds == 1 else {"seeds": seeds}),
        "parameters": count,
        "seconds_per_step": before.get("seconds_per_step"),
        "compile_seconds": before.get("compile_seconds"),
        "metrics": _flat(means, split, num_seeds),
        "protocol": {
            "split": split,
            "examples": len(getattr(dataset, split)),
            "checkpoint": checkpoint,
            "batch_size": batch_size,
            "importance_samples": run.hyper_parameters.get("importance_samples"),
            "likelihood": run.hyper_parameters.get("likelihood"),
            "binarization": run.data["binarization"] or "the set's own",
            "dequantize": run.data["dequantize"],
            "num_levels": run.spec.num_levels,
            "ema": bool(_averages(run)),
            "seeds": seeds,
            "units": "nats per example; bits_per_dim in bits",
            "data": run.data,
        },
    }
    write_json(path, results)
    return results


def add_timings(run: runs.Run, seconds_per_step: float | None, compile_seconds: float) -> None:
    """Notes what training took, for the evaluation that follows; a run of no step keeps its notes."""
    path = run.workdir / "results.json"
    if seconds_per_step is not None:
        before = read_json(path) if path.exists() else {}
        timings = {"seconds_per_step": seconds_per_step, "compile_seconds": compile_seconds}
        write_json(path, {**before, **timings})


def _flat(means, split: str, num_seeds: int) -> dict[str, float]:
    """`split/name`, and `split/name_std` over training seeds (n - 1 below the root) if several."""
    flat = {}
    for name, value in means.items():
        flat[f"{split}/{name}"] = float(np.mean(value))
        if num_seeds > 1:
            flat[f"{split}/{name}_std"] = float(np.std(value, ddof=1))
    return flat


def _is_density(run) -> bool:
    return run.hyper_parameters.get("likelihood") == "gaussian"


def _params(variables) -> dict[str, Any]:
    return {name: net["params"] for name, net in variables.items() if "params" in net}


def _averages(run) -> dict[str, Any]:
    batch = runs.spec_batch(run.spec, 2)
    return jax.eval_shape(run.model.init, jax.random.key(0), batch).ema
