"""The masked autoencoder of Germain, Gregor, Murray and Larochelle, 2015, "MADE".

A dense network from x to the parameters of all factors at once: hidden unit k has a degree m(k) and
    sees
inputs up to the m(k)-th, the d-th output sees hidden units of degrees below d,

    M(k, j) = [m(k) >= m(j)],    M(d, k) = [d > m(k)],    -log p(x) = -sum_d log p(x_d | x_<d)

(arXiv:1502.03509, equations 8 and 9). Degrees, and orders of the inputs, may be drawn anew for every
minibatch; probabilities of several are averaged. Without a hidden layer it is the fully visible sigmoid
belief network, a logistic regression for each element.
"""

import functools
import math
from typing import NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax
from jax import lax

from genjax.autoregressive.element_model import (
    NAME,
    Ordered,
    Steps,
    element_likelihood,
    element_model,
)
from genjax.autoregressive.pixel_model import dtype_of, falling_rate
from genjax.core import Aux, Model, Spec, check_name
from genjax.nets import Made, natural_degrees, random_degrees


def made(
    spec: Spec,
    *,
    hidden: tuple[int, ...] = (500,),
    num_masks: int = 1,
    order: str = "natural",
    num_test_masks: int | None = None,
    direct: bool = True,
    condition_on_masks: bool = False,
    likelihood: str | None = None,
    num_components: int | None = None,
    learning_rate: float = 1e-3,
    decay_rounds: int | None = None,
    weight_decay: float = 0.0,
    precision: str = "float32",
) -> Model:
    """MADE (Germain et al., 2015, arXiv:1502.03509).

    `log_prob` is exact, of the mixture of `num_test_masks` masks. `conditionals` are those of the first
    mask. With num_masks=0 and order=random the model draws given any known elements; otherwise the
    known ones come first in its order.

    The paper trains with Adagrad and early stopping; Adam is used here. On MNIST it has hidden=8000 or
    8000,8000 without direct connections.

    Args:
        spec: of vectors, or images in [0, 1].
        hidden: widths; () for none.
        num_masks: how many masks a minibatch's is drawn from; 0 draws new ones every time.
        order: of the elements: `natural`, or `random`, one for each mask.
        num_test_masks: how many are averaged; None for num_masks, or 30 where that is 0.
        direct: whether inputs reach outputs without a hidden layer, too.
        condition_on_masks: whether units are told what they see, by second weights of constant inputs.
        likelihood: of an element: `bernoulli`, `categorical`, `discretized_logistic`, a mixture where
            there is one channel, `gaussian`; None for Bernoulli of bits, a softmax over levels.
        num_components: of the mixture.
        learning_rate: of Adam.
        decay_rounds: rounds over which the rate falls to zero, as a cosine; None: constant.
        weight_decay: of every weight, times the rate (AdamW).
        precision: `float32` or `bf16`, of the network.

    Raises:
        ValueError: for a number or a name out of range, or what the likelihood refuses.
    """
    check_name("order", order, ("natural", "random"))
    if any(width < 1 for width in hidden):
        raise ValueError(f"hidden must be widths of at least 1, got {tuple(hidden)}")
    num_test = (num_masks or 30) if num_test_masks is None else num_test_masks
    if num_masks < 0 or num_test < 1 or (num_masks and num_test > num_masks):
        raise ValueError(
            "num_masks must be at least 0 and num_test_masks at least 1 and at most num_masks (where "
            f"that is not 0), got {num_masks} and {num_test_masks}"
        )
    factors = element_likelihood(spec, likelihood, num_components)
    dim = math.prod(spec.shape)
    network = Made(
        hidden, factors.num_parameters, direct, condition_on_masks, dtype=dtype_of(precision)
    )
    fixed = num_masks == 1 and order == "natural"

    def any_order(key, places):
        return random_degrees(key, dim, hidden, places)

    def new_order(key):
        key_order, key_units = jax.random.split(key)
        places = None if order == "natural" else jax.random.permutation(key_order, dim) + 1
        return any_order(key_units, places)

    def mask(m):
        """Degrees of the m-th mask: those of a fixed seed, the same for every run."""
        if fixed:
            return natural_degrees(dim, hidden)
        return new_order(jax.random.fold_in(jax.random.key(0), m))

    def outputs(variables, x, degrees):
        return network.apply(variables, x, degrees=degrees).astype(jnp.float32)

    def objective(key, variables, batch):
        x = batch[spec.entry]
        if num_masks == 0:
            degrees = new_order(key)
        else:
            degrees = mask(0 if fixed else jax.random.randint(key, (), 0, num_masks))
        p = outputs(variables[NAME], x.reshape(len(x), dim), degrees)
        nll = -factors.log_prob(p.reshape(factors.parameter_shape(x.shape)), x).mean()
        return nll, Aux({"bits_per_dim": nll / (dim * math.log(2))})

    def start(key, batch):
        return network.init(key, jnp.zeros((1, dim)), degrees=natural_degrees(dim, hidden))

    free = num_masks == 0 and order == "random"
    ordered = Ordered(
        mask, num_test, any_order if free else None, outputs, functools.partial(_steps, network)
    )
    rate = falling_rate(learning_rate, decay_rounds)
    optimizer = optax.adamw(rate, weight_decay=weight_decay)
    return element_model(spec, start, objective, ordered, factors, optimizer, name="made")


def _steps(network: Made, variables, num: int, degrees) -> Steps:
    """Each hidden unit is computed once, as soon as all that it sees is known.

    A unit of degree t sees the first t elements: it is computed before the next one is drawn, with the
    units of its degree, which lie together. All steps cost one pass, in which no mask is needed: what
    is not known yet is zero.
    """
    params, dim = variables["params"], len(degrees[0])
    degrees = [jnp.asarray(each) for each in degrees]
    outputs = jnp.repeat(degrees[0], network.num_outputs)
    layers, before, sorting = [], degrees[0], jnp.arange(dim)
    for index, after in enumerate(degrees[1:]):
        name, next_sorting = f"hidden_{index}", jnp.argsort(after)
        bias = _bias(params, name, before[:, None] <= after[None])[next_sorting]
        kernel = params[f"{name}_kernel"].T[next_sorting][:, sorting]
        ends = jnp.searchsorted(after[next_sorting], jnp.arange(dim + 1), side="right")
        share = -(-len(after) // max(dim - 1, 1))  # units of a degree, if all have as many
        layers.append(_Layer(_padded(kernel, share), _padded(bias, share), ends, share))
        before, sorting = after, next_sorting
    last = {"outputs": (before, sorting), "direct": (degrees[0], jnp.arange(dim))}
    last = {name: value for name, value in last.items() if f"{name}_kernel" in params}
    kernels = [
        params[f"{name}_kernel"].T[:, sorting].reshape(dim, network.num_outputs, -1)
        for name, (_, sorting) in last.items()
    ]
    bias = sum(
        _bias(params, name, before[:, None] < outputs[None]).reshape(dim, -1)
        for name, (before, _) in last.items()
    )
    dtype = network.dtype
    cast = lambda tree: jax.tree.map(lambda leaf: leaf.astype(dtype), tree)
    kernels, bias = cast(kernels), cast(bias)

    def of_degree(t, layer: _Layer, inputs, units):
        """`units` [B, width + share], sorted by degree, with those of degree t computed."""
        begin = jnp.where(t > 0, layer.ends[jnp.maximum(t - 1, 0)], layer.ends[0])

        def some(n, units):
            first = begin + n * layer.share
            take = lambda array: lax.dynamic_slice_in_dim(array, first, layer.share).astype(dtype)
            values = nn.relu(inputs @ take(layer.kernel).T + take(layer.bias)[None])
            inside = first + jnp.arange(layer.share) < layer.ends[t]
            values = jnp.where(inside[None], values, 0.0)  # the others' inputs are not all known
            return lax.dynamic_update_slice(units, values, (0, first))

        slices = -(-(layer.ends[t] - begin) // layer.share)
        return lax.fori_loop(0, slices, some, units)

    def outputs_at(known, t, element):
        inputs, units = known[0], []
        for layer, values in zip(layers, known[1:], strict=True):
            units.append(of_degree(t, layer, inputs, values))
            inputs = units[-1][:, : -layer.share]
        ends = [inputs, known[0]][: len(kernels)]
        y = bias[element][None]
        for values, kernel in zip(ends, kernels, strict=True):
            y = y + values @ kernel[element].T
        return [known[0], *units], y

    def absorb(known, element, values):
        return [known[0].at[:, element].set(values.astype(dtype)), *known[1:]]

    widths = [dim, *(len(layer.bias) for layer in layers)]
    return Steps([jnp.zeros((num, width), dtype) for width in widths], outputs_at, absorb)


class _Layer(NamedTuple):
    """Hidden units sorted by degree: kernel [width + share, inputs], where degrees end."""

    kernel: jax.Array
    bias: jax.Array
    ends: jax.Array
    share: int


def _bias(params, name: str, mask) -> jax.Array:
    """Of a masked layer, with what its constant inputs add."""
    bias = params.get(f"{name}_bias", jnp.zeros(mask.shape[1]))
    if f"{name}_mask_kernel" not in params:
        return bias
    return bias + jnp.where(mask, params[f"{name}_mask_kernel"], 0.0).sum(0)


def _padded(array, share: int) -> jax.Array:
    """With rows of zeros, so that a slice never reaches over the end."""
    return jnp.pad(array, ((0, share), *((0, 0),) * (array.ndim - 1)))
