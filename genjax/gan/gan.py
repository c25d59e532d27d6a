"""The generative adversarial network of Goodfellow et al., 2014, and the tips of ganhacks as options.

A generator G makes examples of noise z, a discriminator D tells them from data (arXiv:1406.2661):

    D maximises  E_x[log D(x)] + E_z[log(1 - D(G(z)))]            (equation 1)
    G minimises  E_z[log(1 - D(G(z)))]      in theory: `minimax`
      or maximises  E_z[log D(G(z))]        in practice: `non_saturating` (end of section 3)

At its optimum D = p / (p + q), and G's game is 2 JSD(p, q) - log 4.
"""

import optax

from genjax.core import Model, Spec, check_name
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.two_players import Tricks, two_players
from genjax.losses import PENALTIES, adversary
from genjax.nets import named_noise

_LOGISTIC = ("non_saturating", "minimax")


def gan(
    spec: Spec,
    *,
    loss: str = "non_saturating",
    latent_dim: int = 100,
    prior: str = "normal",
    architecture: str | None = "mlp",
    hidden: tuple[int, ...] | None = None,
    discriminator_hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    upsampling: str = "transposed",
    maxout_pieces: int = 1,
    dropout_rate: float = 0.0,
    learning_rate: float = 2e-4,
    discriminator_learning_rate: float | None = None,
    first_moment: float = 0.5,
    discriminator_optimizer: str = "adam",
    discriminator_turns: int = 1,
    penalty: str | None = None,
    penalty_weight: float = 1.0,
    real_labels: tuple[float, float] = (1.0, 1.0),
    fake_labels: tuple[float, float] = (0.0, 0.0),
    label_flip_rate: float = 0.0,
    instance_noise: float = 0.0,
    instance_noise_steps: int = 10_000,
    replay: int = 0,
    separate_batches: bool = True,
    generator_noise: float = 0.0,
    generator_dropout: float = 0.0,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """GAN (Goodfellow et al., 2014, arXiv:1406.2661), with any loss, penalty and tip of ganhacks.

    The paper's networks for MNIST are `hidden=1200,1200`, `discriminator_hidden=240,240`,
    `maxout_pieces=5`, dropout 0.5, and gradient descent with momentum; here Adam and leaky ReLUs are
    the default.

    Args:
        spec: of vectors or images; bits and images in [0, 1].
        loss: a name of `genjax.losses.ADVERSARIES` or `F_DIVERGENCES`.
        latent_dim: numbers in z.
        prior: of z, `normal` (tip 3) or `uniform` in [-1, 1].
        architecture: `mlp`, `dcgan`, or none to choose by the data (tip 7: convolutions for images).
        hidden: widths of the MLPs' hidden layers; by the data if not given.
        discriminator_hidden: of the discriminator's, if they differ.
        width: of DCGAN; by the size of the image if not given.
        upsampling: of DCGAN: `transposed`, `nearest` or `pixel_shuffle` (tip 5: gradients that are not
            sparse).
        maxout_pieces: of each unit of the discriminator's MLP; 1 for leaky ReLUs (tip 5).
        dropout_rate: of the discriminator's MLP, in training.
        learning_rate: of Adam.
        discriminator_learning_rate: of its optimizer, if it differs.
        first_moment: of Adam.
        discriminator_optimizer: `adam`, or `sgd` (tip 9), which keeps it from winning early.
        discriminator_turns: minibatches it trains on in a round (tip 14); more where it is too weak to
            teach.
        penalty: on the discriminator's gradient, a name of `genjax.losses.PENALTIES`, or none.
        penalty_weight: of it.
        real_labels, fake_labels, label_flip_rate, instance_noise, instance_noise_steps, replay: see
            `Tricks` (tips 6, 8 and 13). `real_labels=0.9,0.9` is one-sided smoothing.
        separate_batches: whether real and fake pass the discriminator one after the other, so that
            batch statistics do not mix (tip 4); with false they are one batch.
        generator_noise, generator_dropout: in every layer of the generator, in sampling too (tips 13
            and 17): where one input has many outputs.
        ema_decay: of the averaged generator that samples; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for an unknown name, or labels with a loss that has none.
    """
    pair = adversary(loss)
    tricks = Tricks(
        real_labels, fake_labels, label_flip_rate, instance_noise, instance_noise_steps, replay
    )
    if tricks[:3] != Tricks()[:3] and loss not in _LOGISTIC:
        raise ValueError(
            f"real_labels, fake_labels and label_flip_rate go with {' or '.join(_LOGISTIC)}, got the "
            f"loss {loss!r}"
        )
    if penalty is not None:
        check_name("penalty", penalty, PENALTIES)
    check_name("discriminator_optimizer", discriminator_optimizer, ("adam", "sgd"))
    generator, discriminator = generator_and_discriminator(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        discriminator_hidden=discriminator_hidden,
        width=width,
        upsampling=upsampling,
        # A gradient penalty is of one example's logit, which batch statistics make depend on others.
        discriminator_norm="batch" if penalty is None else "none",
        maxout_pieces=maxout_pieces,
        dropout_rate=dropout_rate,
        generator_noise=generator_noise,
        generator_dropout=generator_dropout,
        precision=precision,
    )
    rate = learning_rate if discriminator_learning_rate is None else discriminator_learning_rate
    descent = (
        optax.sgd(rate) if discriminator_optimizer == "sgd" else optax.adam(rate, first_moment)
    )
    return two_players(
        spec,
        generator,
        discriminator,
        named_noise(prior, latent_dim),
        adversary=pair,
        generator_optimizer=optax.adam(learning_rate, first_moment),
        discriminator_optimizer=descent,
        penalty=None if penalty is None else PENALTIES[penalty],
        penalty_weight=penalty_weight,
        discriminator_turns=discriminator_turns,
        joint=not separate_batches,
        ema_decay=ema_decay,
        tricks=tricks,
    )
