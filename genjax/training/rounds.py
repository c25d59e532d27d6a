"""The compiled loop: many rounds in one call, with metrics averaged where they are made."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import Model
from genjax.training.feed import Feed, loop_keys
from genjax.training.placement import Placement

_NEVER = np.iinfo(np.int32).max


class Report(NamedTuple):
    """What one call of the compiled loop tells the host; every leaf may have an axis of seeds.

    Attributes:
        sums, weights: per metric the sum over rounds and what to divide it by (rounds, or turns
            where a schedule says how many a round has).
        first_bad: per metric the first step at which it was not finite, the largest int32 if none.
        finite: whether all params are finite at the end.
    """

    sums: dict[str, jax.Array]
    weights: dict[str, jax.Array]
    first_bad: dict[str, jax.Array]
    finite: jax.Array


def make_rounds(
    model: Model, feed: Feed, placement: Placement, transform: Callable, num_seeds: int
) -> Callable[[jax.Array, Any, Any, jax.Array], tuple[Any, Report]]:
    """`(key, state, data, count) -> (state, Report)`: `count` rounds, for `Placement.compile`.

    The key is a run's root key. It orders the epochs, and `fold_in(its other half, step)` is the
    round's key: a round depends on the seed, the step and the state, never on where a call began.
    """

    def rounds(key, state, data, count):
        key_order, key_rounds = loop_keys(key)

        def play(index, state):
            key_round = jax.random.fold_in(key_rounds, state.step)
            key_transform, key_update = jax.random.split(placement.share_key(key_round))
            batches = feed.minibatches(key_order, data, state.step, index)
            keys = jax.random.split(key_transform, model.num_batches)
            batches = jax.vmap(transform)(keys, batches)
            return model.update(key_update, state, batches)

        names = jax.eval_shape(play, 0, state)[1]

        def body(index, carry):
            state, report = carry
            step = state.step
            state, metrics = play(index, state)
            return state, _add(report, metrics, step)

        start = Report(
            sums={name: jnp.zeros(()) for name in names},
            weights={name: jnp.zeros(()) for name in names},
            first_bad={name: jnp.full((), _NEVER, jnp.int32) for name in names},
            finite=jnp.array(True),
        )
        state, report = jax.lax.fori_loop(0, count, body, (state, start))
        leaves = [leaf for leaf in jax.tree.leaves(state.variables) if _is_float(leaf)]
        finite = jnp.all(jnp.array([jnp.isfinite(leaf).all() for leaf in leaves]))
        return state, report._replace(finite=finite)

    if num_seeds == 1:
        return rounds
    return jax.vmap(rounds, in_axes=(0, 0, feed.seed_axis, None))


def _add(report: Report, metrics, step) -> Report:
    def weight(name):
        turns = f"{name.rsplit('/', 1)[0]}/turns"
        return metrics[turns].astype(jnp.float32) if turns in metrics and turns != name else 1.0

    return report._replace(
        sums={name: report.sums[name] + weight(name) * metrics[name] for name in metrics},
        weights={name: report.weights[name] + weight(name) for name in metrics},
        first_bad={
            name: jnp.minimum(bad, jnp.where(jnp.isfinite(metrics[name]), _NEVER, step))
            for name, bad in report.first_bad.items()
        },
    )


def _is_float(leaf) -> bool:
    return jnp.issubdtype(jnp.result_type(leaf), jnp.floating)


def means(report: Report) -> dict[str, np.ndarray]:
    """Host metrics of a gathered report; without those of players that had no turn."""
    return {
        name: np.asarray(total, np.float64) / report.weights[name]
        for name, total in report.sums.items()
        if np.all(report.weights[name] > 0)
    }


def failure(report: Report) -> str | None:
    """Says which player's loss or gradient stopped being finite, first, and when; None if none did."""
    first = {name: int(np.min(step)) for name, step in report.first_bad.items()}
    fatal = [step for name, step in first.items() if name.endswith(("/loss", "/grad_norm"))]
    step = min(fatal, default=_NEVER)
    if step < _NEVER:
        bad = sorted((name for name, at in first.items() if at <= step), key=_player_first)
        player, metric = bad[0].rsplit("/", 1)
        also = f" (also {', '.join(bad[1:])})" if bad[1:] else ""
        return f"step {step}: {metric} of player {player!r} is not finite{also}"
    return None if np.all(report.finite) else "params are not finite"


def _player_first(name: str) -> tuple[bool, str]:
    return not name.endswith("/loss"), name
