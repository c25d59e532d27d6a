"""A Model from an encoder and a decoder: what every autoencoder of this family can do."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
import optax

from genjax.core import Aux, Model, Player, Spec, game

# (key, variables, x) -> (loss [B], {name: [B]}): what is minimised, and what there is to tell of it
Terms = Callable[..., tuple[jax.Array, Mapping[str, jax.Array]]]


def code_model(
    spec: Spec,
    networks: Mapping[str, Callable[..., Any]],
    terms: Terms,
    optimizer: optax.GradientTransformation,
    *,
    encode: Callable[..., jax.Array],
    decode: Callable[..., jax.Array],
    squared_error: Callable[..., jax.Array],
    of_batch: Callable[..., jax.Array] | None = None,
) -> Model:
    """The game of one player that trains all networks by the mean of `terms`.

    `evaluate` gives `squared_error` (of the example as it is, summed over elements), what `terms`
    tells, and `negative_loss`, which chooses the best checkpoint.

    Args:
        spec: of the data.
        networks: for `game`.
        terms: the loss of each example.
        optimizer: of the player.
        encode: `(variables, x) -> z`, [B, ...].
        decode: `(variables, z) -> x`, [B, *shape].
        squared_error: `(variables, z, x) -> [B]`.
        of_batch: `(variables, x) -> scalar`, added to the mean: what is of no single example.
    """

    def objective(key, variables, batch):
        loss, told = terms(key, variables, batch[spec.entry])
        told = {name: value.mean() for name, value in told.items()}
        if of_batch is None:
            return loss.mean(), Aux(told)
        return loss.mean() + of_batch(variables, batch[spec.entry]), Aux(told)

    def evaluate(key, variables, batch):
        x = batch[spec.entry]
        loss, told = terms(key, variables, x)
        error = squared_error(variables, encode(variables, x), x)
        return {"squared_error": error, **told, "negative_loss": -loss}

    return game(
        networks,
        [Player(tuple(networks), objective, optimizer, name="autoencoder")],
        encode=lambda key, variables, x: encode(variables, x),
        decode=lambda key, variables, z: decode(variables, z),
        evaluate=evaluate,
        select="negative_loss",
    )
