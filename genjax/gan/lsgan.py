"""Least-squares GAN of Mao, Li, Xie, Lau, Wang and Smolley, 2017 (arXiv:1611.04076).

    D minimises  E_x[(f(x) - b)^2] / 2 + E_z[(f(G(z)) - a)^2] / 2
    G minimises  E_z[(f(G(z)) - c)^2] / 2

Fakes far on the right side of the boundary still have a gradient. With b - c = 1 and b - a = 2 the
generator minimises a Pearson chi-square divergence.
"""

import optax

from genjax.core import Model, Spec
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.two_players import two_players
from genjax.losses import least_squares
from genjax.nets import named_noise


def lsgan(
    spec: Spec,
    *,
    fake_label: float = 0.0,
    real_label: float = 1.0,
    aim: float = 1.0,
    latent_dim: int = 100,
    prior: str = "normal",
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    learning_rate: float = 2e-4,
    discriminator_learning_rate: float | None = None,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """LSGAN (Mao et al., 2017, arXiv:1611.04076).

    The paper's networks for 112x112 scenes are VGG-like, with z of 1024 numbers and rates of 1e-3; here
    they are DCGAN's or MLPs, by the data.

    Args:
        spec: of vectors or images; bits and images in [0, 1].
        fake_label, real_label, aim: a, b and c; (0, 1, 1) is equation 9, (-1, 1, 0) equation 8.
        latent_dim: numbers in z.
        prior: of z, `normal` or `uniform`.
        architecture: `mlp`, `dcgan`, or none to choose by the data.
        hidden: widths of an MLP's hidden layers; by the data if not given.
        width: of DCGAN; by the size of the image if not given.
        learning_rate: of Adam.
        discriminator_learning_rate: of the discriminator's, if it differs.
        first_moment: of both.
        ema_decay: of the averaged generator that samples; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for an unknown name, or DCGAN for what is no image.
    """
    generator, discriminator = generator_and_discriminator(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        width=width,
        precision=precision,
    )
    rate = learning_rate if discriminator_learning_rate is None else discriminator_learning_rate
    return two_players(
        spec,
        generator,
        discriminator,
        named_noise(prior, latent_dim),
        adversary=least_squares(fake_label, real_label, aim),
        generator_optimizer=optax.adam(learning_rate, first_moment),
        discriminator_optimizer=optax.adam(rate, first_moment),
        ema_decay=ema_decay,
    )
