"""What the loop is told beside the model and the data."""

from typing import NamedTuple

PARALLEL = ("jit", "pmap")


class TrainingError(RuntimeError):
    """Training cannot go on, for a reason that the message gives in one line."""


class Config(NamedTuple):
    """How a run is carried out; every field has a flag of the same name in the binaries.

    Attributes:
        steps: rounds in all, those before a resume included.
        batch_size: examples a minibatch, over all devices and hosts.
        seed: root of every draw.
        num_seeds: runs trained side by side, with seeds seed, seed + 1, ...
        chunk: most rounds in one call of the compiled loop; the host sees metrics once a chunk.
        eval_every: rounds between validations; each is followed by a checkpoint.
        log_every: rounds between lines where the output is no terminal.
        keep: newest checkpoints kept, beside the best by validation.
        parallel: `jit` (one mesh, the global minibatch) or `pmap` (a share of it on each device).
        device_data_limit_mb: largest training set that is held on the device; larger ones stream.
        workdir: where the run is written; None writes nothing and cannot resume.
        overwrite: whether to start anew where `workdir` holds a run.
    """

    steps: int
    batch_size: int = 100
    seed: int = 0
    num_seeds: int = 1
    chunk: int = 100
    eval_every: int = 1000
    log_every: int = 500
    keep: int = 3
    parallel: str = "jit"
    device_data_limit_mb: int = 1024
    workdir: str | None = None
    overwrite: bool = False


def check(config: Config) -> None:
    """Raises ValueError, in one line, for a value that no run can have."""
    for name in ("steps", "batch_size", "num_seeds", "chunk", "eval_every", "log_every", "keep"):
        if getattr(config, name) < 1:
            raise ValueError(f"--{name} must be at least 1, got {getattr(config, name)}")
    if config.parallel not in PARALLEL:
        raise ValueError(
            f"--parallel must be one of {', '.join(PARALLEL)}, got {config.parallel!r}"
        )
    if not 0 <= config.seed < 2**31 - config.num_seeds:
        raise ValueError(
            f"--seed must be 0 or more and --seed + --num_seeds below 2**31, got {config.seed}"
        )
