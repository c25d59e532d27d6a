"""Improved GAN of Salimans et al., 2016: a classifier of few labels is the discriminator.

K class logits l(x) make a classifier of K + 1 classes, whose last, "generated", has the logit 0: with
S = log sum_k exp(l_k), D(x) = sigmoid(S(x)) (arXiv:1606.03498, section 5; the halves are of the code):

    D minimises  E_labelled[S(x) - l_y(x)] + (E[-log D(x)] + E[-log(1 - D(G(z)))]) / 2
    G minimises  |E h(x) - E h(G(z))|^2, h the last hidden layer        (feature matching, section 3.1)
"""

import math

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Ema, Player, Spec, Stage, check_labels, check_name, game
from genjax.gan.classes import class_loss
from genjax.gan.labelled import labelled_examples, with_labels
from genjax.gan.two_players import Side, generator_functions, network_range, noise_latents
from genjax.losses import (
    feature_matching,
    historical_averaging,
    logit_metrics,
    minimax,
    non_saturating,
    realness,
)
from genjax.nets import NoisyClassifier, SoftplusGenerator, network, uniform_noise

_REFERENCE = 100  # latents in the batch of virtual batch normalisation
OBJECTIVES = ("feature_matching", "minimax")


def improved_gan(
    spec: Spec,
    *,
    labels_per_class: int = 10,
    generator_loss: str = "feature_matching",
    feature_norm: str = "l2",
    unlabelled_weight: float = 1.0,
    real_label: float = 1.0,
    historical_weight: float = 0.0,
    minibatch_kernels: int = 0,
    generator_norm: str = "batch",
    weight_norm: bool = True,
    hidden: tuple[int, ...] | None = None,
    generator_hidden: tuple[int, ...] | None = None,
    input_noise: float = 0.6,
    hidden_noise: float = 0.5,
    latent_dim: int = 100,
    learning_rate: float = 3e-3,
    first_moment: float = 0.5,
    ema_decay: float = 0.9999,
    precision: str = "float32",
) -> tuple[Stage, ...]:
    """Improved GAN (Salimans et al., 2016, arXiv:1606.03498), semi-supervised, and its techniques.

    Labels are shown of `labels_per_class` examples of each class alone: they are chosen once, among up
    to 10,000 training examples, and a minibatch of them is drawn beside each minibatch without labels.
    A stage begins with a look at the data, so a first one, of one round, plays without labels.

    `evaluate` gives `accuracy` (of the class of the largest logit, 0 or 1) and `logit`, S, both by the
    averaged classifier. The latest checkpoint is used: to choose one would take labels.

    These are the paper's networks for MNIST, fully connected; its convolutional ones for CIFAR-10 and
    SVHN are not here.

    Args:
        spec: of vectors or images with labels; bits and images in [0, 1].
        labels_per_class: 10 is the paper's 100 labels of MNIST.
        generator_loss: `feature_matching`, or `minimax` (E log(1 - D(G(z))), what the code has with
            minibatch discrimination).
        feature_norm: `l2` (the code for MNIST) or `l1` (for CIFAR-10 and SVHN).
        unlabelled_weight: of the second part of D's loss; 0 leaves a supervised classifier.
        real_label: below 1 (0.9) for one-sided label smoothing (section 3.4).
        historical_weight: of |parameters - their mean until now|^2, on both sides (section 3.3).
        minibatch_kernels: of minibatch discrimination (section 3.2), 50 in the code for MNIST; 0: none.
        generator_norm: of the MLP: `batch`, or `virtual` (section 3.5; in the generator alone, as in
            the paper).
        weight_norm: whether the classifier's weights are normalised, and start from the first
            minibatch.
        hidden: widths of the classifier; None: the paper's (1000, 500, 250, 250, 250) from 784 numbers
            on, (256, 128, 128) below.
        generator_hidden: widths; None: the paper's (500, 500), (128, 128) below.
        input_noise: deviation of the classifier's noise on its input, which for images is in [-1, 1]:
            the paper's is 0.3 in [0, 1].
        hidden_noise: of that on its hidden layers.
        latent_dim: numbers in z, uniform in [0, 1].
        learning_rate, first_moment: of both Adams.
        ema_decay: of the averaged classifier; at step t it is at most (1 + t) / (10 + t), for the
            average starts with the first parameters (the code's starts from 0, uncorrected).
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: if there are no labels, or for what does not fit.
    """
    check_labels("improved_gan", spec)
    labelled = labelled_examples(spec, labels_per_class)
    check_name("generator_loss", generator_loss, OBJECTIVES)
    check_name("generator_norm", generator_norm, ("batch", "virtual"))
    noise = uniform_noise(latent_dim, 0.0, 1.0)
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
    small = math.prod(spec.shape) < 784
    classifier = NoisyClassifier(
        hidden or ((256, 128, 128) if small else (1000, 500, 250, 250, 250)),
        spec.num_classes,
        input_noise,
        hidden_noise,
        minibatch_kernels,
        weight_norm,
        dtype,
    )
    generator = SoftplusGenerator(
        tuple(spec.shape),
        generator_hidden or ((128, 128) if small else (500, 500)),
        not (spec.num_levels is None and spec.entry == "vector"),
        (lambda key: noise.sample(key, _REFERENCE)) if generator_norm == "virtual" else None,
        dtype,
    )
    generator = network(generator, jnp.zeros((1, latent_dim)))
    discriminator = network(classifier, jnp.zeros((1, *spec.shape)))
    inward, _ = network_range(spec)
    adversary = non_saturating(real_label)
    decode, sample = generator_functions(spec, generator, noise)

    def start(key, batch):  # from data: the first minibatch's, disturbed as in training
        key_params, key_noise = jax.random.split(key)
        rngs = {"params": key_params, "noise": key_noise}
        return classifier.init(rngs, inward(batch[spec.entry]), train=True)

    def fakes(key, variables, num):
        key_latents, key_network = jax.random.split(key)
        z = noise.sample(key_latents, num)
        return generator.apply(variables["generator"], z, train=True, key=key_network)

    def judge(key, variables, x, train=True):
        heads, _ = discriminator.apply(variables["discriminator"], x, train=train, key=key)
        return {**heads, "logit": realness(heads["class"])}

    def discriminate(key, variables, batch):
        key_rows, key_labelled, key_fakes, key_real, key_fake = jax.random.split(key, 5)
        real = inward(batch[spec.entry])
        known, label = labelled.draw(key_rows, variables, len(real))
        by_class = class_loss(Side(known, judge(key_labelled, variables, inward(known)), label))
        fake, _ = fakes(key_fakes, variables, len(real))
        on_real = judge(key_real, variables, real)["logit"]
        on_fake = judge(key_fake, variables, fake)["logit"]
        losses = 0.5 * adversary.discriminator(on_real, on_fake)
        told = {**logit_metrics(on_real, on_fake), "class_loss": by_class}
        return by_class + unlabelled_weight * losses.mean(), Aux(told)

    def generate(key, variables, batch):
        key_fakes, key_real, key_fake = jax.random.split(key, 3)
        real = inward(batch[spec.entry])
        fake, updates = fakes(key_fakes, variables, len(real))
        on_fake = judge(key_fake, variables, fake)
        if generator_loss == "minimax":
            loss = minimax().generator(None, on_fake["logit"]).mean()
        else:
            on_real = judge(key_real, variables, real)
            loss = feature_matching(on_real["features"], on_fake["features"], norm=feature_norm)
        return loss, Aux({}, {"generator": updates})

    def evaluate(key, variables, batch):
        x = inward(batch[spec.entry])
        heads = judge(key, variables, x, train=False)
        right = jnp.argmax(heads["class"], axis=1) == batch["label"]
        return {"accuracy": right.astype(jnp.float32), "logit": heads["logit"]}

    optimizer = optax.adam(learning_rate, first_moment)
    if historical_weight:
        optimizer = optax.chain(historical_averaging(historical_weight), optimizer)

    model = game(
        {"generator": generator.start, "discriminator": start, **labelled.networks},
        [
            Player(("discriminator",), discriminate, optimizer),
            Player(("generator",), generate, optimizer),
        ],
        ema=Ema(("discriminator",), lambda t: jnp.minimum(ema_decay, (1 + t) / (10 + t))),
        sample=sample,
        decode=decode,
        evaluate=evaluate,
        latents=noise_latents(noise),
    )
    return with_labels(labelled, model)
