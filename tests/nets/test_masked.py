"""Masks by their effect: which outputs move with which inputs, exactly."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import Made

KEY = jax.random.key(0)


def random_params(net, *inputs):
    """Params of unit scale everywhere, biases too, so that nothing is zero by chance."""
    variables = jax.jit(net.init)(KEY, *inputs)
    leaves, tree = jax.tree.flatten(variables)
    keys = jax.random.split(KEY, len(leaves))
    new = [jax.random.normal(k, leaf.shape) for k, leaf in zip(keys, leaves, strict=True)]
    return jax.tree.unflatten(tree, new)


def jacobians(net, dim, context_dim=0):
    """Largest |d output_i / d input_j| over examples and outputs, [D, D], and of the context [D, C]."""
    x = jax.random.normal(jax.random.key(1), (20, dim))
    inputs = (x,) + ((jax.random.normal(jax.random.key(2), (20, context_dim)),) * bool(context_dim))
    variables = random_params(net, *inputs)
    one = lambda *each: net.apply(variables, *[e[None] for e in each])[0]
    found = jax.jit(jax.vmap(jax.jacfwd(one, tuple(range(len(inputs))))))(*inputs)
    return [np.abs(j).max(axis=(0, 2)) for j in found]


@pytest.mark.parametrize("dim, hidden", [(5, (13, 17)), (4, ()), (1, (3,))])
def test_outputs_see_all_inputs_before_them_and_no_other(dim, hidden):
    (found,) = jacobians(Made(hidden, 2), dim)
    before = np.tril(np.ones((dim, dim), bool), -1)
    assert (found[~before] == 0).all()
    assert (found[before] > 0).all()


@pytest.mark.parametrize("dim, hidden", [(4, (16, 12)), (1, (3,))])
def test_every_output_sees_the_context(dim, hidden):
    inputs, context = jacobians(Made(hidden, 2), dim, context_dim=3)
    assert (inputs[~np.tril(np.ones((dim, dim), bool), -1)] == 0).all()
    assert (inputs[np.tril(np.ones((dim, dim), bool), -1)] > 0).all()
    assert (context > 0).all(), "the first output too: it has no input to see"


def test_equals_masked_layers_in_numpy():
    net, x = Made((4,), 2), jax.random.normal(KEY, (3, 3))
    params = random_params(net, x)["params"]
    p = {name: np.asarray(leaf, np.float64) for name, leaf in params.items()}
    hidden_degrees, inputs, outputs = np.array([1, 2, 1, 2]), np.arange(1, 4), np.arange(1, 4)
    first = p["hidden_0_kernel"] * (inputs[:, None] <= hidden_degrees)
    last = p["outputs_kernel"].reshape(4, 3, 2) * (hidden_degrees[:, None] < outputs)[..., None]
    hidden = np.maximum(np.asarray(x) @ first + p["hidden_0_bias"], 0)
    expected = np.einsum("bh,hdo->bdo", hidden, last) + p["outputs_bias"].reshape(3, 2)
    np.testing.assert_allclose(net.apply({"params": params}, x), expected, rtol=1e-4, atol=1e-5)


def test_precision_and_extremes():
    net, x = Made((8,), 2, dtype=jnp.bfloat16), 1e4 * jnp.ones((2, 3))
    variables = net.init(KEY, x)
    assert {leaf.dtype for leaf in jax.tree.leaves(variables)} == {jnp.dtype("float32")}
    y = net.apply(variables, x)
    assert y.shape == (2, 3, 2) and y.dtype == jnp.bfloat16 and np.isfinite(y).all()


def test_inputs_of_another_size_are_refused():
    net = Made((8,), 2)
    variables = net.init(KEY, jnp.zeros((1, 3)))
    with pytest.raises(Exception, match="shape"):
        net.apply(variables, jnp.zeros((1, 4)))
