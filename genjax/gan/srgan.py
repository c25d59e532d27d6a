"""SRGAN of Ledig et al., 2017: super-resolution that looks like a picture, and not like a mean of some.

A curriculum of two. First G enlarges by squared error alone (SRResNet); then, with f a discriminator's
logits, phi the features of a network that is not trained any more, x an image and y = G(reduced(x)),

    discriminator:  -log sigmoid(f(x)) - log(1 - sigmoid(f(y)))
    generator:      mean (phi(x) - phi(y))^2 + 10^-3 (-log sigmoid(f(y)))

(arXiv:1609.04802, equations 2 to 6; low resolution in [0, 1], high in [-1, 1]).
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Player, Spec, Stage, carry_over, check_at_least, game
from genjax.gan.perceptual_features import find_features
from genjax.gan.telling_apart import tell_apart
from genjax.losses import (
    crop_to_multiple,
    enlarge,
    enlargement_quality,
    low_resolution,
    non_saturating,
    perceptual_distance,
)
from genjax.nets import (
    network,
    super_resolution_discriminator,
    super_resolution_resnet,
)

_OWN_RATE = 1e-3  # of the Adam of the features that are learned here


def srgan(
    spec: Spec,
    *,
    scale: int = 4,
    pretraining_rounds: int = 2000,
    content_weight: float = 1.0,
    adversarial_weight: float = 1e-3,
    vgg: str | None = None,
    features: Callable[[jax.Array], jax.Array] | None = None,
    num_blocks: int | None = None,
    channels: int | None = None,
    discriminator_channels: int | None = None,
    residual: bool = False,
    learning_rate: float = 1e-4,
    decay_round: int | None = 100_000,
) -> tuple[Stage, ...]:
    """SRGAN (Ledig et al., 2017, arXiv:1609.04802), a curriculum whose first stage is SRResNet.

    The paper: a million steps of the first stage, 10^5 of the second and 10^5 more at a tenth of the
    rate, minibatches of 16 patches of 96x96. phi is VGG19's 5,4 there: pass a file of its weights as
    `vgg`. Without one, phi is a network of four convolutions and one halving that this model trains in
    the first stage, beside G, to tell by which quarter turn an image was turned (the task of Gidaris,
    Singh and Komodakis, 2018, arXiv:1803.07728), and then leaves as it is: it needs no labels, but has
    seen no more than these images, and of small patches of photographs it learned little: its distances
    are then near those of random convolutions.

    `evaluate` gives `psnr`, `psnr_gain` and `negative_squared_error`, as in `srresnet`, which
    adversarial training makes worse, and `perceptual_distance`, in phi, which it makes better.

    Args:
        spec: of grey or RGB images in [0, 1]; what `scale` leaves over is cut off.
        scale: how many times larger, a power of 2; the paper has 4.
        pretraining_rounds: of the first stage.
        content_weight: of the distance in phi, a mean over its places and channels.
        adversarial_weight: of the generator's other term.
        vgg: path of VGG19's weights by torchvision's names (.npz or .pth); None for none. Its features
            are divided by 12.75, as in the paper.
        features: phi as a function, images [B, H, W, C] in [0, 1] -> [B, ...]; not beside `vgg`.
        num_blocks, channels: of G. None: the paper's 16 and 64 from 96x96 on, 4 and 32 below.
        discriminator_channels: of its first layers. None: the paper's 64 from 96x96 on, 16 below; the
            dense layer has 16 times as many units. Sides are halved 4 times from 64 on, less below.
        residual: as in `srresnet`: whether G's output is added to the bicubic enlargement.
        learning_rate: of the Adams of G and of the discriminator.
        decay_round: of the second stage, from which on the rate is a tenth; None for never.

    Raises:
        ValueError: if the images cannot be enlarged so, or an option is out of range.
    """
    generator = super_resolution_resnet(
        "srgan", spec, scale, num_blocks=num_blocks, channels=channels, residual=residual
    )
    check_at_least(1, pretraining_rounds=pretraining_rounds)
    if vgg is not None and features is not None:
        raise ValueError("srgan takes vgg or features, and got both: leave one out")
    high = crop_to_multiple(jnp.zeros((1, *spec.shape)), scale)
    low = low_resolution(high, scale)
    enlarger = network(generator, low)
    discriminator = network(super_resolution_discriminator(spec, discriminator_channels), high)
    adversary = non_saturating()
    seer = find_features(vgg, features)

    def enlarged(variables, low, train):
        """[0, 1] or a little beyond, and the updates of the batch statistics."""
        y, updates = enlarger.apply(variables["generator"], low, train=train)
        return (enlarge(low, scale) if residual else 0.5) + 0.5 * y, updates

    def of_batch(variables, batch, train):
        x = crop_to_multiple(batch["image"], scale)
        return x, *enlarged(variables, low_resolution(x, scale), train)

    def square(key, variables, batch):
        del key  # it draws nothing
        x, y, updates = of_batch(variables, batch, True)
        return jnp.square(x - y).sum((1, 2, 3)).mean(), Aux({}, {"generator": updates})

    def learn_features(key, variables, batch):
        return seer.loss(key, variables, crop_to_multiple(batch["image"], scale))

    def discriminate(key, variables, batch):
        del key
        x, y, _ = of_batch(variables, batch, True)
        return tell_apart(adversary, discriminator, variables, (2 * x - 1,), (2 * y - 1,))

    def generate(key, variables, batch):
        del key
        x, y, updates = of_batch(variables, batch, True)
        content = perceptual_distance(lambda images: seer.see(variables, images), x, y).mean()
        heads, _ = discriminator.apply(variables["discriminator"], 2 * y - 1, train=True)
        fooled = adversary.generator(heads["logit"], heads["logit"]).mean()
        loss = content_weight * content + adversarial_weight * fooled
        metrics = {"content": content, "adversarial": fooled}
        return loss, Aux(metrics, {"generator": updates})

    def upscale(key, variables, x):
        del key
        return jnp.clip(enlarged(variables, x, False)[0], 0.0, 1.0)

    def evaluate(key, variables, batch):
        x = crop_to_multiple(batch["image"], scale)
        y = upscale(key, variables, low_resolution(x, scale))
        distance = perceptual_distance(lambda images: seer.see(variables, images), x, y)
        return {**enlargement_quality(x, y, scale), "perceptual_distance": distance}

    kept = {"generator": enlarger.start, **seer.networks}
    first = [Player(("generator",), square, optax.adam(learning_rate))]
    if seer.loss is not None:
        first.append(Player(("features",), learn_features, optax.adam(_OWN_RATE)))
    srresnet = game(
        kept, first, upscale=upscale, evaluate=evaluate, select="negative_squared_error"
    )
    rate = learning_rate
    if decay_round is not None:
        rate = optax.piecewise_constant_schedule(learning_rate, {decay_round: 0.1})
    adversarial = game(
        {**kept, "discriminator": discriminator.start},
        [
            Player(("discriminator",), discriminate, optax.adam(rate)),
            Player(("generator",), generate, optax.adam(rate)),
        ],
        upscale=upscale,
        evaluate=evaluate,
    )

    return Stage(srresnet, pretraining_rounds), Stage(adversarial, None, carry_over(adversarial))
