"""Checkpoints of a state, by orbax: asynchronous, atomic, verified. The one file that imports it.

The newest few are kept, and the best by validation. Each holds the state and a digest of its bytes,
so that a file that was cut short or changed is noticed, named and passed over when a run resumes.
"""

import contextlib
import hashlib
import io
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import orbax.checkpoint as ocp
from orbax.checkpoint.checkpoint_managers import AnyPreservationPolicy, LatestN

from genjax.training.config import TrainingError


class Checkpoints:
    """The checkpoints of one run, in `directory`, one folder a step."""

    def __init__(self, directory: str | Path, *, keep: int = 3, read_only: bool = False):
        """Opens `directory` (made if missing); keeps the newest `keep` and the best."""
        self._directory = Path(directory).absolute()
        self._scores: dict[int, float | None] = {}
        self._manager = ocp.CheckpointManager(
            self._directory,
            options=ocp.CheckpointManagerOptions(
                preservation_policy=AnyPreservationPolicy([LatestN(keep), _Best(self._scores)]),
                create=not read_only,
                read_only=read_only,
                cleanup_tmp_directories=not read_only,
                multiprocessing_options=_alone() if read_only else _together(),
            ),
            item_handlers={
                "state": ocp.StandardCheckpointHandler(),
                "info": ocp.JsonCheckpointHandler(),
            },
        )
        for step in self.steps():
            try:
                self._scores[step] = self._info(step)["score"]
            except Exception:  # a damaged file: `restore` names it if this step is ever asked for
                self._scores[step] = None

    def steps(self) -> list[int]:
        """Steps of the complete checkpoints, in order."""
        return sorted(self._manager.all_steps())

    def best_step(self) -> int | None:
        """The step of the best by validation; the newest where none has a score, None if none is."""
        best = _best(self._scores, self.steps())
        return self._manager.latest_step() if best is None else best

    def save(self, step: int, state: Any, score: float | None = None) -> None:
        """Starts writing `state`, a tree of host arrays; returns once it may be changed.

        A step that is there already is left as it is: steps name states, and runs are repeatable.
        """
        if step in self.steps():
            return
        info = {"digest": _digest(state), "score": score}
        self._scores[step] = score
        self._manager.save(
            step,
            args=ocp.args.Composite(
                state=ocp.args.StandardSave(state), info=ocp.args.JsonSave(info)
            ),
            force=True,
        )

    def restore(self, step: int, like: Callable[[int], Any]) -> Any:
        """The state at `step` as host arrays, shaped as `like(step)` says.

        Raises:
            TrainingError: if the checkpoint is incomplete or its bytes are not those that were saved.
        """
        target = jax.tree.map(lambda leaf: np.zeros(leaf.shape, leaf.dtype), like(step))
        try:
            state = self._restore_quietly(step, target)
            digest = self._info(step)["digest"]
        except Exception as error:  # orbax and tensorstore raise many kinds for a damaged file
            reason = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
            raise TrainingError(f"checkpoint {self._directory / str(step)}: {reason}") from error
        if _digest(state) != digest:
            raise TrainingError(
                f"checkpoint {self._directory / str(step)}: its bytes are not those that were saved"
            )
        return state

    def restore_newest(
        self, like: Callable[[int], Any], report: Callable[[str], None]
    ) -> tuple[int, Any] | None:
        """The newest whole checkpoint as (step, state), None if there is none at all.

        Damaged ones that are newer are reported and removed, so that the run can write them again.

        Raises:
            TrainingError: if there are checkpoints and all of them are damaged.
        """
        steps = self.steps()
        for step in reversed(steps):
            try:
                return step, self.restore(step, like)
            except TrainingError as error:
                report(f"damaged: {error}; using the one before it")
                self._manager.delete(step)
        if steps:
            raise TrainingError(
                f"every checkpoint in {self._directory} is damaged: --overwrite starts anew"
            )
        return None

    def wait(self) -> None:
        """Returns once everything saved is on disk."""
        self._manager.wait_until_finished()

    def close(self) -> None:
        """Waits and releases what orbax holds."""
        self._manager.wait_until_finished()
        self._manager.close()

    def _restore_quietly(self, step, target):
        """Restores; for a damaged file tensorstore's threads print tracebacks that say no more."""
        with contextlib.redirect_stderr(io.StringIO()):
            try:
                args = ocp.args.Composite(state=ocp.args.StandardRestore(target))
                return self._manager.restore(step, args=args)["state"]
            except Exception:
                time.sleep(0.5)  # the other arrays' threads fail a moment later
                raise

    def _info(self, step):
        restored = self._manager.restore(step, args=ocp.args.Composite(info=ocp.args.JsonRestore()))
        return restored["info"]


def _together():
    return ocp.options.MultiprocessingOptions()


def _alone():
    """A process that only reads waits for no other: one may evaluate while the rest have ended."""
    index = jax.process_index()
    return ocp.options.MultiprocessingOptions(
        primary_host=None, active_processes={index}, barrier_sync_key_prefix=f"process{index}"
    )


class _Best(NamedTuple):
    """Keeps the best by validation. (orbax's own policy cannot open a folder with a damaged score.)"""

    scores: dict[int, float | None]

    def should_preserve(self, checkpoints, *, context) -> list[bool]:
        best = _best(self.scores, [checkpoint.step for checkpoint in checkpoints])
        return [checkpoint.step == best for checkpoint in checkpoints]


def _best(scores, steps) -> int | None:
    """The step of the highest score, the first of equals; None where no step has a score."""
    scored = [(scores[step], -step) for step in steps if scores.get(step) is not None]
    return -max(scored)[1] if scored else None


def _digest(state) -> str:
    """SHA-256 over the leaves' names, types and bytes."""
    digest = hashlib.sha256()
    for path, leaf in jax.tree_util.tree_leaves_with_path(state):
        leaf = np.ascontiguousarray(leaf)
        digest.update(f"{jax.tree_util.keystr(path)}{leaf.dtype}{leaf.shape}".encode())
        digest.update(leaf.tobytes())
    return digest.hexdigest()
