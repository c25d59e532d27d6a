"""Boosting of generative models: a mixture whose every component is trained on what the others miss."""

import jax
import jax.numpy as jnp
import optax

from genjax.core import (
    Model,
    Player,
    Spec,
    Stage,
    check_at_least,
    game,
    variables_for_sampling,
)
from genjax.gan.telling_apart import tell_apart
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


def boosted(
    spec: Spec,
    base: Model,
    classifier: Network,
    classifier_optimizer: optax.GradientTransformation,
    *,
    num_components: int,
    component_rounds: int,
    classifier_rounds: int,
    component_weight: float | None = None,
    pool: int = 4,
) -> tuple[Stage, ...]:
    """The curriculum of AdaGAN (Tolstikhin et al., 2017, arXiv:1701.02386, Algorithm 1) of any GAN.

    Stages of components and of the classifier take turns. The network `components` holds the
    generators, one behind the other, and `mixture` says what they weigh, which one is being trained,
    and what makes the weights of examples.

    Args:
        spec: of the data.
        base: what is boosted: a Model without labels that keeps its generator in the network of that
            name.
        classifier: `x -> heads`, x in the networks' range, whose `logit` [B] tells data from mixture.
        classifier_optimizer: its.
        num_components: T.
        component_rounds: of each component but the last, which has what is left of the run.
        classifier_rounds: of each classifier.
        component_weight: beta of every component after the first; None: 1 / t.
        pool: minibatches that one is drawn from, by weight.

    Raises:
        ValueError: for a number below 1, or a weight beyond (0, 1).
    """
    check_at_least(
        1,
        num_components=num_components,
        component_rounds=component_rounds,
        classifier_rounds=classifier_rounds,
        pool=pool,
    )
    if component_weight is not None and not 0 < component_weight < 1:
        raise ValueError(
            f"component_weight must be between 0 and 1, or left out for 1 / t, got {component_weight}"
        )
    inward, _ = network_range(spec)
    adversary = non_saturating()

    def classify(variables, x):
        return classifier.apply(variables["classifier"], inward(x), train=False)[0]["logit"]

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

    def discriminate(key, variables, batch):
        x = batch[spec.entry]
        real, fake = inward(x), inward(sample(key, variables, len(x)))
        return tell_apart(adversary, classifier, variables, (real,), (fake,), name="classifier")

    def density(variables, x):
        """How often an example is to be shown, [B]: 1 on average."""
        mixture = variables["mixture"]
        ratios = mixture_to_data_ratio(classify(variables, x))
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
        [Player(("classifier",), discriminate, classifier_optimizer)],
        sample=sample,
        evaluate=lambda key, variables, batch: {"logit": classify(variables, batch[spec.entry])},
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
        logit = lambda x: classify(state.variables, x[None])[0]
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
    stages = [Stage(component, component_rounds)]
    for _ in range(num_components - 1):
        stages.append(Stage(classifying, classifier_rounds, begin_classifier))
        stages.append(Stage(component, component_rounds, begin_component, _MOST_EXAMPLES))
    stages[-1] = stages[-1]._replace(rounds=None)
    return tuple(stages)


def _put(components, generator, place):
    """The stacked components with one generator in its place."""
    return jax.tree.map(lambda many, one: many.at[place].set(one), components, generator)
