"""The neural autoregressive distribution estimator of Larochelle and Murray, 2011, "NADE".

One hidden layer for each element, whose weights are shared, so that the next one costs one addition:

    a_1 = c,    a_(d+1) = a_d + W_d x_d,    p(x_d | x_<d) from V_d sigmoid(a_d) + b_d

(AISTATS 2011). With order=random it is the orderless NADE of Uria, Murray and
Larochelle, 2014 (arXiv:1310.1757): a_(d+1) = a_d + W_d x_d + U_d, so that hidden units are told what
they see, trained on a random order and a random cut after n of its elements by

    D / (D - n) sum over the elements d after the cut of -log p(x_d | the n before it)

and probabilities of several orders are averaged.
"""

import math

import jax
import jax.numpy as jnp
from jax import lax

from genjax.autoregressive.element_model import (
    NAME,
    Ordered,
    Steps,
    element_likelihood,
    element_model,
)
from genjax.autoregressive.pixel_model import adam
from genjax.core import Aux, Model, Spec, check_name
from genjax.losses import factor_log_probs

_BLOCK = 16  # elements whose hidden layers are in memory together


def nade(
    spec: Spec,
    *,
    hidden: int = 500,
    order: str = "natural",
    num_orders: int = 1,
    likelihood: str | None = None,
    num_components: int | None = None,
    learning_rate: float = 1e-3,
    decay_rounds: int | None = None,
) -> Model:
    """NADE (Larochelle & Murray, 2011, AISTATS; Uria et al., 2014, arXiv:1310.1757).

    `log_prob` is exact. With order=random it is of the mixture of `num_orders` orders, `conditionals`
    are those of the first, and the model draws given any known elements. The papers train with SGD;
    Adam is used here.

    Args:
        spec: of vectors, or images in [0, 1].
        hidden: units of the hidden layer.
        order: `natural`, or `random`, for a model that is trained on all orders.
        num_orders: how many of them are averaged; 1 where the order is natural.
        likelihood, num_components: as in `made`.
        learning_rate: of Adam, whose gradients are clipped to norm 5.
        decay_rounds: rounds over which the rate falls to zero, as a cosine; None: constant.

    Raises:
        ValueError: for a number or a name out of range, or what the likelihood refuses.
    """
    orderless = order == "random"
    check_name("order", order, ("natural", "random"))
    if hidden < 1 or num_orders < 1 or (num_orders > 1 and not orderless):
        raise ValueError(
            "hidden and num_orders must be at least 1, and num_orders 1 where the order is natural, "
            f"got {hidden} and {num_orders}"
        )
    factors = element_likelihood(spec, likelihood, num_components)
    dim = math.prod(spec.shape)

    def one_order(m):
        places = jnp.arange(dim)
        if orderless:  # of a fixed seed: they belong to the model, not to a run
            key = jax.random.fold_in(jax.random.key(0), m)
            places = jax.random.permutation(key, dim)
        return [places + 1]

    def outputs(variables, x, order):
        return conditionals(variables["params"], x, jnp.argsort(order[0]))

    def exact(key, variables, x):
        p = outputs(variables, x.reshape(len(x), dim), one_order(0))
        return -factors.log_prob(p.reshape(factors.parameter_shape(x.shape)), x)

    def after_a_cut(key, variables, x):
        """An unbiased estimate of -log p(x) in a random order, [B], each example with its own."""
        key_order, key_cut = jax.random.split(key)
        num = len(x)
        places = jax.vmap(lambda k: jax.random.permutation(k, dim))(
            jax.random.split(key_order, num)
        )
        cut = jax.random.randint(key_cut, (num, 1), 0, dim)
        seen = places < cut
        params, flat = variables["params"], x.reshape(num, dim)
        a = params["c"][None] + (flat * seen) @ params["w"] + seen @ params["u"]
        p = jnp.einsum("bh,dhp->bdp", jax.nn.sigmoid(a), params["v"]) + params["b"][None]
        values = factor_log_probs(factors, p, flat)
        return -(values * ~seen).sum(-1) * dim / (dim - cut[:, 0])

    def objective(key, variables, batch):
        nll = (after_a_cut if orderless else exact)(key, variables[NAME], batch[spec.entry]).mean()
        return nll, Aux({"bits_per_dim": nll / (dim * math.log(2))})

    def start(key, batch):
        """Weights as LeCun et al. have them, biases of zero."""
        keys = jax.random.split(key, 3)
        normal = jax.random.normal
        params = {
            "w": normal(keys[0], (dim, hidden)) / math.sqrt(dim),
            "c": jnp.zeros(hidden),
            "v": normal(keys[1], (dim, hidden, factors.num_parameters)) / math.sqrt(hidden),
            "b": jnp.zeros((dim, factors.num_parameters)),
        }
        if orderless:
            params["u"] = normal(keys[2], (dim, hidden)) / math.sqrt(dim)
        return {"params": params}

    ordered = Ordered(
        one_order,
        num_orders,
        (lambda key, places: [places]) if orderless else None,
        outputs,
        _steps,
    )
    optimizer = adam(learning_rate, decay_rounds)
    return element_model(spec, start, objective, ordered, factors, optimizer, name="nade")


def conditionals(params, x: jax.Array, sequence: jax.Array) -> jax.Array:
    """Parameters of all factors, [B, D, P].

    The recurrence in blocks of elements, of which one is in memory at a time, also in the backward
    pass; within a block, what is before an element is one product with a triangle of x.

    Args:
        params: `w` [D, H], `c` [H], `v` [D, H, P], `b` [D, P], and `u` [D, H] of an orderless model.
        x: [B, D].
        sequence: indices of the elements in the order in which they are drawn, [D].
    """
    dim = x.shape[-1]
    padding = -dim % _BLOCK
    blocked = lambda array: jnp.pad(
        array[sequence], ((0, padding), *((0, 0),) * (array.ndim - 1))
    ).reshape(-1, _BLOCK, *array.shape[1:])
    weights = [params["w"], params["v"], params["b"], params.get("u", jnp.zeros_like(params["w"]))]
    before = jnp.tril(jnp.ones((_BLOCK, _BLOCK)), -1)

    @jax.checkpoint
    def block(a, inputs):
        x, w, v, b, u = inputs  # x [K, B]; a [B, H]
        x = x.T
        earlier = (x[:, None] * before[None]).reshape(-1, _BLOCK) @ w
        h = jax.nn.sigmoid(a[:, None] + earlier.reshape(len(x), _BLOCK, -1) + (before @ u)[None])
        return a + x @ w + u.sum(0)[None], jnp.einsum("bkh,khp->kbp", h, v) + b[:, None]

    a = jnp.broadcast_to(params["c"][None], (len(x), len(params["c"])))
    _, outputs = lax.scan(block, a, (blocked(x.T), *map(blocked, weights)))
    outputs = outputs.reshape(dim + padding, len(x), -1)[:dim]
    return outputs[jnp.argsort(sequence)].transpose(1, 0, 2)


def _steps(variables, num: int, order) -> Steps:
    """The recurrence itself: the hidden layer's input is kept, and moves with each element."""
    params = variables["params"]

    def outputs(a, t, element):
        h = jax.nn.sigmoid(a)
        return a, jnp.einsum("bh,hp->bp", h, params["v"][element]) + params["b"][element][None]

    def absorb(a, element, values):
        a = a + values[:, None] * params["w"][element][None]
        return a + params["u"][element][None] if "u" in params else a

    start = jnp.broadcast_to(params["c"][None], (num, len(params["c"])))
    return Steps(start, outputs, absorb)
