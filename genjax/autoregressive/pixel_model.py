"""A Model from a network that reads whole images in parallel and draws them place by place.

The network is a linen module; `context` is None, a vector [B, K] or a map [B, H, W, K]:

    network(x, context, train=False) -> [B, H, W, P]      the parameters of all factors
    network(x, context, at=(i,)) -> None                  before the first place of row i is drawn
    network(x, context, at=(i, j)) -> [B, 1, 1, P]        the parameters at (i, j)

x is always the whole image. The last two keep in the collection `cache` what they will need again
(`genjax.nets.causal`), so that a place costs the same wherever it is; they look at x only before (i,
j), and at (i, j) in the channels that are there already.
"""

import functools
import math
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from genjax.autoregressive.factors import check_known, shares_channels
from genjax.core import (
    Aux,
    Conditionals,
    Ema,
    Model,
    Player,
    Spec,
    check_at_least,
    check_name,
    game,
)
from genjax.losses import Likelihood, factor_log_probs

NAME = "network"


def pixel_model(
    spec: Spec,
    network: nn.Module,
    likelihood: Likelihood,
    optimizer: optax.GradientTransformation,
    *,
    name: str,
    condition: str | None = None,
    ema_decay: float | None = None,
) -> Model:
    """The Model of log p(x) = sum over places and channels of log p(x_d | before d).

    Args:
        spec: of images.
        network: as above.
        likelihood: of the factors; the network gives its parameters, flat at each place.
        optimizer: of the one player.
        name: of the player.
        condition: entry of a batch that the network is given: `label`, one-hot, or a vector.
        ema_decay: of averaged params for evaluation and samples; None for no average.
    """
    outputs = likelihood.parameter_shape(spec.shape)
    context_of = functools.partial(_context, spec, condition)

    def parameters(variables, x, *given, **options):
        """[B, *outputs], float32."""
        flat = network.apply(variables[NAME], x, context_of(given), **options)
        return flat.astype(jnp.float32).reshape(len(x), *outputs)

    def log_prob(key, variables, x, *given):
        return likelihood.log_prob(parameters(variables, x, *given), x)

    def objective(key, variables, batch):
        given = () if condition is None else (batch[condition],)
        x, options = batch[spec.entry], {"train": True, "rngs": {"dropout": key}}
        nll = -likelihood.log_prob(parameters(variables, x, *given, **options), x).mean()
        return nll, Aux({"bits_per_dim": nll / (math.prod(spec.shape) * math.log(2))})

    def evaluate(key, variables, batch):
        given = () if condition is None else (batch[condition],)
        return {"log_likelihood": log_prob(key, variables, batch[spec.entry], *given)}

    def start(key, batch):
        given = () if condition is None else (batch[condition],)
        return network.init(key, batch[spec.entry], context_of(given), mutable=["params"])

    order = raster_order(spec.shape, joint_channels=shares_channels(likelihood, spec.shape))
    draw = pixel_sampler(spec, network, likelihood, context_of, order)

    def sample(key, variables, num, condition=None):
        key_condition, key_draw = jax.random.split(key)
        given = _given(spec, name, model.condition, key_condition, num, condition)
        x = jnp.zeros((num, *spec.shape))
        return draw(key_draw, variables, x, np.zeros(spec.shape, bool), *given)

    model = game(
        {NAME: start},
        [Player((NAME,), objective, optimizer, name=name)],
        ema=None if ema_decay is None else Ema((NAME,), ema_decay),
        sample=sample,
        log_prob=log_prob,
        evaluate=evaluate,
        select="log_likelihood",
        condition=condition,
        conditionals=Conditionals(
            order,
            parameters,
            lambda variables, x, *given: factor_log_probs(
                likelihood, parameters(variables, x, *given), x
            ),
            draw,
        ),
    )
    return model


def check_image(spec: Spec, name: str) -> None:
    """Raises ValueError unless the examples are images."""
    if spec.entry != "image":
        raise ValueError(
            f"{name} needs images [H, W, C], and these examples have shape {tuple(spec.shape)}: take "
            "--model=made or --model=nade"
        )


def check_condition(spec: Spec, name: str, condition: str | None) -> None:
    """Raises ValueError unless the data has the condition, `label` or a vector."""
    vectors = [entry for entry, shape in spec.extras.items() if len(shape) == 1]
    if condition == "label" and spec.num_classes is None:
        raise ValueError(
            f"{name} with condition=label needs labels, and this data has none: take a set with labels "
            "(y_train in a file, a folder a class), or leave condition out"
        )
    if condition not in (None, "label", *vectors):
        raise ValueError(
            f"condition must be none, label or a vector of the data "
            f"({', '.join(vectors) or 'it has none'}), got {condition!r}"
        )


def output_sizes(spec: Spec, likelihood: Likelihood) -> dict[str, int]:
    """`num_outputs` at a place, and `num_groups`: channels that are drawn one after the other."""
    joint = shares_channels(likelihood, spec.shape)
    num_outputs = math.prod(likelihood.parameter_shape(spec.shape)[2:])
    return {"num_outputs": num_outputs, "num_groups": 1 if joint else spec.shape[-1]}


def dtype_of(precision: str) -> jnp.dtype:
    """That of the network's computation.

    Raises:
        ValueError: for another name than `float32` or `bf16`.
    """
    check_name("precision", precision, ("float32", "bf16"))
    return jnp.bfloat16 if precision == "bf16" else jnp.float32


def adam(
    learning_rate: float, decay_rounds: int | None, **options: float
) -> optax.GradientTransformation:
    """Adam on gradients of norm 5 at most, at `falling_rate`."""
    rate = falling_rate(learning_rate, decay_rounds)
    return optax.chain(optax.clip_by_global_norm(5.0), optax.adam(rate, **options))


def falling_rate(learning_rate: float, decay_rounds: int | None) -> optax.ScalarOrSchedule:
    """The rate, falling to zero as a cosine over `decay_rounds`; constant where that is None.

    Raises:
        ValueError: for fewer than one round.
    """
    if decay_rounds is None:
        return learning_rate
    check_at_least(1, decay_rounds=decay_rounds)
    return optax.cosine_decay_schedule(learning_rate, decay_rounds)


def raster_order(shape: tuple[int, ...], *, joint_channels: bool) -> np.ndarray:
    """When each element is drawn: row by row, then by channel unless they are drawn jointly."""
    height, width, channels = shape
    order = np.arange(height * width * channels).reshape(shape)
    return order // channels if joint_channels else order


def pixel_sampler(
    spec: Spec,
    network: nn.Module,
    likelihood: Likelihood,
    context_of: Callable[..., Any],
    order: np.ndarray | None,
) -> Callable[..., jax.Array]:
    """`Conditionals.draw`: one compiled loop over the places of an image, the batch in parallel.

    `order` is the one in which the known elements have to come first; None: any may be known.
    """
    height, width, channels = spec.shape
    joint = shares_channels(likelihood, spec.shape)
    outputs = likelihood.parameter_shape(spec.shape)[2:]

    def draw(key, variables, x, known, *given, cached=True):
        known = jnp.asarray(check_known(known, order, spec.shape))
        context, variables = context_of(given), variables[NAME]
        x = jnp.where(known[None], x, 0.0)  # what is not drawn yet must not be looked at

        def apply(cache, x, at):
            cached = {**variables, "cache": cache}
            found, changed = network.apply(cached, x, context, at=at, mutable=["cache"])
            return found, changed.get("cache", {})

        def parameters(cache, x, i, j):
            """At (i, j), [B, *outputs]."""
            if cached:
                flat, cache = apply(cache, x, (i, j))
            else:
                whole = network.apply(variables, x, context)
                flat = lax.dynamic_slice(whole, (0, i, j, 0), (len(x), 1, 1, whole.shape[-1]))
            return flat.astype(jnp.float32).reshape(len(x), *outputs), cache

        def row(i, carry):
            x, cache = carry
            if cached:
                _, cache = apply(cache, x, (i,))
            return lax.fori_loop(0, width, functools.partial(one_place, i), (x, cache))

        def one_place(i, j, carry):
            x, cache = carry
            here = lax.dynamic_slice(known, (i, j, 0), (1, 1, channels))[0]
            for c in range(1 if joint else channels):
                some = slice(None) if joint else slice(c, c + 1)
                p, cache = parameters(cache, x, i, j)
                key_here = jax.random.fold_in(key, (i * width + j) * channels + c)
                drawn = likelihood.sample(key_here, p if joint else p[:, some])
                now = lax.dynamic_slice(x, (0, i, j, 0), (len(x), 1, 1, channels))[:, 0, 0, some]
                now = jnp.where(here[:, some], now, drawn)
                x = lax.dynamic_update_slice(x, now[:, None, None], (0, i, j, 0 if joint else c))
            return x, cache

        cache = empty_cache(network, variables, x, context) if cached else {}
        return lax.fori_loop(0, height, row, (x, cache))[0]

    return draw


def empty_cache(network: nn.Module, variables, x, context) -> Any:
    """The network's caches before the first row: zeros, of the shapes that a call on x asks for."""
    call = lambda: network.apply(variables, x, context, mutable=["cache"])[1].get("cache", {})
    return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), jax.eval_shape(call))


def _context(spec: Spec, condition: str | None, given: tuple) -> jax.Array | None:
    if condition is None:
        return None
    return jax.nn.one_hot(given[0], spec.num_classes) if condition == "label" else given[0]


def _given(spec: Spec, name: str, condition: str | None, key, num: int, value) -> tuple:
    """The condition that a draw is given; labels at random where there is none."""
    if condition is None:
        if value is not None:
            raise ValueError(f"this {name} is unconditional: it takes no condition")
        return ()
    if value is not None:
        return (value,)
    if condition != "label":
        raise ValueError(
            f"{name} needs its condition {condition!r}, [num, ...]: it has none to draw"
        )
    return (jax.random.randint(key, (num,), 0, spec.num_classes),)
