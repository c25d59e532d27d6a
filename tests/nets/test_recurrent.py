"""The LSTMs of PixelRNN against loops over places in NumPy, whole and place by place."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import DiagonalBiLstm, RowLstm, lstm_cell, skew, unskew

KEY = jax.random.key(0)
LAYERS = {"row": RowLstm, "diagonal": DiagonalBiLstm}


def random_params(layer, *inputs):
    """Params of scale 0.5 everywhere, biases too, so that nothing is zero by chance."""
    shapes = jax.eval_shape(lambda: layer.init(KEY, *inputs, mutable=["params"]))
    leaves, tree = jax.tree.flatten(shapes)
    keys = jax.random.split(KEY, len(leaves))
    new = [0.5 * jax.random.normal(k, leaf.shape) for k, leaf in zip(keys, leaves, strict=True)]
    return jax.tree.unflatten(tree, new)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def cell_by_hand(gates, c):
    """h and c of o, f, i, g, [..., 4 units], in float64."""
    o, f, i, g = np.split(gates, 4, axis=-1)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def group_mask(num_inputs, num_units, num_groups):
    """1 where an input's group is not after the unit's, for each of the four gates."""
    inputs = np.arange(num_inputs) * num_groups // num_inputs
    units = np.arange(num_units) * num_groups // num_units
    return np.tile(inputs[:, None] <= units[None], 4)


def input_to_state(params, name, x, context, num_groups):
    """z [B, H, W, 4 units] of a 1x1 layer, and of the context's."""
    kernel = params[f"input_to_{name}"]["kernel"][0, 0]
    kernel = kernel * group_mask(x.shape[-1], kernel.shape[1] // 4, num_groups)
    z = x @ kernel + params[f"input_to_{name}"]["bias"]
    return z if context is None else z + context @ params[f"context_to_{name}"]["kernel"][0, 0]


def diagonal_by_place(params, x, context=None, num_groups=1):
    """The Diagonal BiLSTM in NumPy: h(i, j) = left(i, j) + right(i - 1, j), a place after the other."""
    batch, height, width, _ = x.shape
    kernels = params["state_to_state"]
    units = kernels.shape[-1] // 4
    zero = np.zeros((batch, units))
    out = np.zeros((batch, height, width, units))
    for name, kernel, beside in (("left", kernels[0], -1), ("right", kernels[1], +1)):
        z = input_to_state(params, name, x, context, num_groups)
        h, c = {}, {}
        for i in range(height):
            for j in range(width)[::-beside]:
                before = [h.get((i, j + beside), zero), h.get((i - 1, j), zero)]
                gates = z[:, i, j] + np.concatenate(before, axis=-1) @ kernel
                h[i, j], c[i, j] = cell_by_hand(gates, c.get((i, j + beside), zero))
        down = 0 if name == "left" else 1
        for i in range(down, height):
            for j in range(width):
                out[:, i, j] += h[i - down, j]
    return out


def row_by_place(params, x, context=None, num_groups=1):
    """The Row LSTM in NumPy: input-to-state sees (i, j - 1) and (i, j), state-to-state three above."""
    batch, height, width, _ = x.shape
    kernel = params["state_to_state"]
    units = kernel.shape[-1] // 4
    zero, inputs = np.zeros((batch, units)), params["input_to_state"]
    own = inputs["kernel"][0, 1] * group_mask(x.shape[-1], units, num_groups)
    h, c = {}, {}
    for i in range(height):
        for j in range(width):
            gates = x[:, i, j] @ own + inputs["bias"]
            if j:
                gates = gates + x[:, i, j - 1] @ inputs["kernel"][0, 0]
            if context is not None:
                gates = gates + context[:, i, j] @ params["context"]["kernel"][0, 0]
            above = [h.get((i - 1, k), zero) for k in (j - 1, j, j + 1)]
            gates = gates + np.concatenate(above, axis=-1) @ kernel
            h[i, j], c[i, j] = cell_by_hand(gates, c.get((i - 1, j), zero))
    return np.stack([np.stack([h[i, j] for j in range(width)], 1) for i in range(height)], axis=1)


def place_by_place(layer, variables, x, context, repeats=2):
    """The layer's map from its caches; a place is computed `repeats` times, first with other inputs."""
    shapes = jax.eval_shape(lambda: layer.apply(variables, x, context, mutable=["cache"]))
    cache = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes[1].get("cache", {}))
    height, width = x.shape[1:3]

    def apply(cache, x, at):
        y, new = layer.apply({**variables, "cache": cache}, x, context, at=at, mutable=["cache"])
        return y, new["cache"]

    def row(cache, i):
        cache = apply(cache, None, (i,))[1]
        return jax.lax.scan(lambda cache, j: one(cache, i, j), cache, jnp.arange(width))

    def one(cache, i, j):
        here = jax.lax.dynamic_slice(x, (0, i, j, 0), (len(x), 1, 1, x.shape[-1]))
        for k in range(repeats)[::-1]:
            y, cache = apply(cache, here + k, (i, j))
        return cache, y[:, 0, 0]

    return jax.lax.scan(row, cache, jnp.arange(height))[1].transpose(2, 0, 1, 3)


@pytest.mark.parametrize("name", LAYERS)
def test_equals_a_loop_over_places(name):
    """Whole maps in parallel, and place by place from the caches, to 1e-5; groups and a context."""
    layer, shape = LAYERS[name](4, 3), (2, 4, 3)
    x = jax.random.normal(jax.random.key(1), (*shape, 6))
    context = jax.random.normal(jax.random.key(2), (*shape, 2))
    variables = random_params(layer, x, context)
    many = lambda tree: jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), tree)
    by_place = {"row": row_by_place, "diagonal": diagonal_by_place}[name]
    expected = by_place(many(variables["params"]), many(x), many(context), num_groups=3)
    apply = lambda v: (layer.apply(v, x, context), place_by_place(layer, v, x, context))
    for found in jax.jit(apply)(variables):
        np.testing.assert_allclose(found, expected, atol=1e-5)
    assert expected.std() > 0.05


@pytest.mark.parametrize("name", LAYERS)
def test_a_vector_is_a_map_that_is_everywhere_the_same(name):
    layer, x = LAYERS[name](2), jax.random.normal(KEY, (2, 1, 3, 2))
    vector = jax.random.normal(jax.random.key(1), (2, 4))
    variables = random_params(layer, x, vector)
    expected = layer.apply(variables, x, jnp.broadcast_to(vector[:, None, None], (2, 1, 3, 4)))
    np.testing.assert_allclose(layer.apply(variables, x, vector), expected, atol=1e-6)


@pytest.mark.parametrize("name", LAYERS)
def test_precision_and_extremes(name):
    """bf16 keeps float32 params; inputs of 1e4 saturate the gates, with finite gradients."""
    layer, x = LAYERS[name](2, dtype=jnp.bfloat16), 1e4 * jax.random.normal(KEY, (1, 2, 2, 2))
    variables = random_params(layer, x)
    assert {leaf.dtype for leaf in jax.tree.leaves(variables)} == {jnp.dtype("float32")}
    call = lambda v, x: (layer.apply(v, x).astype(jnp.float32).sum(), layer.apply(v, x))
    (_, y), gradient = jax.jit(jax.value_and_grad(call, (0, 1), has_aux=True))(variables, x)
    assert y.dtype == jnp.bfloat16 and np.isfinite(y.astype(jnp.float32)).all()
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))


@pytest.mark.parametrize("name", LAYERS)
def test_what_does_not_fit_is_refused(name):
    layer, x = LAYERS[name](2), jnp.zeros((1, 3, 3, 2))
    with pytest.raises(ValueError, match=r"a context is a vector \[B, K\] or a map \[B, H, W, K\]"):
        jax.eval_shape(layer.init, KEY, x, jnp.zeros((1, 3, 2, 2)))
    variables = random_params(layer, x)
    with pytest.raises(ValueError, match="no cache; call on whole maps first"):
        layer.apply(variables, x[:, :1, :1], at=(0, 0), mutable=["cache"])


def test_lstm_cell_equals_its_formula():
    rng = np.random.default_rng(0)
    gates, c = rng.normal(size=(5, 12)), rng.normal(size=(5, 3))
    expected = cell_by_hand(gates, c)
    found = lstm_cell(jnp.array(gates, jnp.float32), jnp.array(c, jnp.float32))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    far = jnp.array([[1e5, -1e5, 1e5, -1e5]])
    h, c = lstm_cell(far, jnp.array([[1e30]]))
    np.testing.assert_allclose([h[0, 0], c[0, 0]], [-np.tanh(1.0), -1.0], rtol=1e-6)
    assert np.isfinite(jax.grad(lambda g: lstm_cell(g, jnp.ones((1, 1)))[0].sum())(far)).all()
    with pytest.raises(ValueError, match="four gates"):
        lstm_cell(far, jnp.ones((1, 2)))


@pytest.mark.parametrize("height, width", [(3, 2), (1, 4), (4, 1)])
def test_skew_moves_row_r_by_r(height, width):
    x = np.arange(1.0, 1 + 2 * height * width * 3).reshape(2, height, width, 3)
    expected = np.zeros((width + height - 1, height, 2, 3))
    for i in range(height):
        for j in range(width):
            expected[i + j, i] = x[:, i, j]
    found = skew(jnp.asarray(x))
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(unskew(found), x)


def test_skew_refuses_other_shapes():
    with pytest.raises(ValueError):
        skew(jnp.zeros((2, 3, 4)))
    with pytest.raises(ValueError, match="columns of H places"):
        unskew(jnp.zeros((2, 3, 1, 1)))
