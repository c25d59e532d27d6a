"""ArtGAN of Tan et al., 2017: labels and an autoencoder in the discriminator (arXiv:1702.03410).

G draws an example of noise and a class; D has K class logits l(x), with S = log sum_k exp(l_k) the
logit of "real" (that of "fake" is 0), and a decoder R of its features. As the authors' code has it:

    D minimises  E[CE(l(x), y)] + E[softplus(-S(x))] + E[softplus(S(x'))] + |R(x) - x|^2 / 2
    G minimises  E[CE(l(x'), y)] + E[softplus(-S(x'))] + |R(x') - x'|^2 / 2,   x' = G(z, y)

so that the error of the label, and what D cannot rebuild of a fake, teach G.
"""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from genjax.core import Model, Spec, check_labels
from genjax.gan.classes import class_accuracy, class_loss, logit_of_classes
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.two_players import Side, network_range, two_players
from genjax.losses import non_saturating, realness
from genjax.nets import DcganDiscriminator, DcganGenerator, MlpGenerator, named_noise


class RebuildingDiscriminator(nn.Module):
    """A discriminator with a decoder of its features: its outputs, and `rebuilt` [B, *shape].

    Attributes:
        judge: `(x, train) -> heads`, with `features` [B, F].
        decoder: `(features, train) -> x`.
    """

    judge: nn.Module
    decoder: nn.Module

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> dict[str, jax.Array]:
        """x [B, *shape]."""
        heads = self.judge(x, train=train)
        return {**heads, "rebuilt": self.decoder(heads["features"], train=train)}


def artgan(
    spec: Spec,
    *,
    class_weight: float = 1.0,
    rebuilding_weight: float = 1.0,
    latent_dim: int = 100,
    prior: str = "uniform",
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    input_noise: float = 0.05,
    dropout_rate: float = 0.2,
    learning_rate: float = 2e-4,
    decay_at: int = 30_000,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """ArtGAN (Tan, Chan, Aguirre & Tanaka, 2017, arXiv:1702.03410); `condition` is the label.

    The objective and the rates are those of the authors' code, which is of the later paper ("Improved
    ArtGAN", Tan, Chan, Aguirre & Tanaka, 2019, arXiv:1708.09533). The first one has K + 1 sigmoids with
    binary cross-entropies in place of the softmax, a decoder that is the end of G, and RMSProp. Squared
    errors are means over all numbers of an example, in [-1, 1]. The code draws fakes at twice the size
    and averages pixels; here they are of the data's. With DCGAN's networks both decoders double pixels
    before they convolve, as the code does. Labels of fakes are the minibatch's.

    `evaluate` gives of each example `logit`, S, `accuracy` (0 or 1) and `rebuilding_error`, the mean
    squared error in the data's range.

    Args:
        spec: of vectors or images with labels; bits and images in [0, 1].
        class_weight: of the cross-entropies of labels, on both sides; 1 in the paper.
        rebuilding_weight: of the squared errors; 1 in the code.
        latent_dim: numbers in z, beside the label.
        prior: of z, `uniform` in [-1, 1] or `normal`.
        architecture: `mlp`, `dcgan` or none to choose by the data.
        hidden: widths of the MLPs' hidden layers; by the data if not given.
        width: of DCGAN; by the size of the image if not given.
        input_noise: deviation of the discriminator's noise on its input, in [-1, 1], in training.
        dropout_rate: of the discriminator's MLP, in training.
        learning_rate, first_moment: of both Adams.
        decay_at: the round from which the rate is a tenth.
        ema_decay: of the averaged generator that samples; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: if there are no labels, for an unknown name, or DCGAN for what is no image.
    """
    check_labels("artgan", spec)
    generator, rebuilding = generator_and_discriminator(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        width=width,
        num_classes=spec.num_classes,
        label_to_discriminator=False,
        heads={"class": spec.num_classes},
        upsampling="nearest",
        dropout_rate=dropout_rate,
        logit=False,
        around_discriminator=lambda judge: RebuildingDiscriminator(judge, _decoder(spec, judge)),
        precision=precision,
    )
    discriminator = logit_of_classes(rebuilding, realness, input_noise=input_noise)
    inward, _ = network_range(spec)

    def terms(side: Side, whose: str):
        by_class = class_loss(side)
        error = jnp.square(side.heads["rebuilt"] - side.x).mean()
        loss = class_weight * by_class + 0.5 * rebuilding_weight * error
        told = {"class_accuracy": class_accuracy(side), "rebuilding_error": error}
        return loss, {f"{whose}_{name}": value for name, value in told.items()}

    def evaluate(key, variables, batch):
        x = inward(batch[spec.entry])
        heads, _ = discriminator.apply(variables["discriminator"], x, train=False)
        scale = 1.0 if _is_free(spec) else 0.5  # of the data's range to the networks'
        error = jnp.square(scale * (heads["rebuilt"] - x))
        right = jnp.argmax(heads["class"], axis=1) == batch["label"]
        return {
            "logit": heads["logit"],
            "accuracy": right.astype(jnp.float32),
            "rebuilding_error": error.reshape(len(x), -1).mean(axis=1),
        }

    rate = optax.piecewise_constant_schedule(learning_rate, {decay_at: 0.1})
    return two_players(
        spec,
        generator,
        discriminator,
        named_noise(prior, latent_dim),
        adversary=non_saturating(),
        generator_optimizer=optax.adam(rate, first_moment),
        discriminator_optimizer=optax.adam(rate, first_moment),
        conditional=True,
        label_to_discriminator=False,
        discriminator_terms=lambda real, fake: terms(real, "real"),
        generator_terms=lambda real, fake: terms(fake, "fake"),
        ema_decay=ema_decay,
    )._replace(evaluate=evaluate)


def _decoder(spec: Spec, judge: nn.Module) -> nn.Module:
    """Of the features that this discriminator ends with: its mirror."""
    if isinstance(judge, DcganDiscriminator):
        return DcganGenerator(
            tuple(spec.shape), judge.width, upsampling="nearest", dtype=judge.dtype
        )
    widths: Sequence[int] = tuple(judge.hidden)[::-1]
    return MlpGenerator(tuple(spec.shape), widths, not _is_free(spec), dtype=judge.dtype)


def _is_free(spec: Spec) -> bool:
    """Whether examples are numbers of any size, not in [0, 1]."""
    return spec.num_levels is None and spec.entry == "vector"
