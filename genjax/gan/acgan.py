"""AC-GAN of Odena, Olah and Shlens, 2017: the discriminator tells the class (arXiv:1610.09585).

Only the generator is given the label c; the discriminator has a second head P(c | x):

    L_S = E[log D(x)] + E[log(1 - D(G(z, c)))]          (equation 2)
    L_C = E[log P(c | x)] + E[log P(c | G(z, c))]       (equation 3)

D maximises L_S + L_C, and G maximises L_C - L_S, in its non-saturating form.
"""

import optax

from genjax.core import Model, Spec, check_labels
from genjax.gan.classes import class_accuracy, class_loss
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.two_players import Side, two_players
from genjax.losses import non_saturating
from genjax.nets import named_noise


def acgan(
    spec: Spec,
    *,
    latent_dim: int = 100,
    prior: str = "normal",
    class_weight: float = 1.0,
    class_of_fakes: bool = True,
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    dropout_rate: float = 0.0,
    learning_rate: float = 2e-4,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """AC-GAN (Odena, Olah & Shlens, 2017, arXiv:1610.09585); `condition` is the label.

    The paper's discriminator has a dropout of 0.5 after each layer and noise on its activations; here
    dropout is an option of the MLP, and DCGAN's networks have none. Real and fake pass it one after the
    other, so that their batch statistics do not mix. Labels of fakes are the minibatch's.

    Args:
        spec: of vectors or images with labels; bits and images in [0, 1].
        latent_dim: numbers in z, beside the label.
        prior: of z, `normal` or `uniform`.
        class_weight: of L_C, on both sides; 1 in the paper.
        class_of_fakes: whether the discriminator learns the classes of fakes too, as in the paper;
            without them the head is a classifier of the data alone, and labels are obeyed sooner.
        architecture: `mlp`, `dcgan` or none to choose by the data.
        hidden: widths of the MLPs' hidden layers; by the data if not given.
        width: of DCGAN; by the size of the image if not given.
        dropout_rate: of the discriminator's MLP, in training.
        learning_rate, first_moment: of both Adams.
        ema_decay: of the averaged generator that samples; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: if there are no labels, for an unknown name, or DCGAN for what is no image.
    """
    check_labels("acgan", spec)
    generator, discriminator = generator_and_discriminator(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        width=width,
        num_classes=spec.num_classes,
        label_to_discriminator=False,
        heads={"class": spec.num_classes},
        dropout_rate=dropout_rate,
        precision=precision,
    )

    def of_discriminator(real: Side, fake: Side):
        loss = class_loss(real) + (class_loss(fake) if class_of_fakes else 0.0)
        told = {"real_class_accuracy": class_accuracy(real)}
        return class_weight * loss, {**told, "fake_class_accuracy": class_accuracy(fake)}

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
        label_to_discriminator=False,
        discriminator_terms=of_discriminator,
        generator_terms=lambda real, fake: (class_weight * class_loss(fake), {}),
        ema_decay=ema_decay,
    )
