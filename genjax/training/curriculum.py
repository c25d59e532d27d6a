"""Which stage a step belongs to, and how a state comes into being at its start."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from genjax.core import Model, Stage, State


class Part(NamedTuple):
    """A stage with its place: it trains the rounds from `start` up to `end`."""

    model: Model
    enter: Callable[..., State] | None
    num_examples: int
    start: int
    end: int


def plan(stages: Sequence[Stage], steps: int) -> list[Part]:
    """The stages' places in a run of `steps` rounds; the last one ends with the run.

    Raises:
        ValueError: if a stage but the last has no length.
    """
    parts, start = [], 0
    for number, stage in enumerate(stages):
        last = number + 1 == len(stages)
        if stage.rounds is None and not last:
            raise ValueError(f"stage {number} of {len(stages)} needs a number of rounds")
        end = max(steps, start) if stage.rounds is None else start + stage.rounds
        parts.append(Part(stage.model, stage.enter, stage.num_examples, start, end))
        start = end
    return parts


def part_at(parts: Sequence[Part], step: int) -> int:
    """Index of the part that a state at `step` belongs to: at a boundary, the one that begins."""
    return max(index for index, part in enumerate(parts) if part.start <= step)


def enter(part: Part, key: jax.Array, state: State, examples: Any = None) -> State:
    """The state with which `part` begins, from that with which the one before it ended.

    Args:
        part: whose start it is.
        key: of the stage.
        state: the last of the part before.
        examples: a minibatch of `part.num_examples`, where there are any.
    """
    if part.enter is None:
        return state
    # Whoever asks for shapes alone has arrays of the host, which traced rows cannot index.
    given = (jax.tree.map(jnp.asarray, examples),) if part.num_examples else ()
    return part.enter(key, state, *given)._replace(step=state.step)


def first_state(parts: Sequence[Part], index: int, key_init, key_stages, batch: Any) -> State:
    """A state of part `index`, as if no part before it had a round: under `eval_shape`, its shapes."""
    state = parts[0].model.init(key_init, batch)
    for number in range(1, index + 1):
        # The shapes of a state do not depend on how many examples it was made from.
        state = enter(parts[number], jax.random.fold_in(key_stages, number), state, batch)
    return state


def spans(start: int, end: int, *cadences: int) -> list[tuple[int, int]]:
    """(first step, number of rounds) of each call from `start` to `end`.

    Calls end at multiples of every cadence, wherever the run began: so a resumed run makes the
    calls, and writes the rows, that it would have made without a stop.
    """
    calls = []
    while start < end:
        stop = min([end] + [(start // cadence + 1) * cadence for cadence in cadences])
        calls.append((start, stop - start))
        start = stop
    return calls
