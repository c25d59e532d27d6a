"""A Model from a network that draws the elements of a vector, or of a flattened image, in some order.

There may be several orders (or masks, for one order): `log_prob` is then of their mixture,

    log p(x) = log 1/M sum_m p_m(x),

probabilities of whole examples, not of single elements (Uria, Murray and Larochelle, 2014,
arXiv:1310.1757), and each sample is drawn by one of them, chosen at random.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from genjax.autoregressive.factors import check_known, factor_likelihood
from genjax.core import Conditionals, Model, Objective, Player, Spec, game
from genjax.losses import Likelihood, factor_log_probs

NAME = "network"


class Steps(NamedTuple):
    """A network's factors one after the other, nothing computed twice.

    Attributes:
        carry: before the first element is drawn.
        outputs: `(carry, t, element) -> (carry, [B, P])`, of the t-th that is drawn, at index
            `element`.
        absorb: `(carry, element, values) -> carry`, once its values [B] are known.
    """

    carry: Any
    outputs: Callable[..., tuple[Any, jax.Array]]
    absorb: Callable[..., Any]


class Ordered(NamedTuple):
    """A network with the orders in which it can draw. An order is a list of arrays (degrees), the first
    of them the places 1 to D of the elements, [D].

    Attributes:
        order: `(m) -> order`, the m-th of those that are averaged; m may be traced.
        num_orders: M.
        any_order: `(key, places) -> order` with these places; None where it draws in those M only.
        outputs: `(variables, x, order) -> [B, D, P]`, all factors in one parallel pass.
        steps: `(variables, num, order) -> Steps` for `num` examples.
    """

    order: Callable[[Any], list[Any]]
    num_orders: int
    any_order: Callable[..., list[Any]] | None
    outputs: Callable[..., jax.Array]
    steps: Callable[..., Steps]


def element_model(
    spec: Spec,
    start: Callable[..., Any],
    objective: Objective,
    ordered: Ordered,
    likelihood: Likelihood,
    optimizer: optax.GradientTransformation,
    *,
    name: str,
) -> Model:
    """The Model of a network over the D elements of an example.

    Args:
        spec: of vectors or images.
        start: `(key, batch) -> linen variables` of the network.
        objective: of the one player; see `log_prob_in`.
        ordered: the network and its orders.
        likelihood: of an element; see `element_likelihood`.
        optimizer: of the player.
        name: of the player.
    """
    dim = math.prod(spec.shape)

    def parameters(variables, x, order):
        outputs = ordered.outputs(variables[NAME], x.reshape(len(x), dim), order)
        return outputs.reshape(likelihood.parameter_shape(x.shape))

    def log_prob(key, variables, x):
        one = lambda m: likelihood.log_prob(parameters(variables, x, ordered.order(m)), x)
        if ordered.num_orders == 1:
            return one(0)
        every = lax.map(one, jnp.arange(ordered.num_orders))
        return jax.nn.logsumexp(every, axis=0) - math.log(ordered.num_orders)

    def evaluate(key, variables, batch):
        return {"log_likelihood": log_prob(key, variables, batch[spec.entry])}

    def first(variables, x):
        return parameters(variables, x, ordered.order(0))

    draw = element_sampler(spec, ordered, likelihood)

    def sample(key, variables, num, condition=None):
        if condition is not None:
            raise ValueError(f"this {name} is unconditional: it takes no condition")
        x = jnp.zeros((num, *spec.shape))
        return draw(key, variables, x, np.zeros(spec.shape, bool))

    places = _places(ordered, min(2, ordered.num_orders)).reshape(-1, *spec.shape)
    return game(
        {NAME: start},
        [Player((NAME,), objective, optimizer, name=name)],
        sample=sample,
        log_prob=log_prob,
        evaluate=evaluate,
        select="log_likelihood",
        conditionals=Conditionals(
            places[0] if (places == places[:1]).all() else None,
            first,
            lambda variables, x: factor_log_probs(likelihood, first(variables, x), x),
            draw,
            lambda variables: jnp.asarray(places[0]),
        ),
    )


def element_likelihood(spec: Spec, name: str | None, num_components: int | None) -> Likelihood:
    """That of an element, as `factor_likelihood` chooses it.

    Raises:
        ValueError: if elements share a factor, or what `factor_likelihood` refuses.
    """
    likelihood = factor_likelihood(spec, name, num_components)
    if math.prod(likelihood.parameter_shape(spec.shape)[:-1]) != math.prod(spec.shape):
        raise ValueError(
            f"likelihood {name!r} draws the channels of a place together, and this model draws element "
            "by element: take categorical, or --model=pixel_cnn"
        )
    return likelihood


def element_sampler(
    spec: Spec, ordered: Ordered, likelihood: Likelihood
) -> Callable[..., jax.Array]:
    """`Conditionals.draw`: one compiled loop over elements, the batch in parallel."""
    dim = math.prod(spec.shape)

    def draw(key, variables, x, known, *, cached=True):
        num, network = len(x), variables[NAME]
        known = check_known(known, None, spec.shape).reshape(dim)
        x = jnp.asarray(x).reshape(num, dim)
        key_order, key_draw = jax.random.split(key)
        given = known.any() and not known.all()
        if given and ordered.any_order is not None:
            key_places, key_units = jax.random.split(key_order)
            places = _known_first(key_places, known)
            order = ordered.any_order(key_units, places)
            return in_order(key_draw, network, x, known, order, cached).reshape(num, *spec.shape)
        if given:
            for places in _places(ordered, ordered.num_orders):
                check_known(known, places, (dim,))
        if ordered.num_orders == 1:
            order = ordered.order(0)
            return in_order(key_draw, network, x, known, order, cached).reshape(num, *spec.shape)

        def one(key, x, m):
            return in_order(key, network, x[None], known, ordered.order(m), cached)[0]

        chosen = jax.random.categorical(key_order, weights(network, x, known), axis=0)
        drawn = jax.vmap(one)(jax.random.split(key_draw, num), x, chosen)
        return drawn.reshape(num, *spec.shape)

    def weights(network, x, known):
        """log p_m(known), [M, B]: how much each order has to say, given what is known."""
        x = jnp.where(known[None], x, 0.0)

        def one(m):
            p = ordered.outputs(network, x, ordered.order(m))
            values = factor_log_probs(likelihood, p, x)
            return jnp.where(known[None], values, 0.0).sum(-1)

        return lax.map(one, jnp.arange(ordered.num_orders))

    def in_order(key, network, x, known, order, cached):
        """x [B, D] with the elements that are not known drawn in one order."""
        sequence = jnp.argsort(order[0])
        steps = ordered.steps(network, len(x), order) if cached else Steps((), None, None)

        def one_element(t, carry):
            seen, state = carry
            element = sequence[t]
            if cached:
                state, p = steps.outputs(state, t, element)
            else:
                p = ordered.outputs(network, seen, order)[:, element]
            drawn = likelihood.sample(jax.random.fold_in(key, t), p[:, None].astype(jnp.float32))
            values = jnp.where(jnp.asarray(known)[element], x[:, element], drawn[:, 0])
            if cached:
                state = steps.absorb(state, element, values)
            return seen.at[:, element].set(values), state

        # What is not drawn yet must not be looked at: it starts as zeros.
        return lax.fori_loop(0, dim, one_element, (jnp.zeros_like(x), steps.carry))[0]

    return draw


def _places(ordered: Ordered, num: int) -> np.ndarray:
    """The places 0 to D - 1 of the elements in the first `num` orders, [num, D], on the host."""
    with jax.ensure_compile_time_eval():
        return np.stack([np.asarray(ordered.order(m)[0]) - 1 for m in range(num)])


def _known_first(key, known: np.ndarray) -> jax.Array:
    """Places 1 to D, at random but for the known elements, which come first."""
    late = jax.random.uniform(key, known.shape) + jnp.asarray(~known)
    return jnp.argsort(jnp.argsort(late)) + 1
