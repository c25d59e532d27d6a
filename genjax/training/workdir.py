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

from genjax.training.distributed import any_process

_PACKAGES = ("genjax-models", "jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")
# Differ from run to run: left out where two runs are compared.
TIMING = ("seconds_per_step",)


def write_json(path: str | Path, value: Any) -> None:
    """Writes `value` to `path`, whole or not at all."""
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_text(json.dumps(value, indent=2, default=_plain) + "\n")
        beside.replace(path)
    except BaseException:  # a full disk, a signal
        beside.unlink(missing_ok=True)
        raise


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


def read_config(workdir: str | Path) -> dict[str, Any]:
    """The config.json of a run; what decides the run is its entry `identity`.

    Raises:
        ValueError: if the folder holds none, or one that no run wrote.
    """
    path = Path(workdir) / "config.json"
    if not path.exists():
        raise ValueError(
            f"{workdir} holds no run (it has no config.json): train one there first, or name the "
            "--workdir of one"
        )
    try:
        config = read_json(path)
        if not isinstance(config["identity"], dict):
            raise TypeError
    except (ValueError, KeyError, TypeError) as error:
        reason = str(error) if isinstance(error, ValueError) else f"{path} has no 'identity'"
        raise ValueError(
            f"{reason}: no run wrote it, or it was changed since; restore it or take another --workdir"
        ) from error
    return config


def open_workdir(
    workdir: str | Path, identity: Mapping[str, Any], rest: Mapping[str, Any], overwrite: bool
):
    """Makes `workdir` ready for a run; writes config.json.

    A run that ended before its first checkpoint holds nothing: another may take its place.

    Args:
        workdir: the folder; made if missing, emptied of an earlier run where `overwrite`.
        identity: all that decides what is computed; a run may only be resumed with the same.
        rest: what else to record (lengths, cadence, where things are).

    Raises:
        ValueError: if `workdir` holds a run of another identity, with what differs, or what is no run,
            or cannot be written.
    """
    workdir = Path(workdir)
    path = workdir / "config.json"
    identity = json.loads(json.dumps(identity, default=_plain))
    if jax.process_index() == 0 and overwrite:
        _remove_run(workdir)
    any_process(overwrite)  # none looks before the first has removed
    if path.exists():
        differing = _differing(read_config(workdir)["identity"], identity)
        if differing and _has_checkpoint(workdir):
            raise ValueError(
                f"{workdir} holds another run; what differs: {', '.join(differing)}. Repeat its "
                "flags to go on with it, pass --overwrite to start anew, or another --workdir"
            )
    if jax.process_index() == 0:
        try:
            workdir.mkdir(parents=True, exist_ok=True)
            write_json(path, {"identity": identity, **rest, **_provenance()})
        except OSError as error:
            raise ValueError(
                f"cannot write to the workdir {workdir} ({error.strerror}): take another --workdir"
            ) from error


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What two identities disagree on, to the innermost name."""
    told = []
    for name in sorted(set(before) | set(now)):
        old, new = before.get(name), now.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            told += _differing(old, new)
        elif old != new:
            told.append(f"{name} (was {old!r}, now {new!r})")
    return told


def _has_checkpoint(workdir: Path) -> bool:
    return any(folder.name.isdigit() for folder in (workdir / "checkpoints").glob("*"))


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
