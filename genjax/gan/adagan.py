"""AdaGAN of Tolstikhin et al., 2017: a mixture of GANs, each trained on what the others miss.

Component t is trained on the data with weights  w_i = max(lambda - (1 - beta) h_i, 0) / (N beta), where
h_i = (1 - d_i) / d_i, d a classifier of data and of the mixture of the components before, and lambda is
such that the weights sum to 1. It enters the mixture with weight beta = 1 / t, the others keep 1 - beta
(arXiv:1701.02386).
"""

import optax

from genjax.core import Spec, Stage
from genjax.gan.boosting import boosted
from genjax.gan.gan import gan
from genjax.gan.networks import generator_and_discriminator


def adagan(
    spec: Spec,
    *,
    num_components: int = 10,
    component_rounds: int = 15_000,
    classifier_rounds: int = 5_000,
    component_weight: float | None = None,
    pool: int = 4,
    loss: str = "non_saturating",
    latent_dim: int = 5,
    prior: str = "normal",
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    discriminator_hidden: tuple[int, ...] | None = None,
    classifier_hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    learning_rate: float = 1e-3,
    discriminator_learning_rate: float = 4e-4,
    classifier_learning_rate: float = 8e-4,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> tuple[Stage, ...]:
    """AdaGAN (Tolstikhin, Gelly, Bousquet, Simon-Gabriel & Schoelkopf, 2017, arXiv:1701.02386).

    A stage trains a component, `genjax.gan.gan` with these options; the next one trains the classifier
    of data and mixture, from the start each time, and so on. A component's first act is to find lambda
    on the training examples (up to 64,000). Weights are then a function of the example, by the
    classifier, which stands still: the rows of a minibatch are drawn by them from `pool` minibatches.
    So they are those of what is really seen of a set that is drawn anew in each step, or flipped; a
    pool in place of the whole set is the one approximation. `sample` draws a component by its weight
    for each example, and then from it.

    Rounds are the paper's for mixtures of Gaussians: 15 epochs of 64,000 examples at 64 a batch, and 5
    of the classifier. There the authors descend by plain gradients at rates .01, .004 and .008; Adam's
    rates here are a tenth of these.

    Args:
        spec: of vectors or images; bits and images in [0, 1].
        num_components: T.
        component_rounds: of each component but the last, which has what is left of the run.
        classifier_rounds: of each classifier.
        component_weight: beta of every component after the first; None: 1 / t, so that all weigh alike.
        pool: minibatches that one is drawn from, by weight.
        loss: of the components, see `gan`.
        latent_dim, prior, architecture, hidden, discriminator_hidden, width: see `gan`.
        classifier_hidden: widths of the classifier's hidden layers; None: as the discriminator's.
        learning_rate, discriminator_learning_rate: of the components' Adams.
        classifier_learning_rate: of the classifier's.
        first_moment: of all.
        ema_decay: of the averaged generators that sample; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for a number that is too small, a weight beyond (0, 1), or an unknown name.
    """
    look = {"architecture": architecture, "hidden": hidden, "width": width, "precision": precision}
    base = gan(
        spec,
        loss=loss,
        latent_dim=latent_dim,
        prior=prior,
        discriminator_hidden=discriminator_hidden,
        learning_rate=learning_rate,
        discriminator_learning_rate=discriminator_learning_rate,
        first_moment=first_moment,
        ema_decay=ema_decay,
        **look,
    )
    judge_hidden = classifier_hidden or discriminator_hidden
    _, classifier = generator_and_discriminator(
        spec, latent_dim, discriminator_hidden=judge_hidden, **look
    )
    return boosted(
        spec,
        base,
        classifier,
        optax.adam(classifier_learning_rate, first_moment),
        num_components=num_components,
        component_rounds=component_rounds,
        classifier_rounds=classifier_rounds,
        component_weight=component_weight,
        pool=pool,
    )
