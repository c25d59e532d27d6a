"""The plain objective of a discriminator: real examples and fakes told apart by its logits."""

from typing import Any

import jax

from genjax.core import Aux, Variables
from genjax.losses import Adversary, logit_metrics
from genjax.nets import Network


def tell_apart(
    adversary: Adversary,
    discriminator: Network,
    variables: Variables,
    real: tuple[Any, ...],
    fake: tuple[Any, ...],
    *,
    name: str = "discriminator",
) -> tuple[jax.Array, Aux]:
    """What an objective gives: mean of adversary.discriminator(logits of real, logits of fake).

    One pass after the other, so that batch statistics of real examples and fakes do not mix; those of
    the fakes move what those of the real ones left.

    Args:
        adversary: the losses.
        discriminator: the network `name` of the game, with a head `logit`.
        variables: of the game.
        real, fake: what the discriminator reads.
        name: see above.
    """
    own = variables[name]
    on_real, updates = discriminator.apply(own, *real, train=True)
    on_fake, updates = discriminator.apply({**own, **updates}, *fake, train=True)
    logits = on_real["logit"], on_fake["logit"]
    return adversary.discriminator(*logits).mean(), Aux(logit_metrics(*logits), {name: updates})
