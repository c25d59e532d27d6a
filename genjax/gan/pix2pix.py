"""pix2pix of Isola, Zhu, Zhou and Efros, 2017: paired images, a conditional GAN and an L1 distance.

With a an image, b its counterpart, f the discriminator's logits, one a patch, and G's only noise
dropout,

    discriminator:  -log sigmoid(f(a, b)) - log(1 - sigmoid(f(a, G(a)))),  mean over patches
    generator:      -log sigmoid(f(a, G(a))) + lambda |b - G(a)|,  mean over pixels

(arXiv:1611.07004, equations 1 to 4; images in [-1, 1]).
"""

import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Player, Spec, game
from genjax.gan.domains import find_domains, width_for
from genjax.gan.telling_apart import tell_apart
from genjax.losses import non_saturating
from genjax.nets import PatchDiscriminator, UNet, network, num_patch_layers


def pix2pix(
    spec: Spec,
    *,
    l1_weight: float = 100.0,
    adversarial_weight: float = 1.0,
    conditional: bool = True,
    patch_layers: int | None = None,
    norm: str = "minibatch",
    dropout_rate: float = 0.5,
    width: int | None = None,
    learning_rate: float = 2e-4,
    precision: str = "float32",
) -> Model:
    """pix2pix (Isola, Zhu, Zhou & Efros, 2017, arXiv:1611.07004).

    `translate` draws: dropout stays on, and batch norm takes the statistics of the minibatch at hand.
    `evaluate` gives `l1`, mean |b - G(a)| of images in [0, 1], and the mean logits of the
    discriminator, `logit` of (a, b) and `translated_logit` of (a, G(a)).

    The discriminator's loss is not halved: the paper says that it is, but its code halves the printed
    number alone. A player's turn translates anew, by other dropout than the player's before; the Torch
    code keeps the translations of a round, and the logits on them. Layers without a norm have biases,
    as in the authors' PyTorch code; the Torch code holds all biases of convolutions at 0.

    Args:
        spec: of images with `target`, the counterpart of each, of the same size.
        l1_weight: lambda, of the mean over pixels and channels.
        adversarial_weight: of the generator's other term; 0 leaves L1 alone (the paper's table 1).
        conditional: whether the discriminator sees a too (table 1's cGAN and GAN).
        patch_layers: of the discriminator, 0 to 6: a logit is of 1, 16, 34, 70, 142, 286 or 574 pixels
            a side. None: the paper's 3 from 64x64 on, fewer below.
        norm: `minibatch`, the paper's; `batch` (running statistics after training), `instance`, `none`.
        dropout_rate: of the generator's three innermost levels.
        width: channels of both networks' first layer; None: the paper's 64 from 128x128 on, 32, 16.
        learning_rate: of both Adams, whose first moment is 0.5.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for data without pairs, or what does not fit.
    """
    domain = find_domains("pix2pix", spec, paired=True)
    if not 0.0 <= dropout_rate < 1.0:
        raise ValueError(f"dropout_rate must be at least 0 and below 1, got {dropout_rate}")
    width = width_for(spec) if width is None else width
    layers = num_patch_layers(min(spec.shape[:2])) if patch_layers is None else patch_layers
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
    image, target = jnp.zeros((1, *spec.shape)), jnp.zeros((1, *domain.shape))
    generator = network(UNet(domain.shape[-1], width, None, norm, dropout_rate, dtype=dtype), image)
    discriminator = network(
        PatchDiscriminator(width, layers, norm, dtype), target, *([image] if conditional else [])
    )
    adversary = non_saturating()

    def translated(key, variables, a, train):
        return generator.apply(variables["generator"], 2 * a - 1, train=train, key=key)

    def seen(a, b):
        """What the discriminator reads of a pair; b in the networks' range."""
        return (b, 2 * a - 1) if conditional else (b,)

    def judge(variables, a, b, train):
        own = variables["discriminator"]
        return discriminator.apply(own, *seen(a, b), train=train)[0]["logit"]

    def both(batch):
        return batch["image"], 2 * batch["target"] - 1

    def discriminate(key, variables, batch):
        a, b = both(batch)
        fake, _ = translated(key, variables, a, True)
        return tell_apart(adversary, discriminator, variables, seen(a, b), seen(a, fake))

    def generate(key, variables, batch):
        a, b = both(batch)
        fake, updates = translated(key, variables, a, True)
        logit = judge(variables, a, fake, True)
        fooled = adversary.generator(logit, logit).mean()
        l1 = jnp.abs(b - fake).mean()
        loss = adversarial_weight * fooled + l1_weight * l1
        return loss, Aux({"adversarial": fooled, "l1": l1}, {"generator": updates})

    def translate(key, variables, x):
        return 0.5 * (translated(key, variables, x, False)[0] + 1)

    def evaluate(key, variables, batch):
        a, b = both(batch)
        fake, _ = translated(key, variables, a, False)
        logits = [judge(variables, a, x, False) for x in (b, fake)]
        real, translations = (each.reshape(len(a), -1).mean(1) for each in logits)
        l1 = 0.5 * jnp.abs(b - fake).reshape(len(a), -1).mean(1)
        return {"l1": l1, "logit": real, "translated_logit": translations}

    optimizer = optax.adam(learning_rate, b1=0.5)
    return game(
        {"generator": generator.start, "discriminator": discriminator.start},
        [
            Player(("discriminator",), discriminate, optimizer),
            Player(("generator",), generate, optimizer),
        ],
        translate=translate,
        evaluate=evaluate,
    )
