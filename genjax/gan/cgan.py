"""Conditional GAN of Mirza and Osindero, 2014: both sides are told the label (arXiv:1411.1784).

    min_G max_D  E_(x,y)[log D(x | y)] + E_(y,z)[log(1 - D(G(z | y) | y))]      (equation 2)

with the generator's non-saturating form. A fake is judged by the label that it was made with, and these
labels are the minibatch's own, so that p(y) is the data's on both sides.
"""

import optax

from genjax.core import Model, Spec, check_labels
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.two_players import two_players
from genjax.losses import non_saturating
from genjax.nets import named_noise


def cgan(
    spec: Spec,
    *,
    latent_dim: int = 100,
    prior: str = "uniform",
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    maxout_pieces: int = 1,
    dropout_rate: float = 0.0,
    learning_rate: float = 2e-4,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """Conditional GAN (Mirza & Osindero, 2014, arXiv:1411.1784); `condition` is the label.

    The label is one-hot beside z and beside the example, and in DCGAN beside the input of every layer
    (as in that paper's code for MNIST). The paper's MLPs have a layer of their own for the label,
    maxout units and dropout, and are trained by gradient descent with momentum; here it is Adam.

    Args:
        spec: of vectors or images with labels; bits and images in [0, 1].
        latent_dim: numbers in z.
        prior: of z, `uniform` in [-1, 1] or `normal`.
        architecture: `mlp` as in the paper, `dcgan`, or none to choose by the data.
        hidden: widths of the MLPs' hidden layers; by the data if not given.
        width: of DCGAN; by the size of the image if not given.
        maxout_pieces: of each unit of the discriminator's MLP, 5 in the paper; 1 for leaky ReLUs.
        dropout_rate: of the discriminator's MLP, in training; 0.5 in the paper.
        learning_rate, first_moment: of both Adams.
        ema_decay: of the averaged generator that samples; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: if there are no labels, for an unknown name, or DCGAN for what is no image.
    """
    check_labels("cgan", spec)
    generator, discriminator = generator_and_discriminator(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        width=width,
        num_classes=spec.num_classes,
        maxout_pieces=maxout_pieces,
        dropout_rate=dropout_rate,
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
        conditional=True,
        ema_decay=ema_decay,
    )
