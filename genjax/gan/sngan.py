"""GAN with spectral normalisation of Miyato, Kataoka, Koyama and Yoshida, 2018 (arXiv:1802.05957).

    discriminator:  E_x[max(0, 1 - f(x))] + E_z[max(0, 1 + f(G(z)))]
    generator:      -E_z[f(G(z))]

f's weights are divided by their largest singular values, so that it cannot be steep. With labels, G's
batch norms are conditional and f(x, y) = w^T h(x) + e_y^T h(x) (Miyato and Koyama, 2018,
arXiv:1802.05637).
"""

import jax.numpy as jnp
import optax

from genjax.core import Model, Spec, check_labels
from genjax.gan.two_players import two_players
from genjax.losses import hinge
from genjax.nets import (
    MlpGenerator,
    ResnetDiscriminator,
    ResnetGenerator,
    SpectralMlpDiscriminator,
    named_noise,
    network,
    num_halvings,
)


def sngan(
    spec: Spec,
    *,
    conditional: bool = False,
    attention: bool = False,
    latent_dim: int = 128,
    width: int | None = None,
    hidden: tuple[int, ...] = (256, 256),
    discriminator_turns: int = 5,
    generator_batches: int = 2,
    learning_rate: float = 2e-4,
    first_moment: float = 0.0,
    second_moment: float = 0.9,
    decay_rounds: int = 50_000,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """SNGAN (Miyato et al., 2018, arXiv:1802.05957), with the schedule of its CIFAR-10 ResNet.

    Real and fake examples pass the discriminator one after the other, and each pass takes a step of
    the power iteration. The fakes' labels are the minibatch's (the paper draws them uniformly). Vectors
    have fully connected networks, and so have bits that are no image.

    Args:
        spec: of images of any size, or vectors.
        conditional: whether both networks are given `label`.
        attention: self-attention in both networks, where the side is half of the image's (Zhang et
            al., 2019, arXiv:1805.08318; their generator's weights are normalised too, here they are
            not).
        latent_dim: numbers in z.
        width: channels of the smallest maps of the networks. None: 256 in the generator and 128 in the
            discriminator for 32x32, as in the paper, and 64 at both ends of mirrored networks from
            64x64 on; 32 below, for the sake of CPUs.
        hidden: widths of the hidden layers for vectors.
        discriminator_turns: minibatches of the discriminator in a round.
        generator_batches: minibatches of fakes in a turn of the generator.
        learning_rate, first_moment, second_moment: of both Adams.
        decay_rounds: after how many the rates, falling linearly from the first, are 0.
        ema_decay: of the averaged generator that samples; the paper has none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: if labels are asked for and missing, or the data is neither images nor vectors.
    """
    if conditional:
        check_labels("conditional sngan", spec)
    num_classes = spec.num_classes if conditional else 0
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
    if spec.entry == "image":
        modules = _residual(spec.shape, width, attention, num_classes, dtype)
    elif spec.entry == "vector":
        bounded = spec.num_levels is not None
        modules = (
            MlpGenerator(spec.shape, hidden, bounded, num_classes, dtype=dtype),
            SpectralMlpDiscriminator(hidden, num_classes, dtype=dtype),
        )
    else:
        raise ValueError(f"sngan takes images or vectors, and these examples are {spec.entry}")
    generator, discriminator = _start(spec, latent_dim, *modules, num_classes)

    def optimizer(turns):
        rate = optax.linear_schedule(learning_rate, 0.0, decay_rounds * turns)
        return optax.adam(rate, first_moment, second_moment)

    return two_players(
        spec,
        generator,
        discriminator,
        named_noise("normal", latent_dim),
        adversary=hinge(),
        generator_optimizer=optimizer(1),
        discriminator_optimizer=optimizer(discriminator_turns),
        discriminator_turns=discriminator_turns,
        generator_batches=generator_batches,
        conditional=conditional,
        ema_decay=ema_decay,
    )


def _start(spec, latent_dim, generator, discriminator, num_classes):
    label = (jnp.zeros(1, jnp.int32),) if num_classes else ()
    z, x = jnp.zeros((1, latent_dim)), jnp.zeros((1, *spec.shape))
    return network(generator, z, *label), network(discriminator, x, *label)


def _residual(shape, width, attention, num_classes, dtype):
    steps, side = num_halvings(shape), max(shape[:2])
    level = 1 if attention and steps > 1 else 0
    if side >= 64:  # tables 4 to 6: channels double as sides are halved, up to 16 times
        width = width or 64
        down = [width * min(16, 2**step) for step in range(steps)]
        up = [down[-1], *down[::-1]]
        down = [*down, down[-1]]
    else:
        up = [width or (256 if side >= 32 else 32)] * (1 + steps)
        down = [width or (128 if side >= 32 else 32)] * max(4, 1 + steps)
    halving = min(steps, 2) if side < 64 else steps
    return (
        ResnetGenerator(tuple(shape), up, num_classes, attention_level=level, dtype=dtype),
        ResnetDiscriminator(down, halving, num_classes, attention_level=level, dtype=dtype),
    )
