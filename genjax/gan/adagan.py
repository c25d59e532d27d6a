"""AdaGAN of Tolstikhin et al., 2017: a mixture of GANs, each trained on what the others miss.

Component t is trained on the data with weights  w_i = max(lambda - (1 - beta) h_i, 0) / (N beta), where
h_i = (1 - d_i) / d_i, d a classifier of data and of the mixture of the components before, and lambda is
such that the weights sum to 1. It enters the mixture with weight beta = 1 / t, the others keep 1 - beta
(arXiv:1701.02386).
"""

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Player, Spec, Stage, game, variables_for_sampling
from genjax.gan.gan import gan
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.two_players import network_range
from genjax.losses import (
    boosting_density,
    boosting_threshold,
    mixture_to_data_ratio,
    non_saturating,
)
from genjax.nets import Network

_MOST_EXAMPLES = 64_000  # of the paper's mixtures: as many as lambda is found on, at most
_AT_A_TIME = 500  # that the classifier sees together then


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
    for name, value in (
        ("num_components", num_components),
        ("component_rounds", component_rounds),
        ("classifier_rounds", classifier_rounds),
        ("pool", pool),
    ):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if component_weight is not None and not 0 < component_weight < 1:
        raise ValueError(
            f"component_weight must be between 0 and 1, or left out for 1 / t, got {component_weight}"
        )
    options = {
        "architecture": architecture,
        "hidden": hidden,
        "width": width,
        "precision": precision,
    }
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
        **options,
    )
    _, classifier = generator_and_discriminator(
        spec,
        latent_dim,
        discriminator_hidden=classifier_hidden or discriminator_hidden,
        **options,
    )
    return _curriculum(
        spec,
        base,
        classifier,
        optax.adam(classifier_learning_rate, first_moment),
        num_components=num_components,
        rounds=(component_rounds, classifier_rounds),
        component_weight=component_weight,
        pool=pool,
    )


def _curriculum(
    spec: Spec,
    base: Model,
    classifier: Network,
    classifier_optimizer: optax.GradientTransformation,
    *,
    num_components: int,
    rounds: tuple[int, int],
    component_weight: float | None,
    pool: int,
) -> tuple[Stage, ...]:
    """Components of the Model `base`, which keeps its generator in the network of that name.

    `components` are their generators, one behind the other, and `mixture` says what they weigh, which
    one is being trained, and what makes the weights of examples.
    """
    inward, _ = network_range(spec)
    adversary = non_saturating()

    def classify(variables, x, train):
        heads, updates = classifier.apply(variables["classifier"], inward(x), train=train)
        return heads["logit"].astype(jnp.float32), updates

    def sample(key, variables, num, condition=None):
        del condition  # there is none
        key_component, *keys = jax.random.split(key, 1 + num_components)
        mixture = variables["mixture"]
        log_weights = jnp.log(mixture["weights"])
        which = jax.random.categorical(key_component, log_weights, shape=(num,))
        components = _put(variables["components"], variables["generator"], mixture["current"])
        draw = lambda key, generator: base.sample(key, {"generator": generator}, num)
        drawn = jax.vmap(draw)(jnp.stack(keys), components)
        return drawn[which, jnp.arange(num)]

    def tell_apart(key, variables, batch):
        x = batch[spec.entry]
        on_real, updates = classify(variables, x, train=True)
        variables = {**variables, "classifier": {**variables["classifier"], **updates}}
        on_fake, updates = classify(variables, sample(key, variables, len(x)), train=True)
        metrics = {"accuracy": 0.5 * ((on_real > 0).mean() + (on_fake < 0).mean())}
        loss = adversary.discriminator(on_real, on_fake).mean()
        return loss, Aux(metrics, {"classifier": updates})

    def density(variables, x):
        """How often an example is to be shown, [B]: 1 on average."""
        mixture = variables["mixture"]
        ratios = mixture_to_data_ratio(classify(variables, x, train=False)[0])
        return boosting_density(ratios, mixture["threshold"], mixture["component_weight"])

    def update(key, state, batches):
        """A round of the GAN, on minibatches that are drawn by weight."""
        key_rows, key_round = jax.random.split(key)
        pools = jax.tree.map(
            lambda leaf: leaf.reshape(base.num_batches, -1, *leaf.shape[2:]), batches
        )
        size = batches[spec.entry].shape[1]

        def choose(key, batch):
            weights = density(state.variables, batch[spec.entry])
            # Where none has weight, all are alike.
            rows = jax.random.categorical(key, jnp.log(weights + 1e-12), shape=(size,))
            return jax.tree.map(lambda leaf: leaf[rows], batch)

        chosen = jax.vmap(choose)(jax.random.split(key_rows, base.num_batches), pools)
        return base.update(key_round, state, chosen)

    def init(key, batch):
        key_base, key_classifier = jax.random.split(key)
        state = base.init(key_base, batch)
        many = lambda leaf: jnp.broadcast_to(leaf, (num_components, *leaf.shape))
        more = {
            "classifier": classifier.start(key_classifier),
            "components": jax.tree.map(many, state.variables["generator"]),
            "mixture": {
                "weights": jnp.eye(num_components)[0],
                "current": jnp.zeros((), jnp.int32),
                "component_weight": jnp.ones(()),
                "threshold": jnp.ones(()),
            },
        }
        return state._replace(variables={**state.variables, **more})

    component = base._replace(
        init=init,
        update=update,
        sample=sample,
        decode=None,
        latents=None,
        num_batches=base.num_batches * pool,
    )
    telling = game(
        {"classifier": classifier.start},
        [Player(("classifier",), tell_apart, classifier_optimizer)],
        sample=sample,
        evaluate=lambda key, variables, batch: {
            "logit": classify(variables, batch[spec.entry], train=False)[0]
        },
    )

    def begin_classifier(key, state):
        """The component that is done goes among the others; the classifier knows nothing."""
        variables = variables_for_sampling(state)
        current = variables["mixture"]["current"]
        components = _put(variables["components"], variables["generator"], current)
        fresh = telling.init(key, {})
        return fresh._replace(variables={**variables, "components": components, **fresh.variables})

    def begin_component(key, state, examples):
        """lambda, the new weights of the mixture, and a GAN that knows nothing."""
        old = state.variables["mixture"]
        current = old["current"] + 1
        beta = 1 / (current + 1) if component_weight is None else component_weight
        logit = lambda x: classify(state.variables, x[None], train=False)[0][0]
        logits = jax.lax.map(logit, examples[spec.entry], batch_size=_AT_A_TIME)
        mixture = {
            "weights": ((1 - beta) * old["weights"]).at[current].set(beta),
            "current": current,
            "component_weight": jnp.asarray(beta, jnp.float32),
            "threshold": boosting_threshold(mixture_to_data_ratio(logits), beta),
        }
        fresh = base.init(key, examples)
        variables = {**state.variables, **fresh.variables, "mixture": mixture}
        return fresh._replace(variables=variables)

    def init_classifier(key, batch):
        key_component, key_classifier = jax.random.split(key)
        return begin_classifier(key_classifier, init(key_component, batch))

    classifying = telling._replace(init=init_classifier)
    stages = [Stage(component, rounds[0])]
    for _ in range(num_components - 1):
        stages.append(Stage(classifying, rounds[1], begin_classifier))
        stages.append(Stage(component, rounds[0], begin_component, _MOST_EXAMPLES))
    stages[-1] = stages[-1]._replace(rounds=None)
    return tuple(stages)


def _put(components, generator, place):
    """The stacked components with one generator in its place."""
    return jax.tree.map(lambda many, one: many.at[place].set(one), components, generator)
