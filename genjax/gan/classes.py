"""What systems share whose discriminator is a classifier: losses of its head `class`, and a logit."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Batch, Objective, Spec
from genjax.gan.two_players import Side, network_range
from genjax.nets import Network


def class_loss(side: Side) -> jax.Array:
    """E[-log p(label | x)] by the head `class`, nats, a scalar."""
    each = optax.softmax_cross_entropy_with_integer_labels
    return each(side.heads["class"], side.label).mean()


def class_accuracy(side: Side) -> jax.Array:
    """Share of the examples whose label has the largest logit of the head `class`."""
    return (jnp.argmax(side.heads["class"], axis=1) == side.label).mean()


def classification(
    spec: Spec,
    classifier: Network,
    name: str,
    label: Callable[[Batch], jax.Array] = lambda batch: batch["label"],
) -> Objective:
    """The objective of a classifier of real examples: its `class_loss`, and `class_accuracy`.

    Args:
        spec: of the data.
        classifier: `x -> heads`, x in the networks' range, with a head `class`.
        name: of that network in the game.
        label: of a minibatch, int [B].
    """
    inward, _ = network_range(spec)

    def classify(key, variables, batch):
        del key  # it draws nothing
        x = inward(batch[spec.entry])
        heads, updates = classifier.apply(variables[name], x, train=True)
        side = Side(x, heads, label(batch))
        return class_loss(side), Aux({"class_accuracy": class_accuracy(side)}, {name: updates})

    return classify


def logit_of_classes(
    discriminator: Network, logit: Callable[[jax.Array], jax.Array], *, input_noise: float = 0.0
) -> Network:
    """The discriminator whose `logit` [B] is a function of its head `class` [B, K].

    Args:
        discriminator: without a logit of its own.
        logit: see above.
        input_noise: standard deviation of noise on the examples, in training.
    """

    def apply(variables, x, *given, train, key=None):
        if train and input_noise:
            key, key_noise = jax.random.split(key)
            x = x + input_noise * jax.random.normal(key_noise, x.shape)
        heads, updates = discriminator.apply(variables, x, *given, train=train, key=key)
        return {**heads, "logit": logit(heads["class"])}, updates

    return discriminator._replace(apply=apply)
