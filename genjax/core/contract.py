"""The contract that every system of the library keeps: plain tuples of data and of pure functions.

A network maps arrays to arrays; a player trains some networks by one objective; a game between
players is a `Model`; a curriculum is a tuple of `Stage`s. See `genjax.core.game.game`.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

Variables = Mapping[str, Any]  # network -> what linen's init returns: {"params": ..., ...}
Batch = Mapping[str, Any]  # entry -> array [B, ...]; named streams are sub-dicts
Metrics = Mapping[str, jax.Array]


class Aux(NamedTuple):
    """What an objective returns beside its loss.

    Attributes:
        metrics: scalars to report, by name.
        updates: new values of collections other than params, `{network: {collection: tree}}`, and of
            adaptive scalars, `{"extra": {name: value}}`. A turn keeps those of the networks that its
            player trains and of `extra`; the rest is dropped, so that batch statistics move only
            when their own player trains.
    """

    metrics: Metrics = {}
    updates: Variables = {}


Objective = Callable[[jax.Array, Variables, Batch], tuple[jax.Array, Aux]]
Gate = Callable[[Variables, Metrics], jax.Array]


class Player(NamedTuple):
    """One side of a game.

    Attributes:
        trains: names of the networks that it changes: their params by gradient, their other
            collections by `Aux.updates`.
        objective: `(key, variables, batch) -> (loss, Aux)`, a scalar loss to minimise.
        optimizer: an optax transformation; clipping and weight decay belong in it.
        turns: minibatches it trains on in a round, or a schedule `step -> turns` (bursts, or every
            third round: 0 turns in the others).
        max_turns: the largest value of `turns` where that is a schedule.
        gate: `(variables, metrics) -> bool`, from the variables before the turn and the turn's
            metrics: whether the turn's update is kept (3D-GAN, C-RNN-GAN).
        name: what metrics and errors call it; the names of `trains`, joined by +, if not given.
    """

    trains: tuple[str, ...]
    objective: Objective
    optimizer: optax.GradientTransformation
    turns: int | Callable[[jax.Array], jax.Array] = 1
    max_turns: int | None = None
    gate: Gate | None = None
    name: str | None = None


class State(NamedTuple):
    """All that the next round needs, one pytree; whatever else there is to know is a metric.

    Attributes:
        step: rounds done, int32 scalar.
        variables: per network what linen keeps of it, and `extra` for adaptive scalars.
        opt_states: one optimizer state a player, in the order of the players.
        ema: averages of the networks that the game averages: network -> {"params": ...} and, where it
            has them, {"batch_stats": ...}.
    """

    step: jax.Array
    variables: Variables
    opt_states: tuple[Any, ...]
    ema: Mapping[str, Any]


class Latents(NamedTuple):
    """The latent variables of a model, for whoever estimates a likelihood, or codes, with them.

    Latents of B examples are one array [B, *shape]. Where the model is conditional, every function
    takes the condition as its last argument.

    Attributes:
        shape: of the latents of one example.
        prior: `(key, variables, num) -> z`, draws of p(z).
        posterior: `(key, variables, x) -> (z, log q(z|x))`, a reparametrised draw and its log density
            [B], nats; None in place of the density where the encoder is deterministic. None where there
            is no encoder (most GANs).
        log_prior: `(variables, z) -> [B]`, log p(z), nats; None where it has no density.
        log_likelihood: `(variables, z, x) -> [B]`, log p(x|z), nats; None where the decoder's error is
            no likelihood.
        draw: `(key, variables, z) -> x`, a draw from p(x|z); None where that is no distribution.
        moments: `(variables, x) -> (mean, log-variance)`, [B, *shape] each, where q(z|x) is a Gaussian
            of independent elements and p(z) is N(0, I); None elsewhere.
        log_factors: `(variables, z, x) -> [B, *shape]`, log p(x_d|z), nats, where the elements of x are
            independent given z ([B, *shape[:-1]] where the channels of a place have one factor); their
            sum is `log_likelihood`. None elsewhere.
        interpolate: `(z0, z1, weight) -> z`, from z0 to z1 through the middle of the prior's mass; None
            where a straight line does.
        truncated: `(key, num, threshold) -> z`, draws of the prior without its tails; None where that
            has none.
    """

    shape: tuple[int, ...]
    prior: Callable[..., jax.Array]
    posterior: Callable[..., tuple[jax.Array, jax.Array | None]] | None
    log_prior: Callable[..., jax.Array] | None = None
    log_likelihood: Callable[..., jax.Array] | None = None
    draw: Callable[..., jax.Array] | None = None
    moments: Callable[..., tuple[jax.Array, jax.Array]] | None = None
    log_factors: Callable[..., jax.Array] | None = None
    interpolate: Callable[..., jax.Array] | None = None
    truncated: Callable[..., jax.Array] | None = None


class Conditionals(NamedTuple):
    """The factors p(x_d | what comes before d) of a model that draws an example element by element.

    Where the model is conditional, every function takes the condition as its last argument.

    Attributes:
        order: when each element is drawn, integers of the shape of an example, from 0; elements that
            are drawn together share one. None where the factors have no order that is known beforehand.
        parameters: `(variables, x) -> [B, ...]`, the parameters of all factors in one parallel pass;
            None where they are not a network's outputs.
        log_prob: `(variables, x) -> [B, *shape]`, log p(x_d | before d), nats; [B, *shape[:-1]] where
            the channels of a place have one factor. Their sum is `Model.log_prob` where that is one
            product, and not a mixture of several.
        draw: `(key, variables, x, known) -> x`, x with the elements that are not `known` (bools of the
            shape of an example, on the host) drawn given those that are. Raises ValueError where it
            cannot draw given these: most models need the known to come first in `order`. With
            `cached=False` everything is computed anew for each element: the same draws, slowly.
        factor_order: `(variables) -> integers` of the shape of an example, the order of the factors of
            `log_prob`, where `order` is None because it is learned, or one of several.
    """

    order: np.ndarray | None
    parameters: Callable[..., jax.Array] | None
    log_prob: Callable[..., jax.Array]
    draw: Callable[..., jax.Array]
    factor_order: Callable[[Variables], jax.Array] | None = None


class Codes(NamedTuple):
    """Whole numbers in place of examples, with their probabilities: what a lossy coder stores.

    Codes of B examples are one array [B, *shape] of int32, none beyond `limit` either side of 0.

    Attributes:
        shape: of the codes of one example.
        limit: the largest.
        encode: `(variables, x) -> k`.
        decode: `(variables, k) -> x`, [B, ...], what is left of the examples.
        log_prob: `(variables, k) -> [B, *shape]`, log p(k_d), nats, of independent elements.
    """

    shape: tuple[int, ...]
    limit: int
    encode: Callable[..., jax.Array]
    decode: Callable[..., jax.Array]
    log_prob: Callable[..., jax.Array]


class Shared(NamedTuple):
    """Variables that all examples share and that have a posterior, given the training data.

    K draws of them are one array [K, P].

    Attributes:
        names: of the P numbers.
        prior: `(key, num) -> [num, P]`.
        posterior: `(key, variables, num) -> [num, P]`, draws of what was learned.
        log_prior: `(values) -> [K]`, nats.
        log_likelihood: `(values, x) -> [K, B]`, log p(x|values), nats; None where it is not known.
    """

    names: tuple[str, ...]
    prior: Callable[..., jax.Array]
    posterior: Callable[..., jax.Array]
    log_prior: Callable[..., jax.Array]
    log_likelihood: Callable[..., jax.Array] | None = None


class Model(NamedTuple):
    """A system: pure functions, None where it cannot do it.

    Attributes:
        init: `(key, batch) -> State`; only the shapes of `batch` (one minibatch) matter, unless a
            paper initialises from data.
        update: `(key, state, batches) -> (State, Metrics)`, one round: every player takes its turns.
            `batches` has a leading axis of `num_batches` minibatches; turn t of a player uses
            minibatch t. Metrics are named `player/metric`; `player/loss` and `player/grad_norm`
            are always there.
        sample: `(key, variables, num, condition=None) -> [num, ...]`, in the range of the data.
        log_prob: `(key, variables, x) -> [B]`, nats; exact, or the bound or estimate that the
            system's docstring names.
        encode: `(key, variables, x) -> z`, [B, ...]: a code without noise (a posterior's mean).
        decode: `(key, variables, z) -> x`, [B, ...]: an expected example, in the range of the data.
        evaluate: `(key, variables, batch) -> {name: [B]}`: what the system's paper reports of an
            example, in nats where it is a likelihood (elbo, reconstruction, kl, ...).
        select: the entry of `evaluate` whose mean on validation data says which checkpoint is best
            (larger is better); None where the paper has no such figure.
        num_batches: minibatches that a round takes: the most turns that a player has.
        one_pass: whether it learns by counting: one round, whose minibatch is the whole training set,
            is all of its training.
        latents: its latent variables, where it has a prior over them.
        conditionals: its factors, where it is a product of conditionals.
        codes: its whole-number codes, where it is trained to be stored in them.
        shared: its variables that all examples share, where they have a posterior.
        exemplars: `(variables) -> x` [K, *shape]: examples that it has learned (pseudo-inputs).
        clusters: `(key, variables, x) -> [B, K]`, log-probabilities of the K clusters that it has
            found.
        upscale: `(key, variables, x) -> y`, images [B, h, w, C] of any size, s times as high and wide.
        translate: `(key, variables, x) -> y`, an image's counterpart in the other domain: the batch's
            `target` or `unpaired`, in its range. Of a model of sentences x is the source, `text`, and y
            the likeliest `sequence`.
        translate_back: the same from that domain to this one.
        search: `(key, variables, x) -> (z, distance)`: the latents whose `decode` is nearest to x, in
            the sense of the system's paper, found by descent, and the distance that is left, [B].
        complete: `(key, variables, x, known) -> x` [B, *shape] in [0, 1], with the elements drawn that
            are not `known`, bools [*shape] or [B, *shape], and the rest as they are.
        forecast: `(key, variables, x, num_steps) -> [B, num_steps, F]`: what follows the sequences x
            [B, t, F], of any length.
        sample_pairs: `(key, variables, num) -> (x, y)`, draws of both domains that belong together: an
            example, and its counterpart as in `translate`.
        condition: the entry of a batch (`label`) that the model is conditional on: `log_prob`,
            `encode`, `decode` and `search` then take it as their last argument, [B, ...], and `sample`
            as `condition` [num, ...] (None there: drawn at random); None where it is unconditional.
    """

    init: Callable[[jax.Array, Batch], State]
    update: Callable[[jax.Array, State, Batch], tuple[State, Metrics]]
    sample: Callable[..., jax.Array] | None = None
    log_prob: Callable[[jax.Array, Variables, jax.Array], jax.Array] | None = None
    encode: Callable[[jax.Array, Variables, jax.Array], jax.Array] | None = None
    decode: Callable[[jax.Array, Variables, jax.Array], jax.Array] | None = None
    evaluate: Callable[[jax.Array, Variables, Batch], Mapping[str, jax.Array]] | None = None
    select: str | None = None
    num_batches: int = 1
    one_pass: bool = False
    latents: Latents | None = None
    conditionals: Conditionals | None = None
    codes: Codes | None = None
    shared: Shared | None = None
    exemplars: Callable[[Variables], jax.Array] | None = None
    clusters: Callable[[jax.Array, Variables, jax.Array], jax.Array] | None = None
    upscale: Callable[[jax.Array, Variables, jax.Array], jax.Array] | None = None
    translate: Callable[[jax.Array, Variables, jax.Array], jax.Array] | None = None
    translate_back: Callable[[jax.Array, Variables, jax.Array], jax.Array] | None = None
    search: Callable[..., tuple[jax.Array, jax.Array]] | None = None
    complete: Callable[..., jax.Array] | None = None
    forecast: Callable[[jax.Array, Variables, jax.Array, int], jax.Array] | None = None
    sample_pairs: Callable[..., tuple[jax.Array, jax.Array]] | None = None
    condition: str | None = None


class Stage(NamedTuple):
    """A part of a curriculum: a model, for how many rounds, and how it takes the state over.

    Attributes:
        model: what is trained.
        rounds: how long; None (of the last stage only) for what is left of the steps asked for; 0 for a
            stage that only hands on its state, as to one that begins with a look at examples.
        enter: `(key, state) -> State`: from the last state of the stage before to this stage's
            first; None keeps the state as it is. The loop keeps `step` counting on.
        num_examples: how many training examples `enter` is shown, as its third argument: a minibatch of
            so many, or of all where there are fewer, as evaluation sees them; 0 for none.
    """

    model: Model
    rounds: int | None = None
    enter: Callable[..., State] | None = None
    num_examples: int = 0


def stages(model_or_curriculum: Model | tuple[Stage, ...]) -> tuple[Stage, ...]:
    """The curriculum of whatever a system's function returned: a plain model is one stage."""
    if isinstance(model_or_curriculum, Model):
        return (Stage(model_or_curriculum),)
    return tuple(model_or_curriculum)


def variables_for_sampling(state: State) -> Variables:
    """The variables of `state`, averaged wherever the game keeps an average."""
    averaged = {name: {**state.variables[name], **ema} for name, ema in state.ema.items()}
    return {**state.variables, **averaged}


def carry_over(model: Model) -> Callable[[jax.Array, State], State]:
    """A stage's `enter`: `model` with those of its networks that there are, and new ones for the rest.

    Of averaged networks the averages are taken over. Optimizers start anew, and averages at the
    networks. `model` must start without a batch: it is given an empty one.
    """

    def enter(key: jax.Array, state: State) -> State:
        new = model.init(key, {})
        known = variables_for_sampling(state)
        variables = {name: known.get(name, fresh) for name, fresh in new.variables.items()}
        # Copies: an average that shared its network's buffers could not be donated with them.
        copies = lambda name, ema: {c: jax.tree.map(jnp.copy, variables[name][c]) for c in ema}
        ema = {name: copies(name, ema) for name, ema in new.ema.items()}
        return new._replace(variables=variables, ema=ema)

    return enter
