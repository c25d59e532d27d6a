"""AM-GAN of Zhou et al., 2018: each fake is to be of one class of the data (arXiv:1703.02000).

The discriminator tells K classes of real examples and, as class K + 1, fakes: with logits l(x),

    D minimises  E[CE(l(x), c)] + E[CE(l(G(z)), K + 1)]
    G minimises  E[CE(l(G(z)), k(z))],   k(z) = argmax_{k <= K} l_k(G(z))      (dynamic labelling)

where LabelGAN (Salimans et al., 2016, arXiv:1606.03498) has G minimise -log sum_{k <= K} p_k. With
S = log sum_{k <= K} exp(l_k) - l_{K+1}, CE(l, c) = softplus(-S) + CE of c among the K, and
CE(l, K + 1) = softplus(S): a usual discriminator of logit S, and a classifier. So it is written here.
"""

import optax

from genjax.core import Model, Spec, check_labels, check_name
from genjax.gan.classes import class_accuracy, class_loss, logit_of_classes
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.two_players import Side, two_players
from genjax.losses import dynamic_label, non_saturating, realness
from genjax.nets import named_noise

LABELLINGS = ("dynamic", "predefined", "none")


def am_gan(
    spec: Spec,
    *,
    labelling: str = "dynamic",
    latent_dim: int = 100,
    prior: str = "normal",
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    input_noise: float = 0.1,
    dropout_rate: float = 0.3,
    learning_rate: float = 4e-4,
    decay_steps: int = 1_000_000,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """AM-GAN (Zhou, Cai, Rong, Song, Ren, Zhang, Yu & Wang, 2018, arXiv:1703.02000).

    With predefined labels the generator is told one, and `condition` is the label; else it is not
    conditional. `logit` is S. Here networks are an MLP, or DCGAN's: the paper's convolutions are 3x3,
    with dropout and an average over places before the head. Real and fake pass the discriminator one
    after the other, so that their batch statistics do not mix.

    Args:
        spec: of vectors or images with labels; bits and images in [0, 1].
        labelling: of fakes: `dynamic` (the class that each is nearest to), `predefined` (the one that
            the generator was told) or `none` (any: LabelGAN).
        latent_dim: numbers in z.
        prior: of z, `normal` or `uniform`.
        architecture: `mlp`, `dcgan` or none to choose by the data.
        hidden: widths of the MLPs' hidden layers; by the data if not given.
        width: of DCGAN; by the size of the image if not given.
        input_noise: deviation of the discriminator's noise on its input, in [-1, 1].
        dropout_rate: of the discriminator's MLP, in training.
        learning_rate, first_moment: of both Adams.
        decay_steps: over which the rate falls linearly to 0.
        ema_decay: of the averaged generator that samples; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: if there are no labels, for an unknown name, or DCGAN for what is no image.
    """
    check_labels("am_gan", spec)
    check_name("labelling", labelling, LABELLINGS)
    predefined = labelling == "predefined"
    generator, classifier = generator_and_discriminator(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        width=width,
        num_classes=spec.num_classes if predefined else 0,
        label_to_discriminator=False,
        heads={"class": spec.num_classes + 1},
        dropout_rate=dropout_rate,
        logit=False,
        precision=precision,
    )
    discriminator = logit_of_classes(
        classifier, lambda logits: realness(logits[:, :-1]) - logits[:, -1], input_noise=input_noise
    )

    def of_real(side: Side) -> Side:
        """With the logits of the K classes of the data."""
        return side._replace(heads={**side.heads, "class": side.heads["class"][:, :-1]})

    def of_discriminator(real: Side, fake: Side):
        del fake
        real = of_real(real)
        return class_loss(real), {"real_class_accuracy": class_accuracy(real)}

    def of_generator(real: Side, fake: Side):
        del real
        if labelling == "none":
            return 0.0, {}
        if not predefined:
            fake = fake._replace(label=dynamic_label(fake.heads["class"]))
        by_class = class_loss(of_real(fake))
        return by_class, {"class_loss": by_class}

    optimizer = optax.adam(optax.linear_schedule(learning_rate, 0.0, decay_steps), first_moment)
    return two_players(
        spec,
        generator,
        discriminator,
        named_noise(prior, latent_dim),
        adversary=non_saturating(),
        generator_optimizer=optimizer,
        discriminator_optimizer=optimizer,
        conditional=predefined,
        label_to_discriminator=False,
        discriminator_terms=of_discriminator,
        generator_terms=of_generator,
        ema_decay=ema_decay,
    )
