"""The files of a run: config.json, metrics.jsonl, TensorBoard events, results.json.

Files appear whole or not at all: they are written beside their place and renamed into it.
"""

import importlib.metadata
import json
import os
import platform
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jax
import numpy as np
from tensorboardX import SummaryWriter

_PACKAGES = ("genjax-models", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")
# Differ from run to run: left out where two runs are compared.
TIMING = ("seconds_per_step",)


def write_json(path: str | Path, value: Any) -> None:
    """Writes `value` to `path`, whole or not at all."""
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_text(json.dumps(value, indent=2, default=_plain) + "\n")
    beside.replace(path)


def read_json(path: str | Path) -> Any:
    """What `write_json` wrote.

    Raises:
        ValueError: if there is no such file or it is not JSON.
    """
    try:
        return json.loads(Path(path).read_text())
    except FileNotFoundError:
        raise ValueError(f"{path} does not exist: is its folder the workdir of a run?") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} is not JSON: {error}") from None


def open_workdir(
    workdir: str | Path, identity: Mapping[str, Any], rest: Mapping[str, Any], overwrite: bool
):
    """Makes `workdir` ready for a run; writes config.json.

    Args:
        workdir: the folder; made if missing, emptied of an earlier run where `overwrite`.
        identity: all that decides what is computed; a run may only be resumed with the same.
        rest: what else to record (lengths, cadence, where things are).

    Raises:
        ValueError: if `workdir` holds a run of another identity, with what differs.
    """
    workdir = Path(workdir)
    path = workdir / "config.json"
    identity = json.loads(json.dumps(identity, default=_plain))
    if jax.process_index() == 0 and overwrite:
        _remove_run(workdir)
    if path.exists():
        before = read_json(path).get("identity", {})
        names = sorted(set(before) | set(identity))
        differing = [
            f"{name} (was {before.get(name)!r}, now {identity.get(name)!r})"
            for name in names
            if before.get(name) != identity.get(name)
        ]
        if differing:
            raise ValueError(
                f"{workdir} holds another run; what differs: {', '.join(differing)}. Repeat its "
                "flags to go on with it, pass --overwrite to start anew, or another --workdir"
            )
    if jax.process_index() == 0:
        workdir.mkdir(parents=True, exist_ok=True)
        write_json(path, {"identity": identity, **rest, **_provenance()})


def _remove_run(workdir: Path) -> None:
    """Removes what a run writes and nothing else: the folder may be the user's own."""
    for name in ("checkpoints", "samples", "tensorboard", "figures"):
        shutil.rmtree(workdir / name, ignore_errors=True)
    for name in ("config.json", "metrics.jsonl", "results.json"):
        (workdir / name).unlink(missing_ok=True)


def _provenance() -> dict[str, Any]:
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            versions[package] = None
    git = (
        subprocess.run(
            ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"],
            capture_output=True,
            text=True,
            check=False,
        )
        if shutil.which("git")
        else None
    )
    return {
        "versions": versions,
        "devices": [str(device) for device in jax.devices()],
        "git_commit": git.stdout.strip() or None if git else None,
    }


class MetricsLog:
    """metrics.jsonl and TensorBoard events of one run, from one process."""

    def __init__(self, workdir: str | Path, step: int):
        """Opens the log of a run that goes on at `step`: rows beyond it are dropped."""
        self._path = Path(workdir) / "metrics.jsonl"
        kept = [row for row in read_metrics(self._path) if row["step"] <= step]
        beside = self._path.with_name(".metrics.jsonl")
        beside.write_text("".join(json.dumps(row) + "\n" for row in kept))
        beside.replace(self._path)
        self._file = self._path.open("a")
        self._events = SummaryWriter(str(Path(workdir) / "tensorboard"), purge_step=step + 1)

    def write(self, step: int, metrics: Mapping[str, Any]) -> None:
        """Appends one row: `step` and flat metrics, numbers or lists of one number a seed."""
        row = {"step": step, **{name: _plain(value) for name, value in metrics.items()}}
        self._file.write(json.dumps(row) + "\n")
        self._file.flush()
        for name, value in metrics.items():
            self._events.add_scalar(name, float(np.mean(value)), step)

    def close(self) -> None:
        """Flushes both."""
        self._file.close()
        self._events.close()


def read_metrics(path: str | Path) -> list[dict[str, Any]]:
    """The rows of a metrics.jsonl, [] if there is none; without a last line that was cut short."""
    path = Path(path)
    rows = []
    for line in path.read_text().splitlines() if path.exists() else []:
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            break
    return rows


def _plain(value):
    """Numbers and lists for JSON, of whatever numpy or jax made them."""
    if hasattr(value, "tolist"):
        return np.asarray(value).tolist()
    return value if isinstance(value, int | float | str | list | dict | type(None)) else str(value)
