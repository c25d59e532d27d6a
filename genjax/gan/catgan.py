"""CatGAN of Springenberg, 2016: a classifier without labels is the discriminator (arXiv:1511.06390).

It is to be sure of the class of each real example and unsure of fakes, and use all its K classes alike;
with p = softmax(l), H[.] its entropy and p_X, p_G its means over the data and over fakes,

    D minimises  E[H[p(x)]] - H[p_X] - E[H[p(G(z))]]   (+ weight E_labelled[CE(l(x), y)])
    G minimises  E[H[p(G(z))]] - H[p_G]

There is no decision between real and fake: the `logit` of an example is here its certainty, -H[p(x)].
"""

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Spec, Stage, check_at_least
from genjax.gan.classes import class_loss, logit_of_classes
from genjax.gan.labelled import labelled_examples, with_labels
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.two_players import Side, network_range, two_players
from genjax.losses import entropy, marginal_entropy, wasserstein
from genjax.nets import named_noise


def catgan(
    spec: Spec,
    *,
    num_clusters: int | None = None,
    labels_per_class: int = 0,
    class_weight: float = 1.0,
    marginal_weight: float = 1.0,
    latent_dim: int = 128,
    prior: str = "normal",
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    discriminator_hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    input_noise: float = 0.3,
    dropout_rate: float = 0.0,
    learning_rate: float = 2e-4,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model | tuple[Stage, ...]:
    """CatGAN (Springenberg, 2016, arXiv:1511.06390); `clusters` are the classes that it has found.

    Its metric `marginal_entropy` is of a minibatch: a small one, of few examples a class, has less than
    log K. Fakes end up in classes as sure as the data's, for the generator wins: their entropy says
    nothing. The paper's networks for MNIST are MLPs of 1000, 500, 250, 250, 250 units with batch
    normalisation and noise on each layer; here noise is on the input alone.

    With `labels_per_class` it is semi-supervised: so many examples of each class, chosen once among up
    to 10,000, are shown with their labels, and `evaluate` gives `accuracy` too. Without, the labels are
    not looked at.

    Args:
        spec: of vectors or images; bits and images in [0, 1].
        num_clusters: K. None: as many as there are classes (their number alone), or 10. The paper has
            20 for MNIST where it does not see labels.
        labels_per_class: 0 for none; 10 is the paper's 100 labels of MNIST.
        class_weight: of their cross-entropy.
        marginal_weight: of H[p_X] and H[p_G]; 1 in the paper, and without it classes are left empty.
        latent_dim: numbers in z.
        prior: of z, `normal` or `uniform`.
        architecture: `mlp`, `dcgan` or none to choose by the data.
        hidden: widths of the MLPs' hidden layers; by the data if not given.
        discriminator_hidden: of the discriminator's, if they differ.
        width: of DCGAN; by the size of the image if not given.
        input_noise: deviation of the discriminator's noise on its input, in [-1, 1], in training.
        dropout_rate: of the discriminator's MLP, in training.
        learning_rate, first_moment: of both Adams.
        ema_decay: of the averaged generator that samples; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for fewer than 2 clusters, labels that there are not, another number of clusters
            than of classes with labels, an unknown name, or DCGAN for what is no image.
    """
    clusters = num_clusters or spec.num_classes or 10
    check_at_least(2, num_clusters=clusters)
    if labels_per_class and spec.num_classes != clusters:
        raise ValueError(
            f"labels_per_class={labels_per_class} needs as many clusters as classes, got "
            f"{clusters} and {spec.num_classes}"
        )
    generator, classifier = generator_and_discriminator(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        discriminator_hidden=discriminator_hidden,
        width=width,
        heads={"class": clusters},
        dropout_rate=dropout_rate,
        logit=False,
        precision=precision,
    )
    discriminator = logit_of_classes(
        classifier, lambda logits: -entropy(logits), input_noise=input_noise
    )
    inward, _ = network_range(spec)

    def evenness(side: Side):
        spread = marginal_entropy(side.heads["class"])
        return -marginal_weight * spread, {"marginal_entropy": spread}

    def read(variables, x, train=False, key=None):
        own = variables["discriminator"]
        heads, _ = discriminator.apply(own, inward(x), train=train, key=key)
        return heads["class"]

    def model(networks=None, objective=None) -> Model:
        return two_players(
            spec,
            generator,
            discriminator,
            named_noise(prior, latent_dim),
            # H of real examples less H of fakes is a critic's loss of the certainty.
            adversary=wasserstein(),
            generator_optimizer=optax.adam(learning_rate, first_moment),
            discriminator_optimizer=optax.adam(learning_rate, first_moment),
            discriminator_terms=lambda real, fake: evenness(real),
            generator_terms=lambda real, fake: evenness(fake),
            ema_decay=ema_decay,
            networks=networks,
            discriminator_objective=objective,
        )._replace(clusters=lambda key, variables, x: jax.nn.log_softmax(read(variables, x)))

    if not labels_per_class:
        return model()
    labelled = labelled_examples(spec, labels_per_class)

    def by_label(key, variables, batch):
        key_rows, key_network = jax.random.split(key)
        x, label = labelled.draw(key_rows, variables, len(batch[spec.entry]))
        logits = read(variables, x, True, key_network)
        loss = class_loss(Side(x, {"class": logits}, label))
        return class_weight * loss, Aux({"class_loss": loss})

    of_certainty = model().evaluate

    def evaluate(key, variables, batch):
        right = jnp.argmax(read(variables, batch[spec.entry]), axis=1) == batch["label"]
        return {"accuracy": right.astype(jnp.float32), **of_certainty(key, variables, batch)}

    return with_labels(labelled, model(labelled.networks, by_label)._replace(evaluate=evaluate))
