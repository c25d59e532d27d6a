"""`game`: turns networks and players into a Model. The only training step in the library."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from genjax.core.contract import Aux, Batch, Metrics, Model, Player, State, Variables
from genjax.core.devices import mean_over_devices


class Ema(NamedTuple):
    """Exponential moving averages of networks, taken once a round: ema = decay ema + (1 - decay) new.

    Of params and of batch statistics: those of the last params are not those of the averaged ones.

    Attributes:
        networks: names of the networks to average.
        decay: in [0, 1), or a schedule `step -> decay`.
    """

    networks: tuple[str, ...]
    decay: float | Callable[[jax.Array], jax.Array]


def game(
    networks: Mapping[str, Callable[[jax.Array, Batch], Any]],
    players: Sequence[Player],
    *,
    ema: Ema | None = None,
    **capabilities,
) -> Model:
    """A Model whose rounds are the players' turns, in order.

    Args:
        networks: name -> `(key, batch) -> linen variables`, how each network starts (a pre-trained
            one returns what it loaded). The name `extra` is for adaptive scalars: a flat dict.
        players: who plays, in order; several may train one network, one may train several.
        ema: which networks to average, if any.
        **capabilities: the other fields of `Model` that the system has (`sample`, `log_prob`, ...).

    Raises:
        ValueError: for an unknown network, a player without a turn, two players of one name, or a
            schedule of turns without `max_turns`.
    """
    players = tuple(
        p._replace(
            name=p.name or "+".join(p.trains),
            max_turns=p.max_turns if callable(p.turns) else p.turns,
        )
        for p in players
    )
    _check(networks, players, ema)

    def init(key: jax.Array, batch: Batch) -> State:
        keys = jax.random.split(key, len(networks))
        pairs = zip(keys, networks.items(), strict=True)
        variables = {name: start(k, batch) for k, (name, start) in pairs}
        return State(
            step=jnp.zeros((), jnp.int32),
            variables=variables,
            opt_states=tuple(p.optimizer.init(_params(variables, p.trains)) for p in players),
            # Copies: an average that shared its network's buffers could not be donated with them.
            ema=jax.tree.map(jnp.copy, _averaged(variables, ema.networks)) if ema else {},
        )

    num_batches = max(p.max_turns for p in players)

    def update(key: jax.Array, state: State, batches: Batch) -> tuple[State, Metrics]:
        for leaf in jax.tree.leaves(batches):
            if leaf.shape[:1] != (num_batches,):
                raise ValueError(
                    f"a round of this game takes {num_batches} minibatches on the leading axis of "
                    f"every entry, got an entry of shape {leaf.shape}"
                )
        variables, opt_states, metrics = state.variables, list(state.opt_states), {}
        for index, player in enumerate(players):
            variables, opt_states[index], metrics[player.name] = _play(
                jax.random.fold_in(key, index),
                player,
                state.step,
                variables,
                opt_states[index],
                batches,
            )
        averages = state.ema
        if ema:
            decay = ema.decay(state.step) if callable(ema.decay) else ema.decay
            averages = jax.tree.map(
                lambda old, new: (decay * old + (1 - decay) * new).astype(old.dtype),
                state.ema,
                _averaged(variables, ema.networks),
            )
        flat = {f"{p}/{name}": value for p, of_p in metrics.items() for name, value in of_p.items()}
        return State(state.step + 1, variables, tuple(opt_states), averages), flat

    return Model(init=init, update=update, num_batches=num_batches, **capabilities)


def _play(key, player: Player, step, variables, opt_state, batches):
    """All turns of one player in one round; metrics are the mean over the turns taken."""

    def turn(carry, index_and_batch):
        index, batch = index_and_batch
        return _turn(jax.random.fold_in(key, index), player, *carry, batch)

    indices = jnp.arange(player.max_turns)
    batches = jax.tree.map(lambda leaf: leaf[: player.max_turns], batches)
    carry = (variables, opt_state)

    if not callable(player.turns):
        if player.max_turns == 1:  # a scan of one turn would only hide it from the compiler
            carry, metrics = turn(carry, jax.tree.map(lambda leaf: leaf[0], (indices, batches)))
            return *carry, metrics
        carry, metrics = jax.lax.scan(turn, carry, (indices, batches))
        return *carry, jax.tree.map(lambda leaf: leaf.mean(0), metrics)

    turns = jnp.asarray(player.turns(step))
    first = jax.tree.map(lambda leaf: leaf[0], (indices, batches))
    no_metrics = jax.tree.map(jnp.zeros_like, jax.eval_shape(turn, carry, first)[1])

    def turn_or_rest(carry, index_and_batch):
        return jax.lax.cond(
            index_and_batch[0] < turns,
            turn,
            lambda carry, _: (carry, no_metrics),
            carry,
            index_and_batch,
        )

    carry, metrics = jax.lax.scan(turn_or_rest, carry, (indices, batches))
    metrics = jax.tree.map(lambda leaf: leaf.sum(0) / jnp.maximum(turns, 1), metrics)
    # Zero in a round without a turn; `turns` is the weight for whoever averages over rounds.
    return *carry, {**metrics, "turns": turns.astype(jnp.float32)}


def _turn(key, player: Player, variables, opt_state, batch):
    """One gradient step of one player on one minibatch."""

    def loss_of(params):
        returned = player.objective(key, _with_params(variables, params), batch)
        if not (
            isinstance(returned, tuple) and len(returned) == 2 and isinstance(returned[1], Aux)
        ):
            raise ValueError(f"{player.name}: an objective returns (loss, Aux(...))")
        loss, aux = returned
        if loss.shape != ():
            raise ValueError(
                f"{player.name}: an objective's loss is a scalar, got shape {loss.shape}"
            )
        return loss, aux

    params = _params(variables, player.trains)
    (loss, aux), gradients = jax.value_and_grad(loss_of, has_aux=True)(params)
    gradients = mean_over_devices(gradients)
    metrics = {"loss": loss, "grad_norm": optax.global_norm(gradients), **aux.metrics}
    metrics = mean_over_devices(metrics)

    steps, new_opt_state = player.optimizer.update(gradients, opt_state, params)
    new_variables = _with_params(variables, optax.apply_updates(params, steps))
    new_variables = _with_updates(player, new_variables, mean_over_devices(aux.updates))
    if player.gate is None:
        return (new_variables, new_opt_state), metrics

    kept = player.gate(variables, metrics)
    new, old = (new_variables, new_opt_state), (variables, opt_state)
    carry = jax.tree.map(lambda a, b: jnp.where(kept, a, b), new, old)
    return carry, {**metrics, "kept": kept.astype(jnp.float32)}


def _params(variables: Variables, names: Sequence[str]) -> dict[str, Any]:
    # A network without parameters (a codebook moved by averages) has no such collection.
    return {name: variables[name].get("params", {}) for name in names}


def _averaged(variables: Variables, names: Sequence[str]) -> dict[str, Any]:
    kept = ("params", "batch_stats")
    return {n: {c: tree for c, tree in variables[n].items() if c in kept} for n in names}


def _with_params(variables: Variables, params: Mapping[str, Any]) -> dict[str, Any]:
    changed = {name: {**variables[name], "params": p} for name, p in params.items() if p}
    return {**variables, **changed}


def _with_updates(player: Player, variables: Variables, updates: Variables) -> dict[str, Any]:
    changed = {}
    for name, collections in updates.items():
        if name not in variables:
            raise ValueError(
                f"{player.name}: update of an unknown network {name!r}; known: {list(variables)}"
            )
        if "params" in collections and name != "extra":
            raise ValueError(f"{player.name}: params of {name!r} are the optimizer's to change")
        if name == "extra" or name in player.trains:
            changed[name] = {**variables[name], **collections}
    return {**variables, **changed}


def _check(networks, players, ema) -> None:
    for p in players:
        if isinstance(p.trains, str):
            raise ValueError(f"trains is a tuple of names: write ({p.trains!r},), not {p.trains!r}")
    names = [p.name for p in players]
    if len(set(names)) < len(names):
        raise ValueError(f"players need names of their own, got {names}")
    for p in players:
        if not p.trains or p.max_turns is None or p.max_turns < 1:
            raise ValueError(
                f"player {p.name!r} needs networks to train and at least one turn (max_turns where "
                f"turns is a schedule), got trains={p.trains}, turns={p.turns}, max_turns={p.max_turns}"
            )
    for name in [n for p in players for n in p.trains] + list(ema.networks if ema else ()):
        if name not in networks or name == "extra":
            raise ValueError(f"unknown network {name!r}; the game's networks are {list(networks)}")
