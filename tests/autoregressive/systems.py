"""Every system of the family at a size that compiles in a second, and what its checks share."""

import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np

from genjax.autoregressive import (
    gated_pixel_cnn,
    made,
    multi_scale_pixel_rnn,
    nade,
    pixel_cnn,
    pixel_cnn_pp,
    pixel_rnn,
)
from genjax.core import Spec

GREY, TWO_CHANNELS = Spec((3, 3, 1), 2), Spec((2, 2, 2), 2)
# Heads are wide, or a dead unit leaves a zero where the Jacobian is to be dense.
WIDE = {"hidden": 24, "num_blocks": 2, "head": 60}
SIZES = {"hidden": 9, "num_blocks": 2, "head": 24}
RNN = {"hidden": 6, "num_layers": 2, "head": 30}
MIXTURE = {"likelihood": "discretized_logistic_mixture", "num_components": 2}


def _pixel_cnn_pp(spec):
    several = MIXTURE if spec.shape[-1] > 1 else {}  # the only likelihood that it has for channels
    return pixel_cnn_pp(spec, hidden=6, num_blocks=1, **several)


# Name -> `(spec) -> Model`.
SYSTEMS = {
    "nade": lambda spec: nade(spec, hidden=12),
    "nade of 3 orders": lambda spec: nade(spec, hidden=12, order="random", num_orders=3),
    "made": lambda spec: made(spec, hidden=(20, 15)),
    "made without a hidden layer": lambda spec: made(spec, hidden=()),
    "made of 3 masks and orders": lambda spec: made(
        spec, hidden=(20,), num_masks=3, order="random", condition_on_masks=True
    ),
    "pixel_cnn": lambda spec: pixel_cnn(spec, **SIZES),
    "pixel_cnn, mixture": lambda spec: pixel_cnn(spec, **SIZES, **MIXTURE),
    "gated_pixel_cnn": lambda spec: gated_pixel_cnn(spec, **WIDE),
    "pixel_cnn_pp": _pixel_cnn_pp,
    "row_lstm": lambda spec: pixel_rnn(spec, layer="row_lstm", **RNN),
    "diagonal_bilstm": lambda spec: pixel_rnn(spec, layer="diagonal_bilstm", **RNN),
    "multi_scale_pixel_rnn": lambda spec: multi_scale_pixel_rnn(spec, **RNN),
}
# Of several orders, a system with the first: what its factors may see can be said of one only.
ONE_ORDER = SYSTEMS | {
    "nade of 3 orders": lambda spec: nade(spec, hidden=12, order="random"),
    "made of 3 masks and orders": lambda spec: made(
        spec, hidden=(20,), num_masks=0, order="random", condition_on_masks=True, num_test_masks=1
    ),
}


def variables_of(model, spec, scale=0.3):
    """Variables at random: biases, and weights that start at zero, are moved too."""
    x = jnp.asarray(np.random.default_rng(0).integers(0, 2, (8, *spec.shape)), jnp.float32)
    variables = jax.jit(model.init)(jax.random.key(0), {"image": x}).variables
    leaves, tree = jax.tree.flatten(variables)
    keys = jax.random.split(jax.random.key(1), len(leaves))
    moved = [
        leaf + scale * jax.random.normal(key, leaf.shape) if leaf.dtype == jnp.float32 else leaf
        for leaf, key in zip(leaves, keys, strict=True)
    ]
    return jax.tree.unflatten(tree, moved)


def all_images(shape):
    """Every binary image, [2^D, *shape]."""
    bits = list(itertools.product([0.0, 1.0], repeat=math.prod(shape)))
    return jnp.asarray(bits, jnp.float32).reshape(-1, *shape)


def dependence(model, variables, x):
    """Largest |d outputs_i / d x_j| for places i, elements j, both in the order of drawing: [D, D].

    The largest of several examples `x` [N, ...], for a unit may be dead at one of them. Where
    channels share a factor, each has its row.
    """
    of_x = lambda x: model.conditionals.parameters(variables, x[None])[0]
    found = np.abs(np.asarray(jax.jit(jax.vmap(jax.jacrev(of_x)))(x))).max(axis=0)
    x = x[0]
    joint = found.ndim == 2 * x.ndim  # [H, W, P, H, W, C]: no axis of channels
    rows = found.max(axis=x.ndim - 1 if joint else x.ndim)
    size = x.size
    if joint:
        rows = np.repeat(rows[..., None, :, :, :], x.shape[-1], axis=x.ndim - 1)
    order = model.conditionals.order.reshape(-1)
    sequence = np.argsort(order, kind="stable")
    return rows.reshape(size, size)[sequence][:, sequence], order[sequence]


def draw(model, variables, key, num, shape, *given, cached=True):
    """`num` draws with nothing known."""
    known = np.zeros(shape, bool)
    x = jnp.zeros((num, *shape))
    one = lambda key, v: model.conditionals.draw(key, v, x, known, *given, cached=cached)
    return np.asarray(jax.jit(one)(key, variables))
