"""Every model of a family on one data set, in one table: what each measured, and how.

python -m experiments.table --num_seeds=5                 the VAEs on digits, in docs/results_vae.md
python -m experiments.table --model=vae,iwae --dataset=mnist --binarization=dynamic --output=mnist.md

Each run is what `python -m experiments.FAMILY --model=NAME` makes of the same flags, in
runs/table/NAME_DATASET (--workdir: another folder than runs/table). The same command goes on where it
was stopped and trains nothing twice; a model that fails is named below the table.
"""

import re
from pathlib import Path
from typing import Any, NamedTuple

from absl import flags

from experiments import command, families, options, runs, several, train
from genjax.data import Dataset
from genjax.plots.grid import write_bytes
from genjax.training import TrainingError, read_config, read_metrics

_METRICS = {
    "elbo": "ELBO",
    "bound": "trained bound",
    "log_likelihood": "log-likelihood",
    "bits_per_dim": "bits per dimension",
    "reconstruction": "reconstruction",
    "kl": "KL",
    "squared_error": "squared error",
    "active_units": "active units",
}
_NONE = "–"
_CHECKPOINTS = {
    "best": "of the checkpoint that is best on the validation split by what the model selects by (the "
    "last, for a model that does not)",
    "latest": "of the last checkpoint",
}


class Row(NamedTuple):
    """A model of the table.

    Attributes:
        name: of the model.
        paper: the first line of its docstring.
        results: its results.json; None if it failed.
        config: its config.json; None if it failed.
        seconds: of training, all seeds together.
        error: why it failed, in a line.
    """

    name: str
    paper: str
    results: dict[str, Any] | None = None
    config: dict[str, Any] | None = None
    seconds: float | None = None
    error: str | None = None


def define() -> None:
    """Defines the flags."""
    flags.DEFINE_enum("family", "vae", list(families.FAMILIES), "Whose models.")
    flags.DEFINE_list("model", [], "Which of them, with commas between; all if not given.")
    flags.DEFINE_string("output", None, "The file to write; docs/results_FAMILY.md if not given.")
    train.define_run(steps=10_000)


def main() -> None:
    """Finishes the runs and writes the table.

    Raises:
        ValueError: for a model or data that are none, before anything is trained.
        TrainingError: at the end, if a model failed.
    """
    several.refuse_processes()
    family = flags.FLAGS.family
    output = Path(flags.FLAGS.output or f"docs/results_{family}.md")
    said = several.command_line("experiments.table")
    names = list(dict.fromkeys(flags.FLAGS.model)) or list(families.FAMILIES[family])
    makes = {name: families.find(family, name) for name in names}
    if output.is_dir():
        raise ValueError(f"--output={output} is a folder: name a file")
    dataset = options.load(options.data_options())
    rows = []
    for name, make in makes.items():
        print(name)
        row = _finish(family, Row(name, paper(make)))
        if row is None:
            return
        rows.append(row)
    failed = [row for row in rows if row.error]
    told = "; ".join(f"{row.name}: {row.error}" for row in failed)
    if len(failed) == len(rows):
        raise TrainingError(f"every model failed, and no table was written ({told})")
    write_bytes(output, page(rows, dataset, said).encode())
    print(output)
    if failed:
        raise TrainingError(f"{len(failed)} of {len(rows)} models failed ({told})")


def paper(make) -> str:
    """The first line of a system's docstring, its arXiv ids as links."""
    line = make.__doc__.strip().splitlines()[0].rstrip(".")
    return re.sub(r"arXiv:(\d{4}\.\d{4,5})", r"[arXiv:\1](https://arxiv.org/abs/\1)", line)


def training_seconds(rows: list[dict[str, Any]]) -> float:
    """Time in the compiled loop, from metrics.jsonl: a row for each call of it, with its pace.

    Those of a run that was stopped and resumed count together; what was played twice counts once.
    """
    steps = [0, *(row["step"] for row in rows)]
    paces = [row["seconds_per_step"] for row in rows]
    return sum((b - a) * p for a, b, p in zip(steps, steps[1:], paces, strict=False))


def page(rows: list[Row], dataset: Dataset, said: str) -> str:
    """The table in Markdown, with the protocol behind its figures.

    Args:
        rows: at least one that did not fail.
        dataset: of all of them.
        said: the command that made it.
    """
    measured = [row for row in rows if row.results]
    names = [n for n in _METRICS if any(f"test/{n}" in row.results["metrics"] for row in measured)]
    heads = ["model", "paper", "parameters", "seconds", *(_METRICS[name] for name in names)]
    lines = [heads, ["---", "---", *["---:"] * (len(heads) - 2)]]
    lines += [_cells(row, names) for row in rows]
    table = "\n".join("| " + " | ".join(line) + " |" for line in lines)
    failures = "".join(f"\n- {row.name} failed: {row.error}" for row in rows if row.error)
    kind, colon, path = measured[0].results["dataset"].partition(":")
    title = f"# Results on {Path(path).name if colon else kind}"
    parts = [title, f"Written by\n\n    {said}", table, failures.strip(), protocol(rows, dataset)]
    return "\n\n".join(part for part in parts if part) + "\n"


def protocol(rows: list[Row], dataset: Dataset) -> str:
    """How the figures were measured, a list, from what the runs noted."""
    measured = [row for row in rows if row.results]
    of = lambda name: _values(row.results["protocol"][name] for row in measured) or "none"
    config = lambda *path: _values(_at(row.config, path) for row in measured) or "unknown"
    given = _values(", ".join(row.config["flags"]["set"]) or None for row in measured)
    compiled = [row.results.get("compile_seconds") or 0.0 for row in measured]
    seeds = list(map(str, measured[0].results["protocol"]["seeds"]))
    many = f"mean ± standard deviation over {len(seeds)} training seeds, {', '.join(seeds)}"
    commits = [row.config.get("git_commit") for row in measured]
    versions = ", ".join(
        f"{name} {config('versions', name)}" for name in ("python", "jax", "jaxlib")
    )
    lines = [
        f"Figures: {many if seeds[1:] else f'seed {seeds[0]}'}; per example; likelihoods, their bounds "
        "and KL in nats. Larger is better but for KL, bits and squared error.",
        f"Data: {of('split')} split; {len(dataset.train)} examples train, {len(dataset.valid)} "
        f"validate, {len(dataset.test)} test. Binarization: {of('binarization')}. Likelihood: "
        f"{of('likelihood')}.",
        f"Training: {config('steps')} steps of minibatches of {config('identity', 'batch_size')}; "
        f"hyper-parameters: {f'{given}, otherwise ' if given else ''}each model's defaults.",
        f"Evaluation: {_CHECKPOINTS[of('checkpoint')]}. The log-likelihood is {_estimate(measured)}, "
        f"{_NONE} where a model has none.",
        "Seconds: of training all seeds side by side, in the compiled loop; compiling it took "
        f"{min(compiled):.1f} to {max(compiled):.1f} s more. Parameters: of one seed.",
        f"Made at commit {_values(c and c[:10] for c in commits) or 'unknown'} with {versions}; "
        f"devices: {_values(device for row in measured for device in row.config['devices'])}.",
    ]
    return "\n".join(f"- {line}" for line in lines)


def _estimate(measured: list[Row]) -> str:
    """What the log-likelihoods are."""
    samples = _values(row.results["protocol"]["importance_samples"] for row in measured)
    return f"an estimate of {samples} importance samples" if samples else "exact"


def _finish(family: str, row: Row) -> Row | None:
    """The row with its results or its error; None if a signal stopped it."""
    with several.said({"model": row.name, "workdir": None}):
        folder = runs.workdir_from_flags().name
    workdir = Path(flags.FLAGS.workdir or "runs/table") / folder
    try:
        results = several.finish(family, workdir, {"model": row.name})
    except Exception as error:  # one model's failure is not the others'
        if flags.FLAGS.traceback:
            raise
        return row._replace(error=" ".join(str(error).split()) or type(error).__name__)
    if results is None:
        return None
    seconds = training_seconds(read_metrics(workdir / "metrics.jsonl"))
    return row._replace(results=results, config=read_config(workdir), seconds=seconds)


def _cells(row: Row, names: list[str]) -> list[str]:
    if row.error:
        return [row.name, row.paper, *[_NONE] * (len(names) + 2)]
    metrics = row.results["metrics"]
    sizes = [f"{row.results['parameters']:,}", f"{row.seconds:.1f}"]
    return [row.name, row.paper, *sizes, *(_figure(metrics, f"test/{name}") for name in names)]


def _figure(metrics: dict[str, float], name: str) -> str:
    if name not in metrics:
        return _NONE
    spread = f" ± {metrics[f'{name}_std']:.2f}" if f"{name}_std" in metrics else ""
    return f"{metrics[name]:.2f}{spread}"


def _values(values) -> str:
    """The different values that there are, None left out."""
    return ", ".join(dict.fromkeys(str(value) for value in values if value is not None))


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        value = value[name]
    return value


if __name__ == "__main__":
    command.run(define, main)
