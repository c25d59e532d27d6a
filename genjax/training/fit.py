"""`fit`: trains a model or a curriculum on a data set, from wherever an earlier run left off."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import Model, Stage, State, stages, variables_for_sampling
from genjax.data import Dataset
from genjax.training import curriculum, distributed, rounds
from genjax.training.checkpoints import Checkpoints
from genjax.training.config import Config, TrainingError, check
from genjax.training.evaluation import make_evaluate
from genjax.training.feed import example_batch, feed
from genjax.training.placement import Placement, mesh_placement, placement
from genjax.training.progress import Progress
from genjax.training.signals import Stop
from genjax.training.workdir import MetricsLog, open_workdir

# Fields of Config on which the run itself depends; the others may differ on a resume.
_DECIDING = ("batch_size", "seed", "num_seeds", "parallel")


class Fitted(NamedTuple):
    """What a run ends with.

    Attributes:
        state: host arrays; every leaf has a leading axis of seeds where there are several.
        step: rounds done.
        interrupted: whether a signal ended the run before its last step.
        seconds_per_step: median over the calls of the compiled loop, None if none was made.
        compile_seconds: spent compiling it.
    """

    state: State
    step: int
    interrupted: bool
    seconds_per_step: float | None
    compile_seconds: float


class Evaluation(NamedTuple):
    """What `on_evaluation` is told.

    Attributes:
        step: rounds done.
        model: that is being trained: of a curriculum, the stage's.
        variables: of the host, averaged where the game averages; with a leading axis of seeds where
            there are several.
        metrics: means over the rounds of the last call, and `valid/...`.
    """

    step: int
    model: Model
    variables: Any
    metrics: Mapping[str, Any]


# What it may answer: a score (larger is better, None for none), and metrics for the log.
OnEvaluation = Callable[[Evaluation], tuple[float | None, Mapping[str, float]] | None]


class Keys(NamedTuple):
    """A run's keys by use: pure functions of its seed; [num_seeds] each where there are several."""

    init: jax.Array
    rounds: jax.Array
    stages: jax.Array
    evaluation: jax.Array


def run_keys(seed: int, num_seeds: int = 1) -> Keys:
    """The keys of the run with this seed, or of `num_seeds` runs with the seeds from it on."""

    def keys(seed):
        return Keys(*jax.random.split(jax.random.key(seed), len(Keys._fields)))

    return keys(seed) if num_seeds == 1 else jax.vmap(keys)(jnp.arange(seed, seed + num_seeds))


def fit(
    model_or_curriculum: Model | tuple[Stage, ...],
    dataset: Dataset,
    config: Config,
    *,
    identity: Mapping[str, Any] | None = None,
    notes: Mapping[str, Any] | None = None,
    on_evaluation: OnEvaluation | None = None,
) -> Fitted:
    """Trains for `config.steps` rounds, or what is left of them.

    The run depends on the seed, the model and the data alone: neither on how rounds are grouped in
    calls, nor on where it was stopped and resumed.

    A model that learns by counting (`Model.one_pass`) has one round, of the whole training set on one
    device, whatever `config` says of them; `config.batch_size` is then that of its evaluations.

    Args:
        model_or_curriculum: what a system's function returned.
        dataset: training data; `valid` chooses the best checkpoint, `test` is not looked at.
        config: how; see `Config`.
        identity: what else decides the run (model, hyper-parameters, data), for config.json; a
            resume with another one is refused.
        notes: what else config.json is to say, for its readers.
        on_evaluation: called after each validation, in the first process only. It may answer with
            metrics, which are logged beside the others, and a score, which chooses the best checkpoint
            of a model without `select`.

    Raises:
        ValueError: for a configuration that cannot be, a workdir that holds another run, or a model
            of one pass in a curriculum or over several processes.
        TrainingError: if a loss or gradient stops being finite, if no checkpoint is whole, or if
            another process of the run is gone.
    """
    check(config)
    config, of_rounds, place = _settings(stages(model_or_curriculum), len(dataset.train), config)
    parts = curriculum.plan(stages(model_or_curriculum), config.steps)
    keys = run_keys(config.seed, config.num_seeds)
    batch = example_batch(dataset.train, dataset.train_transform, config.batch_size)
    _check_evaluation(parts, keys, batch, config)
    progress = Progress(config.steps, config.log_every)
    checkpoints = _open(config, identity, notes)

    step, state = _first_or_restored(parts, keys, batch, dataset, config, checkpoints, progress)
    log = None
    if config.workdir is not None and jax.process_index() == 0:
        log = MetricsLog(config.workdir, step)
    validate = _validator(dataset, keys.evaluation, config)
    durations, compile_seconds, interrupted = [], 0.0, False
    try:
        with Stop() as stop, progress:
            progress.start(step)
            while step < config.steps and not interrupted:
                index = curriculum.part_at(parts, step)
                part = parts[index]._replace(end=min(parts[index].end, config.steps))
                for call in _calls(part, step, state, dataset, keys.rounds, place, of_rounds):
                    step, compile_seconds = call.step, compile_seconds + call.compile_seconds
                    durations.append(call.seconds / call.count)
                    report = place.gather(call.report)
                    if failed := rounds.failure(report):
                        raise TrainingError(_stopped(failed, checkpoints))
                    metrics = rounds.means(report)
                    due = step % config.eval_every == 0 or step == config.steps
                    interrupted = stop.asked() and step < config.steps
                    if due or interrupted or step == part.end:
                        state = place.gather(call.state)
                    score = None
                    if due:
                        variables = variables_for_sampling(state)
                        score, valid = validate(part.model, variables)
                        metrics |= valid
                        if on_evaluation:
                            seen = Evaluation(step, part.model, variables, metrics)
                            answer, more = _answer(on_evaluation, seen)
                            metrics |= more
                            score = score if part.model.select else answer
                        if part.end < parts[-1].end:
                            score = None  # the best is one of the model that is asked for
                    if log:
                        log.write(step, {**metrics, "seconds_per_step": durations[-1]})
                    progress.update(step, metrics, durations[-1])
                    if step == part.end < config.steps:
                        state = _entered(parts, index, step, keys, state, dataset, config)
                        score = None
                    if checkpoints and (due or interrupted):
                        checkpoints.save(step, state, score)
                    if interrupted:
                        break
    except jax.errors.JaxRuntimeError as error:
        if jax.process_count() == 1:
            raise
        reason = str(error).splitlines()[0]
        raise TrainingError(f"another process of this run is gone ({reason})") from error
    finally:
        if log:
            log.close()
        if checkpoints:
            checkpoints.close()
    rate = float(np.median(durations)) if durations else None
    return Fitted(state, step, interrupted, rate, compile_seconds)


def _answer(on_evaluation: OnEvaluation, seen: Evaluation):
    """(score, metrics): the same score in every process, or they would keep other checkpoints."""
    score, metrics = None, {}
    if jax.process_index() == 0:
        score, metrics = on_evaluation(seen) or (None, {})
    return distributed.from_first(score), metrics


def _settings(
    parts: Sequence[Stage], size: int, config: Config
) -> tuple[Config, Config, Placement]:
    """The run's settings, those of its rounds, and its devices: what `Model.one_pass` changes."""
    if not any(stage.model.one_pass for stage in parts):
        return config, config, placement(config.parallel, config.batch_size)
    if len(parts) > 1:
        raise ValueError(
            "a model that learns by counting (one_pass) cannot be a stage of a curriculum"
        )
    if jax.process_count() > 1:
        raise ValueError(
            "a model that learns by counting trains in one process on one device, got "
            f"{jax.process_count()} processes: leave --distributed out"
        )
    # One place in a chunk, or the stream would keep a hundred copies of the set.
    config = config._replace(steps=1, chunk=1, batch_size=min(config.batch_size, size))
    return config, config._replace(batch_size=size), mesh_placement(jax.devices()[:1])


class _Call(NamedTuple):
    """One call of the compiled loop: the state is the device's, valid until the next call."""

    step: int
    count: int
    state: Any
    report: rounds.Report
    seconds: float
    compile_seconds: float


def _calls(part, step, state, dataset, key, place: Placement, config: Config) -> Iterator[_Call]:
    """Plays the rounds of `part` from `step` on, one compiled call at a time."""
    source = feed(
        dataset.train,
        place,
        batch_size=config.batch_size,
        num_batches=part.model.num_batches,
        key=key,
        num_seeds=config.num_seeds,
        chunk=config.chunk,
        limit_mb=config.device_data_limit_mb,
    )
    play = rounds.make_rounds(part.model, source, place, dataset.train_transform, config.num_seeds)
    spans = curriculum.spans(step, part.end, config.chunk, config.eval_every)
    key, state, executable = place.replicate(key), place.replicate(state), None
    for (start, count), data in zip(spans, source.chunks(spans), strict=True):
        arguments = (key, state, data, jnp.int32(count))
        compile_seconds = 0.0
        if executable is None:
            began = time.perf_counter()
            executable = place.compile(play, arguments)
            compile_seconds = time.perf_counter() - began
        began = time.perf_counter()
        state, report = jax.block_until_ready(executable(*arguments))
        seconds = time.perf_counter() - began
        yield _Call(start + count, count, state, report, seconds, compile_seconds)


def _open(config: Config, identity, notes) -> Checkpoints | None:
    if config.workdir is None:
        return None
    free = {**config._asdict(), "processes": jax.process_count(), **(notes or {})}
    deciding = {name: free.pop(name) for name in _DECIDING}
    open_workdir(config.workdir, {**(identity or {}), **deciding}, free, config.overwrite)
    return Checkpoints(Path(config.workdir) / "checkpoints", keep=config.keep)


def _first_or_restored(
    parts, keys, batch, dataset, config, checkpoints, progress
) -> tuple[int, State]:
    """(step, host state) of the newest whole checkpoint, or of a new run."""

    def first(index):
        start = lambda init, stage: curriculum.first_state(parts, index, init, stage, batch)
        start = jax.vmap(start) if config.num_seeds > 1 else start
        return lambda: start(keys.init, keys.stages)

    if checkpoints:
        restored = checkpoints.restore_newest(
            lambda step: jax.eval_shape(first(curriculum.part_at(parts, step))), progress.say
        )
        if restored:
            progress.say(f"resuming {config.workdir} at step {restored[0]} of {config.steps}")
            return restored
    state = jax.device_get(jax.jit(first(0))())
    return 0, _entered(parts, 0, 0, keys, state, dataset, config)


def _entered(parts, index, step, keys, state, dataset, config) -> State:
    """From the last state of part `index` to the first of the one at `step`, by all between them."""
    for number in range(index + 1, curriculum.part_at(parts, step) + 1):
        state = _enter(parts[number], number, keys, state, dataset, config)
    return state


def _enter(part, index, keys, state, dataset, config) -> State:
    examples = None
    if part.num_examples:
        # Spread evenly, for files are often sorted by kind.
        num = min(part.num_examples, len(dataset.train))
        rows = np.linspace(0, len(dataset.train) - 1, num).astype(np.int32)
        raw = {**dataset.train[rows], "index": rows}
        examples = jax.jit(dataset.eval_transform)(jax.random.key(0), raw)

    def begin(key, state, examples):
        return curriculum.enter(part, jax.random.fold_in(key, index), state, examples)

    begin = jax.vmap(begin, (0, 0, None)) if config.num_seeds > 1 else begin
    return jax.device_get(jax.jit(begin)(keys.stages, state, examples))


def _validator(dataset, key, config) -> Callable[[Model, Any], tuple[float | None, dict[str, Any]]]:
    """`(model, variables) -> (score, metrics)` on the validation split; compiled once a model."""
    compiled = {}

    def validate(model, variables):
        if model.evaluate is None:
            return None, {}
        if model.evaluate not in compiled:
            compiled[model.evaluate] = make_evaluate(
                model.evaluate, dataset, batch_size=config.batch_size, num_seeds=config.num_seeds
            )
        values = compiled[model.evaluate](key, variables, dataset.valid)
        score = float(np.mean(values[model.select])) if model.select else None
        return score, {f"valid/{name}": value for name, value in values.items()}

    return validate


def _check_evaluation(parts, keys, batch, config) -> None:
    """Refuses, before anything is trained, an `evaluate` that validation could not use."""
    for index, part in enumerate(parts):
        model = part.model
        if model.evaluate is None or part.start == part.end:
            continue

        def values(init, stage, index=index, model=model):
            state = curriculum.first_state(parts, index, init, stage, batch)
            return model.evaluate(init, variables_for_sampling(state), batch)

        one = keys if config.num_seeds == 1 else Keys(*(key[0] for key in keys))
        shapes = {k: v.shape for k, v in jax.eval_shape(values, one.init, one.stages).items()}
        wrong = {name: shape for name, shape in shapes.items() if shape != (config.batch_size,)}
        if wrong:
            raise ValueError(f"evaluate returns one value an example, [B] each; got shapes {wrong}")
        if model.select is not None and model.select not in shapes:
            raise ValueError(f"select is {model.select!r}, but evaluate gives {', '.join(shapes)}")


def _stopped(failed: str, checkpoints) -> str:
    if checkpoints is None or not checkpoints.steps():
        return f"training stopped at {failed}; no checkpoint had been written"
    checkpoints.wait()
    last = checkpoints.steps()[-1]
    return f"training stopped at {failed}; the last finite checkpoint is of step {last}"
