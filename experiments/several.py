"""Several runs by one binary, one after the other in its process.

In one process, for then a mistake comes back as what it is and devices start once. Nothing of one run
reaches the next: all that a run is lies in its flags and its workdir.
"""

import contextlib
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from absl import flags

from experiments import results, runs, train
from genjax.training import read_json


def finish(family: str, workdir: Path, changes: Mapping[str, Any]) -> dict[str, Any] | None:
    """Trains, from wherever it was left, evaluates and draws the run of the flags with some changed.

    Args:
        family: of its model.
        workdir: its folder.
        changes: flag -> value in this run.

    Returns:
        What its results.json holds; None if a signal stopped it before its last step.

    Raises:
        Exception: what `train.train` raises.
    """
    with said({**changes, "workdir": str(workdir)}):
        if not train.train(family):
            return None
    return read_json(results.path(runs.from_workdir(workdir), "test"))


@contextlib.contextmanager
def said(values: Mapping[str, Any]):
    """Within it, `flags.FLAGS` says `values`."""
    before = {name: flags.FLAGS[name].value for name in values}
    try:
        for name, value in values.items():
            flags.FLAGS[name].value = value
        yield
    finally:
        for name, value in before.items():
            flags.FLAGS[name].value = value


def command_line(binary: str) -> str:
    """The command that gives the flags that were given."""
    given = [flag for ours in flags.FLAGS.flags_by_module_dict().values() for flag in ours]
    # A flag that may be repeated is serialised on a line a value.
    given = [line for flag in given if flag.present for line in flag.serialize().splitlines()]
    return " ".join(["python -m", binary, *map(shlex.quote, given)])


def refuse_processes() -> None:
    """Refuses --distributed.

    Raises:
        ValueError: if it is given.
    """
    if flags.FLAGS.distributed:
        raise ValueError("several runs go in one process: leave --distributed out")
