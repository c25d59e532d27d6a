"""The game of a generator and a discriminator: what most systems of this family are made of.

A turn of the discriminator draws fakes of its own and minimises

    mean of adversary.discriminator(logits of real, logits of fake) + penalty_weight * mean of penalty
        + discriminator_terms(real, fake)

and the generator's turn  mean of adversary.generator(...) + generator_terms(real, fake). Examples in
[0, 1] enter the networks in [-1, 1], and leave the generator so.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from genjax.core import (
    Aux,
    Ema,
    Gate,
    Latents,
    Metrics,
    Model,
    Objective,
    Player,
    Spec,
    check_labels,
    game,
)
from genjax.gan.replay import from_pool, new_pool
from genjax.losses import (
    Adversary,
    Penalty,
    cross_entropy,
    gaussian_log_prob,
    gaussian_sample,
    logit_metrics,
    noisy_labels,
)
from genjax.nets import Network, Noise


class Side(NamedTuple):
    """Real or fake examples as a term sees them.

    Attributes:
        x: [B, *shape], in the networks' range.
        heads: what the discriminator makes of them: `logit` [B, ...] and whatever it has besides.
        label: [B], or None of an unconditional game's fakes.
        latents: of the fakes [B, dim]; None of real ones.
    """

    x: jax.Array
    heads: dict[str, jax.Array]
    label: jax.Array | None
    latents: jax.Array | None = None


Terms = Callable[[Side, Side], tuple[jax.Array, Metrics]]


class Tricks(NamedTuple):
    """Tips of ganhacks (Chintala et al., 2016) that change what the discriminator is shown or told.

    Attributes:
        real_labels, fake_labels: (low, high) of its targets, for logistic losses; tip 6: (.7, 1.2) and
            (0, .3). It learns less surely; two-sided smoothing moves its optimum.
        flip_rate: how often a target is exchanged (tip 6).
        instance_noise: standard deviation of noise on its inputs at the first step (tip 13), which
            falls to 0 over `instance_noise_steps` of its turns: it helps where data and fakes hardly
            overlap.
        instance_noise_steps: see above.
        replay: how many past fakes are kept; half of those it sees are from them then (tip 8).
    """

    real_labels: tuple[float, float] = (1.0, 1.0)
    fake_labels: tuple[float, float] = (0.0, 0.0)
    flip_rate: float = 0.0
    instance_noise: float = 0.0
    instance_noise_steps: int = 10_000
    replay: int = 0


def two_players(
    spec: Spec,
    generator: Network,
    discriminator: Network,
    noise: Noise,
    *,
    adversary: Adversary,
    generator_optimizer: optax.GradientTransformation,
    discriminator_optimizer: optax.GradientTransformation,
    penalty: Penalty | None = None,
    penalty_weight: float = 0.0,
    discriminator_turns: int | Callable[[jax.Array], jax.Array] = 1,
    max_discriminator_turns: int | None = None,
    discriminator_gate: Gate | None = None,
    joint: bool = False,
    generator_batches: int = 1,
    conditional: bool = False,
    label_to_discriminator: bool = True,
    discriminator_terms: Terms | None = None,
    generator_terms: Terms | None = None,
    weight_terms: Callable[[Any], jax.Array] | None = None,
    ema_decay: float | Callable[[jax.Array], jax.Array] | None = None,
    tricks: Tricks | None = None,
    discriminator_objective: Objective | None = None,
    networks: Mapping[str, Callable[..., Any]] | None = None,
) -> Model:
    """The Model whose rounds are the discriminator's turns, then one of the generator.

    `decode` maps latents (draws of `latents.prior`) to examples; `evaluate` gives each example's
    `logit`. A conditional game takes its fakes' labels from the minibatch, so that p(label) is the
    data's; `sample` draws them uniformly where none are given.

    Args:
        spec: of images or bits in [0, 1], or of continuous vectors or sequences.
        generator: `(z[, label])` -> x in [-1, 1].
        discriminator: `(x[, label])` -> heads.
        noise: p(z).
        adversary, generator_optimizer, discriminator_optimizer: of each side.
        penalty, penalty_weight: on the discriminator; its logits there are without a training pass's
            statistics.
        discriminator_turns, max_discriminator_turns: as `Player.turns` and `max_turns`.
        discriminator_gate: as `Player.gate`.
        joint: whether it sees real and fake in one pass: batch statistics are then of both together,
            and a power iteration takes one step a turn and not two.
        generator_batches: minibatches of fakes in a turn of the generator.
        conditional: whether the generator is given `label`.
        label_to_discriminator: whether the discriminator is given it too, where it is conditional.
        discriminator_terms, generator_terms: `(real, fake) -> (scalar, metrics)`, added to the loss.
        weight_terms: `generator's params -> scalar`, added to the generator's loss.
        ema_decay: of the generator's averaged params, which `sample` uses; None for none.
        tricks: see `Tricks`.
        discriminator_objective: of a player's kind, added to the discriminator's loss: what looks at
            more than the minibatch's two sides.
        networks: further ones of the game, which that objective reads.

    Raises:
        ValueError: if there are no labels for a conditional game.
    """
    if conditional:
        check_labels("a conditional model", spec)
    tricks = tricks or Tricks()
    inward, _ = network_range(spec)
    decode, sample = generator_functions(spec, generator, noise, conditional=conditional)

    def fakes(key, variables, labels, num):
        """(Side without heads, updates of the generator)."""
        key_latents, key_network = jax.random.split(key)
        z = noise.sample(key_latents, num)
        given = (labels,) if conditional else ()
        x, updates = generator.apply(variables["generator"], z, *given, train=True, key=key_network)
        return Side(x, {}, labels if conditional else None, z), updates

    def judge(key, variables, x, labels, train=True):
        given = (labels,) if conditional and label_to_discriminator else ()
        return discriminator.apply(variables, x, *given, train=train, key=key)

    def judge_both(key, variables, real, fake):
        """Both sides with heads, and the discriminator's updates."""
        own = variables["discriminator"]
        if joint:
            both = jax.tree.map(lambda a, b: jnp.concatenate([a, b]), real[:3], fake[:3])
            heads, updates = judge(key, own, both[0], both[2])
            cut = len(real.x)
            of_real, of_fake = ({k: h[part] for k, h in heads.items()} for part in _cuts(cut))
            return real._replace(heads=of_real), fake._replace(heads=of_fake), updates
        key_real, key_fake = jax.random.split(key)
        of_real, updates = judge(key_real, own, real.x, real.label)
        of_fake, updates = judge(key_fake, {**own, **updates}, fake.x, fake.label)
        return real._replace(heads=of_real), fake._replace(heads=of_fake), updates

    def real_side(batch):
        return Side(inward(batch[spec.entry]), {}, batch.get("label"))

    def discriminate(key, variables, batch):
        key_fakes, key_judge, key_penalty, key_tricks = jax.random.split(key, 4)
        real = real_side(batch)
        fake, _ = fakes(key_fakes, variables, real.label, len(real.x))
        fake = fake._replace(label=real.label if joint else fake.label)
        real, fake, extra = _disguise(key_tricks, tricks, variables.get("extra"), real, fake)
        real, fake, updates = judge_both(key_judge, variables, real, fake)
        on_real, on_fake = real.heads["logit"], fake.heads["logit"]
        losses = _told(key_tricks, tricks, adversary, on_real, on_fake)
        loss, metrics = losses.mean(), logit_metrics(on_real, on_fake)
        if penalty is not None:
            logit = lambda x: judge(None, variables["discriminator"], x, real.label, False)[0][
                "logit"
            ]
            penalties = penalty(key_penalty, logit, real.x, fake.x)
            metrics["penalty"] = penalties.mean()
            loss += penalty_weight * metrics["penalty"]
        if discriminator_terms is not None:
            term, told = discriminator_terms(real, fake)
            loss, metrics = loss + term, {**metrics, **told}
        if discriminator_objective is not None:
            term, aux = discriminator_objective(jax.random.fold_in(key, 1), variables, batch)
            loss, metrics = loss + term, {**metrics, **aux.metrics}
        return loss, Aux(metrics, {"discriminator": updates, **extra})

    def generate(key, variables, batch):
        key_fakes, key_judge = jax.random.split(key)
        many = lambda leaf: jnp.concatenate([leaf] * generator_batches)
        real = jax.tree.map(many, real_side(batch))
        fake, updates = fakes(key_fakes, variables, real.label, len(real.x))
        fake = fake._replace(label=real.label if joint else fake.label)
        real, fake, _ = judge_both(key_judge, variables, real, fake)
        loss = adversary.generator(real.heads["logit"], fake.heads["logit"]).mean()
        metrics = {}
        if generator_terms is not None:
            term, metrics = generator_terms(real, fake)
            loss += term
        if weight_terms is not None:
            loss += weight_terms(variables["generator"]["params"])
        return loss, Aux(metrics, {"generator": updates})

    def evaluate(key, variables, batch):
        heads, _ = judge(
            key, variables["discriminator"], inward(batch[spec.entry]), batch.get("label"), False
        )
        logit = heads["logit"]
        return {"logit": logit.reshape(len(logit), -1).mean(1)}

    players = [
        Player(
            ("discriminator",),
            discriminate,
            discriminator_optimizer,
            turns=discriminator_turns,
            max_turns=max_discriminator_turns,
            gate=discriminator_gate,
        ),
        Player(("generator",), generate, generator_optimizer),
    ]
    own = {"generator": generator.start, "discriminator": discriminator.start}
    return game(
        {**own, **(networks or {}), **_memory(tricks, spec)},
        players,
        ema=None if ema_decay is None else Ema(("generator",), ema_decay),
        sample=sample,
        decode=decode,
        evaluate=evaluate,
        latents=noise_latents(noise),
        condition="label" if conditional else None,
    )


def network_range(spec: Spec) -> tuple[Callable, Callable]:
    """From the data's range to the networks' and back: [0, 1] to [-1, 1].

    Continuous vectors and sequences stay as they are.
    """
    if spec.num_levels is None and spec.entry in ("vector", "sequence"):
        return (lambda x: x), (lambda x: x)
    return (lambda x: 2 * x - 1), (lambda x: jnp.clip(0.5 * (x + 1), 0.0, 1.0))


def generator_functions(spec: Spec, generator: Network, noise: Noise, *, conditional: bool = False):
    """(decode, sample) of a Model whose network `generator` makes examples of z, and of a label or not.

    Args:
        spec: of the data.
        generator: `(z[, label])` -> x in the networks' range.
        noise: p(z).
        conditional: whether it is given a label, which is drawn uniformly where none is asked for.
    """
    _, outward = network_range(spec)

    def decode(key, variables, z, *label):
        return outward(generator.apply(variables["generator"], z, *label, train=False, key=key)[0])

    def sample(key, variables, num, condition=None):
        key_label, key_latents, key_network = jax.random.split(key, 3)
        given = ()
        if conditional:
            drawn = jax.random.randint(key_label, (num,), 0, spec.num_classes)
            given = (drawn if condition is None else jnp.asarray(condition),)
        return decode(key_network, variables, noise.sample(key_latents, num), *given)

    return decode, sample


def noise_latents(noise: Noise) -> Latents:
    """What a model tells of latents that have a prior and no posterior."""
    return Latents(
        shape=(noise.dim,),
        prior=lambda key, variables, num, *given: noise.sample(key, num),
        posterior=None,
        log_prior=lambda variables, z, *given: noise.log_prob(z),
        interpolate=noise.interpolate,
        truncated=noise.truncated,
    )


def gaussian_latents(noise: Noise, moments: Callable[..., tuple[jax.Array, jax.Array]]) -> Latents:
    """What a model tells of latents with a Gaussian posterior.

    Args:
        noise: p(z).
        moments: `(variables, x[, label]) -> (mean, log-variance)`, [B, dim] each.
    """

    def posterior(key, variables, x, *label):
        mean, log_variance = moments(variables, x, *label)
        z = gaussian_sample(key, mean, log_variance)
        return z, gaussian_log_prob(z, mean, log_variance)

    return noise_latents(noise)._replace(posterior=posterior, moments=moments)


def _cuts(num):
    return slice(None, num), slice(num, None)


def _told(key, tricks, adversary, on_real, on_fake):
    """The discriminator's loss, with the labels that the tricks make of 1 and 0."""
    plain = Tricks()
    if tricks[:3] == plain[:3]:
        return adversary.discriminator(on_real, on_fake)
    key_real, key_fake = jax.random.split(jax.random.fold_in(key, 0))
    spread = lambda ends, label: (ends[0] - label, ends[1] - label)
    real = noisy_labels(
        key_real,
        on_real.shape,
        1.0,
        spread=spread(tricks.real_labels, 1.0),
        flip_rate=tricks.flip_rate,
    )
    fake = noisy_labels(
        key_fake,
        on_fake.shape,
        0.0,
        spread=spread(tricks.fake_labels, 0.0),
        flip_rate=tricks.flip_rate,
    )
    return cross_entropy(on_real, real) + cross_entropy(on_fake, fake)


def _memory(tricks, spec):
    """The network `extra`: what the tricks remember from turn to turn."""
    kept = {}
    if tricks.instance_noise:
        kept["discriminator_turns"] = jnp.zeros(())
    if tricks.replay:
        kept |= new_pool(tricks.replay, spec.shape)
    return {"extra": lambda key, batch: kept} if kept else {}


def _disguise(key, tricks, kept, real, fake):
    """Both sides as the discriminator is shown them, and the update of `extra`."""
    if kept is None:
        return real, fake, {}
    key_pool, key_real, key_fake = jax.random.split(jax.random.fold_in(key, 1), 3)
    new = dict(kept)
    if tricks.replay:
        pool = {name: kept[name] for name in ("pool", "pool_size")}
        shown, pool = from_pool(key_pool, pool, fake.x)
        fake, new = fake._replace(x=shown), {**new, **pool}
    if tricks.instance_noise:
        turns = kept["discriminator_turns"]
        left = jnp.maximum(0.0, 1 - turns / tricks.instance_noise_steps)
        std = tricks.instance_noise * left
        noisy = lambda key, x: x + std * jax.random.normal(key, x.shape)
        real = real._replace(x=noisy(key_real, real.x))
        fake = fake._replace(x=noisy(key_fake, fake.x))
        new["discriminator_turns"] = turns + 1
    return real, fake, {"extra": new}
