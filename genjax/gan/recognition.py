"""Who is who: a network that is learned as a classifier of persons, for its last features."""

import jax
import jax.numpy as jnp
import optax

from genjax.core import Model, Player, Spec, game
from genjax.gan.classes import classification
from genjax.gan.two_players import network_range
from genjax.nets import Network

_RATE = 1e-3  # of its Adam


def recognition_game(spec: Spec, recognition: Network) -> Model:
    """The game of that network alone, a classifier of the entry `identity`, one-hot [B, P].

    Args:
        spec: of images in [0, 1].
        recognition: `x -> {"class": logits [B, P], ...}`, the network `identity`.
    """
    inward, _ = network_range(spec)
    person = lambda batch: batch["identity"].argmax(1)

    def evaluate(key, variables, batch):
        heads, _ = recognition.apply(variables["identity"], inward(batch["image"]), train=False)
        return {"accuracy": (heads["class"].argmax(1) == person(batch)).astype(jnp.float32)}

    recognise = classification(spec, recognition, "identity", person)
    players = [Player(("identity",), recognise, optax.adam(_RATE))]
    return game({"identity": recognition.start}, players, evaluate=evaluate)


def norm(x: jax.Array) -> jax.Array:
    """sqrt(sum x^2) over all but the batch's axis, [B]; its gradient at 0 is 0."""
    return jnp.sqrt(jnp.square(x).reshape(len(x), -1).sum(1) + 1e-12)
