"""Masks by their effect: which outputs move with which inputs, exactly."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import Made, natural_degrees, random_degrees

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


DEGREES = [np.array([2, 4, 1, 3]), np.array([1, 3, 2, 2, 1]), np.array([3, 2, 3, 1])]


def numpy_made(p, x, degrees, num_outputs):
    """Masks from degrees, element by element; `direct` and `mask_kernel` where there are such."""

    def layer(name, x, before, after, strict):
        allowed = np.array([[a < b if strict else a <= b for b in after] for a in before])
        total = x @ (p[f"{name}_kernel"] * allowed) + p.get(f"{name}_bias", 0.0)
        return total + (p.get(f"{name}_mask_kernel", np.zeros(allowed.shape)) * allowed).sum(0)

    h, outputs = x, np.repeat(degrees[0], num_outputs)
    for number, (before, after) in enumerate(itertools.pairwise(degrees)):
        h = np.maximum(layer(f"hidden_{number}", h, before, after, strict=False), 0)
    y = layer("outputs", h, degrees[-1], outputs, strict=True)
    if "direct_kernel" in p:
        y = y + layer("direct", x, degrees[0], outputs, strict=True)
    return y.reshape(*x.shape, num_outputs)


def test_degrees_direct_connections_and_conditions_on_masks_in_numpy():
    """Germain et al., 2015, arXiv:1502.03509, equations 8, 9 and 13, and section 4.2."""
    x = jax.random.normal(KEY, (3, 4))
    for net in (Made((5, 4), 2, direct=True, condition_on_masks=True), Made((5, 4), 2, True)):
        params = random_params(net, x)["params"]
        p = {name: np.asarray(leaf, np.float64) for name, leaf in params.items()}
        assert any("mask_kernel" in name for name in p) == net.condition_on_masks
        degrees = [jnp.asarray(each) for each in DEGREES]
        found = jax.jit(net.apply)({"params": params}, x, degrees=degrees)
        expected = numpy_made(p, np.asarray(x, np.float64), DEGREES, 2)
        np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_weights_of_masks_start_without_an_effect():
    x = jax.random.normal(KEY, (3, 4))
    net, plain = Made((5,), 1, condition_on_masks=True), Made((5,), 1)
    variables = jax.jit(net.init)(KEY, x)
    kept = {n: v for n, v in variables["params"].items() if "mask_kernel" not in n}
    np.testing.assert_array_equal(net.apply(variables, x), plain.apply({"params": kept}, x))


def test_without_a_hidden_layer_inputs_are_direct_already():
    params = jax.eval_shape(Made((), 1, direct=True).init, KEY, jnp.zeros((1, 3)))["params"]
    assert set(params) == {"outputs_kernel", "outputs_bias"}


def test_natural_degrees_serve_every_output():
    inputs, first, second = natural_degrees(4, (5, 2))
    np.testing.assert_array_equal(inputs, [1, 2, 3, 4])
    np.testing.assert_array_equal(first, [1, 2, 3, 1, 2])
    np.testing.assert_array_equal(second, [1, 2])
    assert natural_degrees(4, (5,), context=True)[1].tolist() == [0, 1, 2, 3, 0]
    assert natural_degrees(1, (2,))[1].tolist() == [1, 1]


def test_random_degrees_are_uniform_from_the_lowest_before_to_the_last_but_one():
    """Algorithm 1: over 2000 draws every degree is there, and as often as the others."""
    draws = jax.jit(jax.vmap(lambda key: random_degrees(key, 5, (3, 2))))
    inputs, first, second = map(np.asarray, draws(jax.random.split(KEY, 2000)))
    assert (inputs == np.arange(1, 6)).all()
    counts = np.bincount(first.reshape(-1), minlength=6)
    assert counts[[0, 5]].sum() == 0 and (np.abs(counts[1:5] / 6000 - 0.25) < 0.03).all()
    assert (second >= first.min(1, keepdims=True)).all() and second.max() == 4
    lowest = first.min(1) == 3  # degrees 3 and 4 are left, alike
    assert abs((second[lowest] == 3).mean() - 0.5) < 0.1


def test_random_degrees_of_an_order_and_of_one_input():
    order = jnp.array([3, 1, 2])
    inputs, units = random_degrees(KEY, 3, (50,), order)
    np.testing.assert_array_equal(inputs, order)
    assert set(units.tolist()) == {1, 2}
    assert random_degrees(KEY, 1, (4,))[1].tolist() == [1] * 4
    assert len(random_degrees(KEY, 3, ())) == 1
