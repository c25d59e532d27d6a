"""A Model from an encoder and a decoder: what every autoencoder of this family can do."""

from collections.abc import Callable, Mapping

import jax
import optax

from genjax.autoencoders.dense import DenseAutoencoder
from genjax.core import Aux, Model, Player, Spec, game
from genjax.nets import Autoencoder

# (key, variables, x) -> (loss [B], {name: [B]}): what is minimised, and what there is to tell of it
Terms = Callable[..., tuple[jax.Array, Mapping[str, jax.Array]]]


def code_model(
    spec: Spec,
    parts: Autoencoder | DenseAutoencoder,
    terms: Terms,
    optimizer: optax.GradientTransformation,
    *,
    of_batch: Callable[..., jax.Array] | None = None,
) -> Model:
    """The game of one player that trains all networks by the mean of `terms`.

    `evaluate` gives `squared_error` (of the example as it is, summed over elements), what `terms`
    tells, and `negative_loss`, which chooses the best checkpoint.

    Args:
        spec: of the data.
        parts: the networks, and how examples are encoded, decoded and compared.
        terms: the loss of each example.
        optimizer: of the player.
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
        error = parts.squared_error(variables, parts.encode(variables, x), x)
        return {"squared_error": error, **told, "negative_loss": -loss}

    return game(
        parts.networks,
        [Player(tuple(parts.networks), objective, optimizer, name="autoencoder")],
        encode=lambda key, variables, x: parts.encode(variables, x),
        decode=lambda key, variables, z: parts.decode(variables, z),
        evaluate=evaluate,
        select="negative_loss",
    )
