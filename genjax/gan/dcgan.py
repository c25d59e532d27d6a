"""DCGAN of Radford, Metz and Chintala, 2016: a convolutional GAN that trains (arXiv:1511.06434).

The non-saturating game between networks of strided convolutions with batch normalisation, ReLU in the
generator, leaky ReLU in the discriminator, weights from N(0, 0.02^2), and Adam at 2e-4 with a first
moment of 0.5. Its latents do arithmetic: decode(mean z of men with glasses - of men + of women).
"""

import optax

from genjax.core import Model, Spec
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.two_players import two_players
from genjax.losses import non_saturating
from genjax.nets import named_noise


def dcgan(
    spec: Spec,
    *,
    latent_dim: int = 100,
    prior: str = "uniform",
    width: int | None = None,
    upsampling: str = "transposed",
    learning_rate: float = 2e-4,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """DCGAN (Radford, Metz & Chintala, 2016, arXiv:1511.06434).

    In a round each side takes a turn on one minibatch; in the authors' code every minibatch updates one
    of them. Batch statistics are running averages where it samples, and the minibatch's own there in
    the authors' code.

    Args:
        spec: of images in [0, 1], of any size.
        latent_dim: numbers in z.
        prior: of z, `uniform` in [-1, 1] as in the paper, or `normal`.
        width: channels of the generator's last and the discriminator's first map. None: the paper's 128
            from 64x64 on, 64 from 32x32 on, 32 below.
        upsampling: `transposed` as in the paper, `nearest` or `pixel_shuffle`.
        learning_rate, first_moment: of both Adams.
        ema_decay: of the averaged generator that samples; the paper has none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: if the data is no images, or for an unknown name.
    """
    generator, discriminator = generator_and_discriminator(
        spec,
        latent_dim,
        architecture="dcgan",
        width=width,
        upsampling=upsampling,
        precision=precision,
    )
    optimizer = optax.adam(learning_rate, first_moment)
    return two_players(
        spec,
        generator,
        discriminator,
        named_noise(prior, latent_dim),
        adversary=non_saturating(),
        generator_optimizer=optimizer,
        discriminator_optimizer=optimizer,
        ema_decay=ema_decay,
    )
