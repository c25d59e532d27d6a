"""Wasserstein GAN with gradient penalty of Gulrajani et al., 2017 (arXiv:1704.00028).

    critic:     minimises E_z[f(G(z))] - E_x[f(x)] + lambda E_u[(|grad f(u)| - 1)^2]
    generator:  minimises -E_z[f(G(z))]

u lies at a random place between a real example and a fake one (equation 3). No norm in the critic may
mix
examples: the penalty is of each example's own gradient.
"""

import functools

import optax

from genjax.core import Model, Spec
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.two_players import two_players
from genjax.losses import gradient_penalty, wasserstein
from genjax.nets import named_noise


def wgan_gp(
    spec: Spec,
    *,
    penalty_weight: float = 10.0,
    one_sided: bool = False,
    critic_turns: int = 5,
    latent_dim: int = 128,
    prior: str = "normal",
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    learning_rate: float = 1e-4,
    first_moment: float = 0.5,
    second_moment: float = 0.9,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """WGAN-GP (Gulrajani et al., 2017, arXiv:1704.00028).

    Algorithm 1's Adam has moments (0, 0.9); the authors' code for MNIST and toys has (0.5, 0.9), and a
    penalty of 0.1 for the toys.

    Args:
        spec: of vectors or images; bits and images in [0, 1].
        penalty_weight: lambda.
        one_sided: whether only gradients longer than 1 are punished (section 4).
        critic_turns: minibatches of the critic in a round.
        latent_dim: numbers in z.
        prior: of z, `normal` or `uniform`.
        architecture: `mlp`, `dcgan`, or none to choose by the data.
        hidden: widths of an MLP's hidden layers; the authors' toys have (512, 512, 512). By the data if
            not given.
        width: of DCGAN; by the size of the image if not given.
        learning_rate, first_moment, second_moment: of both Adams.
        ema_decay: of the averaged generator that samples; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for an unknown name, or DCGAN for what is no image.
    """
    generator, critic = generator_and_discriminator(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        width=width,
        discriminator_norm="none",
        precision=precision,
    )
    optimizer = optax.adam(learning_rate, first_moment, second_moment)
    return two_players(
        spec,
        generator,
        critic,
        named_noise(prior, latent_dim),
        adversary=wasserstein(),
        generator_optimizer=optimizer,
        discriminator_optimizer=optimizer,
        penalty=functools.partial(gradient_penalty, one_sided=one_sided),
        penalty_weight=penalty_weight,
        discriminator_turns=critic_turns,
        ema_decay=ema_decay,
    )
