"""Context-RNN-GAN of Ghosh et al., 2017: the next frame, judged in its context (arXiv:1609.09444).

G is a recurrence over the frames so far; D another, that is shown a candidate after all the *true*
frames before it. No noise. Over the steps t from the second on, in the mean:

    L_D = -log D(x_t | x_<t) - log(1 - D(G(x_<t) | x_<t))
    L_G = - adversarial_weight log D(G(x_<t) | x_<t) + reconstruction_weight |G(x_<t) - x_t|_p^p
"""

import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Player, Spec, game
from genjax.losses import logit_metrics, non_saturating
from genjax.nets import ContextDiscriminator, FeedbackRnn, network

_NEARLY = 0.9  # of the largest gain: a figure may move between two cells


def context_rnn_gan(
    spec: Spec,
    *,
    hidden: int = 400,
    num_layers: int = 1,
    discriminator_hidden: int | None = None,
    adversarial_weight: float = 0.05,
    reconstruction_weight: float = 1.0,
    norm: int = 2,
    learning_rate: float = 1e-3,
    discriminator_learning_rate: float | None = None,
    first_moment: float = 0.9,
    max_grad_norm: float = 5.0,
) -> Model:
    """Context-RNN-GAN (Ghosh, Kulharia, Mukerjee, Namboodiri & Bansal, 2017, arXiv:1609.09444).

    `forecast` continues sequences; there is nothing to sample. |.|_p^p is a sum over a frame's numbers.
    The paper's frames may be features (of a Siamese network, HOG); here they are what the data holds.
    Optimizer and rates are this library's: Adam, gradients cut at a norm of 5.

    `evaluate` is of the last frame, given those before: `error`, |G - x|^2; `copy_error`, that of the
    frame before it, once more; of frames (a square number of features, 9 or more) `position_accuracy`,
    whether the cell that brightens most truly does, or nearly (90%); and where the data has
    `distractors` [K, F], `choice_accuracy`, whether the truth is nearer to G's frame than each of them:
    the paper's test.

    Args:
        spec: of sequences, [T, F], T at least 2.
        hidden: units of G's layers.
        num_layers: of G.
        discriminator_hidden: units of D; as G's if not given.
        adversarial_weight, reconstruction_weight: of L_G's terms.
        norm: p, 1 or 2.
        learning_rate: of G's Adam.
        discriminator_learning_rate: of D's; G's if not given.
        first_moment: of both.
        max_grad_norm: that gradients are cut to.

    Raises:
        ValueError: for data that is no sequence or is too short, or another norm.
    """
    if spec.entry != "sequence" or spec.shape[0] < 2:
        raise ValueError(
            "context_rnn_gan needs sequences [T, F] of at least 2 steps, and these examples have "
            f"shape {tuple(spec.shape)}"
        )
    if norm not in (1, 2):
        raise ValueError(f"norm must be 1 or 2, got {norm}")
    length, features = spec.shape
    player = FeedbackRnn(features, hidden, num_layers, "gru", embed=False)
    generator = network(player, jnp.zeros((1, length, 0)))
    judge = ContextDiscriminator(hidden if discriminator_hidden is None else discriminator_hidden)
    discriminator = network(judge, jnp.zeros((1, length, features)))
    adversary = non_saturating()

    def predicted(variables, x):
        """The frames [B, T, F], each given the true ones before it; of the first nothing is asked."""
        z = jnp.zeros((*x.shape[:2], 0))
        return generator.apply(variables["generator"], z, x, x.shape[1], train=True)[0]

    def logits(variables, x, *candidate):
        """Of the steps that have a context, [B, T - 1]."""
        own = variables["discriminator"]
        return discriminator.apply(own, x, *candidate, train=True)[0][:, 1:]

    def discriminate(key, variables, batch):
        del key
        x = batch[spec.entry]
        real, fake = logits(variables, x), logits(variables, x, predicted(variables, x))
        return adversary.discriminator(real, fake).mean(), Aux(logit_metrics(real, fake))

    def generate(key, variables, batch):
        del key
        x = batch[spec.entry]
        y = predicted(variables, x)
        fake = logits(variables, x, y)
        fooled = adversary.generator(fake, fake).mean()
        distance = (jnp.abs(y - x)[:, 1:] ** norm).sum(-1).mean()
        loss = adversarial_weight * fooled + reconstruction_weight * distance
        return loss, Aux({"adversarial": fooled, "distance": distance})

    def forecast(key, variables, x, num_steps):
        del key
        z = jnp.zeros((len(x), x.shape[1] + num_steps, 0))
        y, _ = generator.apply(variables["generator"], z, x, x.shape[1], train=False)
        return y[:, x.shape[1] :]

    def evaluate(key, variables, batch):
        x = batch[spec.entry]
        y, last, before = forecast(key, variables, x[:, :-1], 1)[:, 0], x[:, -1], x[:, -2]
        error = jnp.square(y - last).sum(-1)
        found = {"error": error, "copy_error": jnp.square(before - last).sum(-1)}
        if spec.frame_side is not None:
            cell = jnp.argmax(y - before, axis=1)
            gain = jnp.take_along_axis(last - before, cell[:, None], axis=1)[:, 0]
            most = (last - before).max(axis=1)
            found["position_accuracy"] = (gain >= _NEARLY * most).astype(jnp.float32)
        if "distractors" in spec.extras:
            others = jnp.square(y[:, None] - batch["distractors"]).sum(-1)
            found["choice_accuracy"] = (error < others.min(axis=1)).astype(jnp.float32)
        return {**found, "negative_error": -error}

    def descent(rate):
        adam = optax.adam(rate, first_moment)
        return optax.chain(optax.clip_by_global_norm(max_grad_norm), adam)

    rate = learning_rate if discriminator_learning_rate is None else discriminator_learning_rate
    return game(
        {"generator": generator.start, "discriminator": discriminator.start},
        [
            Player(("discriminator",), discriminate, descent(rate)),
            Player(("generator",), generate, descent(learning_rate)),
        ],
        evaluate=evaluate,
        select="negative_error",
        forecast=forecast,
    )
