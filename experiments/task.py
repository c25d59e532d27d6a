"""Does something with a model without labels, and judges it against what one would use otherwise.

python -m experiments.task --list_tasks                             what there is
python -m experiments.task --task=outliers                          trains the task's own model first
python -m experiments.task --task=clustering --workdir=runs/vae_digits          a model that is trained
python -m experiments.task --task=density --model=made --steps=2000             another, trained first
python -m experiments.task --task=transfer --option labels=10,100   an option of the task
python -m experiments.task --task=transfer --option help            lists them

Results and pictures lie in WORKDIR/tasks/TASK. A model that is trained first is what
`python -m experiments.FAMILY` makes of the same flags, in runs/TASK/MODEL_DATASET where no workdir is
given; one that is trained already is used as it is.
"""

import difflib
import inspect
from pathlib import Path
from typing import Any

from absl import flags

from experiments import command, families, hyper_parameters, options, results, runs, train
from experiments.tasks import TASKS, Given, Task
from genjax.core import Spec, stages
from genjax.training import read_config, read_json, write_json


def define() -> None:
    """Defines the flags."""
    flags.DEFINE_string("task", None, f"One of {', '.join(TASKS)}.")
    flags.DEFINE_bool("list_tasks", False, "List the tasks: what each does, what a model needs.")
    flags.DEFINE_multi_string(
        "option",
        [],
        "An option of the task, name=value; repeat it for several. --option help lists them.",
    )
    flags.DEFINE_string("model", None, "What to train first; the task's own choice if not given.")
    train.define_run(steps=3000)


def main() -> None:
    """Carries out the task and tells what it measured."""
    if flags.FLAGS.list_tasks:
        print(_list())
        return
    task = find(flags.FLAGS.task)
    if "help" in flags.FLAGS["option"].value:
        print(hyper_parameters.describe(task.run))
        return
    try:
        chosen = hyper_parameters.parse(task.run, flags.FLAGS["option"].value)
    except ValueError as error:
        raise ValueError(str(error).replace("--set", "--option")) from error
    given = _given(task)
    if given is None:
        return
    outcome = task.run(given, **chosen)
    run, dataset = given.run, given.dataset
    written = {
        "task": flags.FLAGS.task,
        "model": run.name,
        "dataset": run.data["dataset"],
        "metrics": {name: float(value) for name, value in outcome.metrics.items()},
        "protocol": {
            **outcome.protocol,
            "options": {**hyper_parameters.defaults(task.run), **chosen},
            "seed": given.seed,
            "steps": given.steps,
            "hyper_parameters": run.hyper_parameters,
            "data": run.data,
        },
    }
    if dataset is not None:
        sizes = {split: len(getattr(dataset, split)) for split in ("train", "valid", "test")}
        written["protocol"] |= {"checkpoint": flags.FLAGS.checkpoint, "examples": sizes}
        written["protocol"]["trained_at_commit"] = read_config(run.workdir).get("git_commit")
    write_json(given.folder / "results.json", written)
    results.show(written, given.folder / "results.json")
    for path in sorted(given.folder.glob("*.png")):
        print(path)


def find(name: str | None) -> Task:
    """The task `name`.

    Raises:
        ValueError: if there is none, with the names that there are.
    """
    names = ", ".join(TASKS)
    if name is None:
        raise ValueError(f"--task is needed: one of {names}")
    if name not in TASKS:
        near = difflib.get_close_matches(name, TASKS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else "."
        raise ValueError(f"unknown --task {name!r}{hint} The tasks are: {names}")
    return TASKS[name]


def suitable(task: Task, spec: Spec) -> list[str]:
    """The systems that can do the task on data that looks like `spec`."""
    names = []
    for models in families.FAMILIES.values():
        for name, make in models.items():
            try:
                model = stages(make(spec))[-1].model
            except ValueError:  # not on such data
                continue
            if task.suits(model):
                names.append(name)
    return names


def _given(task: Task) -> Given | None:
    """What the task works on; None if a signal stopped its training."""
    # A workdir without a model: whatever was trained there.
    found = task.spec is None and flags.FLAGS.workdir and not flags.FLAGS["model"].present
    if not found:
        _fill_in(task)
    seed, steps, batch_size = (flags.FLAGS[n].value for n in ("seed", "steps", "batch_size"))
    if task.spec is not None:
        run, variables, dataset = _untrained(task), None, None
    else:
        run = _trained_there(task) if found else _trained(task)
        if run is None:
            return None
        variables = runs.load(run, flags.FLAGS.checkpoint).of_first_seed()
        dataset = runs.load_data(run.data)
        config = read_config(run.workdir)
        steps, batch_size = config["steps"], config["identity"]["batch_size"]
    folder = run.workdir / "tasks" / flags.FLAGS.task
    folder.mkdir(parents=True, exist_ok=True)
    return Given(run, variables, dataset, folder, seed, steps, batch_size)


def _fill_in(task: Task) -> None:
    """Sets the flags that were not given to what the task has for them."""
    flags.FLAGS.model = flags.FLAGS.model or task.model
    usual = task.flags if flags.FLAGS.model == task.model else {}
    for name, value in {**usual, **task.data}.items():
        if name == "set":  # what is given comes last, and counts
            flags.FLAGS[name].value = [*value, *flags.FLAGS[name].value]
        elif not flags.FLAGS[name].present:
            flags.FLAGS[name].value = value
    if not flags.FLAGS.workdir:  # tasks train one model on one set in ways of their own
        name = flags.FLAGS.model if task.spec is not None else runs.workdir_from_flags().name
        flags.FLAGS.workdir = str(Path("runs") / flags.FLAGS.task / name)


def _untrained(task: Task) -> runs.Run:
    """The system of the flags for the task's own data.

    Raises:
        ValueError: if a flag says something of the data, or the model does not suit.
    """
    given = [name for name in options.DATA_FLAGS if flags.FLAGS[name].present]
    if given:
        raise ValueError(f"--task={flags.FLAGS.task} brings its own data: leave --{given[0]} out")
    name = flags.FLAGS.model
    family = families.family_of(name)
    make = families.find(family, name)
    values = {**hyper_parameters.defaults(make), **runs.asked(name, make)}
    data, system = {"dataset": flags.FLAGS.task}, make(task.spec, **values)
    run = runs.Run(Path(flags.FLAGS.workdir), family, name, values, data, task.spec, system)
    _require(task, run)
    return run


def _trained_there(task: Task) -> runs.Run:
    """The run in the workdir."""
    run = runs.from_workdir(flags.FLAGS.workdir)
    runs.refuse_other_flags(run)
    _require(task, run)
    return run


def _trained(task: Task) -> runs.Run | None:
    """The run that the flags describe, trained; None if a signal stopped it."""
    family = families.family_of(flags.FLAGS.model)
    run, _ = runs.from_flags(family)
    _require(task, run)
    if not _finished(run):
        print(f"training {run.name} in {run.workdir}")
        if not train.train(family):
            return None
    return runs.from_workdir(run.workdir)


def _finished(run: runs.Run) -> bool:
    """Whether the workdir holds just this run, all its steps done."""
    if flags.FLAGS.overwrite or not results.path(run, "test").exists():
        return False
    config = read_config(run.workdir)
    same = _plain(run.identity()).items() <= config["identity"].items()
    of_run = {name: config["identity"][name] for name in ("batch_size", "seed", "num_seeds")}
    asked = {name: flags.FLAGS[name].value for name in of_run}
    done = read_json(results.path(run, "test"))["protocol"]["checkpoint"] == flags.FLAGS.checkpoint
    return same and of_run == asked and done and config["steps"] == flags.FLAGS.steps


def _plain(identity: dict[str, Any]) -> dict[str, Any]:
    """As JSON gives it back."""
    if isinstance(identity, dict):
        return {name: _plain(value) for name, value in identity.items()}
    return [_plain(value) for value in identity] if isinstance(identity, tuple) else identity


def _require(task: Task, run: runs.Run) -> None:
    """Refuses a model that lacks what the task needs.

    Raises:
        ValueError: with the models that have it.
    """
    if not task.suits(run.model):
        raise ValueError(
            f"--task={flags.FLAGS.task} needs a model with {task.needs}, and {run.name} has none; "
            f"these have, on this data: {', '.join(suitable(task, run.spec)) or 'none'}"
        )


def _list() -> str:
    width = max(map(len, TASKS))
    return "\n".join(
        f"{name:{width}}  {inspect.getdoc(task.run).splitlines()[0]} Needs {task.needs}; by default "
        f"{task.model}."
        for name, task in TASKS.items()
    )


if __name__ == "__main__":
    command.run(define, main)
