"""Causal convolutions: masks against a triple loop, and rows and places against the whole map."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import CausalConv, channel_groups, channel_mask, place, raster_mask, row_above
from genjax.nets.causal import data_window, shift_down

KEY = jax.random.key(0)
X = jax.random.normal(KEY, (2, 4, 3, 2))


def start(layer):
    """Its variables, no cache among them."""
    return jax.jit(lambda key: layer.init(key, X, mutable=["params"]))(KEY)


def test_features_belong_to_channels_in_turn_and_all_of_them():
    np.testing.assert_array_equal(channel_groups(6, 3), [0, 0, 1, 1, 2, 2])
    np.testing.assert_array_equal(channel_groups(5, 2), [0, 0, 0, 1, 1])
    np.testing.assert_array_equal(channel_groups(2, 3), [0, 1])


def test_masks_of_channels_and_of_places():
    """van den Oord et al., 2016, arXiv:1601.06759, Figures 2 and 4."""
    groups = np.array([0, 1])
    np.testing.assert_array_equal(channel_mask("A", groups, groups), [[0, 1], [0, 0]])
    np.testing.assert_array_equal(channel_mask("B", groups, groups), [[1, 1], [0, 1]])
    mask = raster_mask("A", (2, 3), 1, groups, groups)
    assert mask.shape == (2, 3, 2, 2) and mask.dtype == np.float32
    assert (mask[0] == 1).all() and (mask[1, 0] == 1).all() and (mask[1, 2] == 0).all()
    np.testing.assert_array_equal(mask[1, 1], channel_mask("A", groups, groups))
    with pytest.raises(ValueError, match="'A' or 'B', got 'C'"):
        channel_mask("C", groups, groups)


def loop(x, kernel, bias, left):
    """The sum over a window that ends at row i, zeros outside, place by place."""
    batch, height, width, _ = x.shape
    rows, columns = kernel.shape[:2]
    y = np.zeros((batch, height, width, kernel.shape[-1])) + bias
    for i, j, r, c in np.ndindex(height, width, rows, columns):
        row, column = i - (rows - 1) + r, j - left + c
        if 0 <= row < height and 0 <= column < width:
            y[:, i, j] += x[:, row, column] @ kernel[r, c]
    return y


# The last row's kernel is zero right of its own place where places come one after the other.
LAYERS = {
    "masked": CausalConv(
        4, (2, 3), mask=raster_mask("B", (2, 3), 1, np.arange(2), channel_groups(4, 2))
    ),
    "to the left": CausalConv(4, (1, 2), left=1, use_bias=False),
    "more rows than the map": CausalConv(4, (6, 1)),
}


@pytest.mark.parametrize("layer", LAYERS.values(), ids=LAYERS)
def test_maps_rows_and_places_are_the_loop_in_numpy(layer):
    variables = start(layer)
    params = jax.tree.map(lambda p: p + 0.1, variables["params"])
    kernel = np.asarray(params["kernel"], np.float64)
    kernel = kernel if layer.mask is None else kernel * layer.mask
    left = 1 if layer.kernel_size[1] > 1 else 0
    expected = loop(np.asarray(X, np.float64), kernel, np.asarray(params.get("bias", 0.0)), left)
    whole, empty = jax.jit(lambda: layer.apply({"params": params}, X, mutable=["cache"]))()
    np.testing.assert_allclose(whole, expected, rtol=1e-4, atol=1e-5)

    @jax.jit
    def step(cache, i, j):
        here = place(X, (i, j))
        return layer.apply({"params": params, **cache}, here, (i, j), mutable=["cache"])

    cache = empty
    for i, j in np.ndindex(*X.shape[1:3]):
        found, cache = step(cache, i, j)
        np.testing.assert_allclose(found[:, 0, 0], expected[:, i, j], rtol=1e-4, atol=1e-5)


def test_rows_that_come_at_once_see_both_sides():
    layer = CausalConv(3, (2, 3))
    variables = start(layer)
    whole, cache = layer.apply(variables, X, mutable=["cache"])
    step = jax.jit(
        lambda cache, i: layer.apply(
            {**variables, **cache}, place(X, (i,)), (i,), mutable=["cache"]
        )
    )
    for i in range(X.shape[1]):
        row, cache = step(cache, i)
        np.testing.assert_allclose(row[:, 0], whole[:, i], rtol=1e-5, atol=1e-6)


def test_the_image_itself_needs_no_cache_and_what_is_not_drawn_is_zero():
    """A layer of the data sees x as it is at the time, at every corner of the map."""
    mask = raster_mask("A", (3, 5), 2, np.zeros(2), np.zeros(4))
    layer = CausalConv(4, (3, 5), mask=mask, of_data=True)
    variables = start(layer)
    assert layer.apply(variables, X, mutable=["cache"])[1] == {}
    whole = layer.apply(variables, X)
    one = jax.jit(lambda x, i, j: layer.apply(variables, x, (i, j)))
    for i, j in np.ndindex(*X.shape[1:3]):
        earlier = (np.arange(12).reshape(1, 4, 3, 1) < i * 3 + j) * X
        np.testing.assert_allclose(
            one(earlier, i, j)[:, 0, 0], whole[:, i, j], rtol=1e-4, atol=1e-5
        )
    outside = data_window(X, (0, 0), 2, 3, 1)  # the row above and the column to the left
    assert (outside[0] == 0).all() and (outside[1, 0] == 0).all()
    np.testing.assert_array_equal(outside[1, 1], X[:, 0, 0])


def test_rows_above_and_places():
    down = np.asarray(shift_down(X))
    assert (down[:, 0] == 0).all()
    np.testing.assert_array_equal(down[:, 1:], X[:, :-1])
    for i in range(4):
        np.testing.assert_array_equal(row_above(X, i)[:, 0], down[:, i])
    assert place(X, ()) is X
    np.testing.assert_array_equal(place(X, (2,)), X[:, 2:3])
    np.testing.assert_array_equal(place(X, (2, 1)), X[:, 2:3, 1:2])


def test_precision_and_extremes():
    layer = CausalConv(3, (2, 3), dtype=jnp.bfloat16)
    y, variables = layer.init_with_output(KEY, 1e4 * X)
    assert variables["params"]["kernel"].dtype == jnp.float32
    assert y.dtype == jnp.bfloat16 and np.isfinite(y.astype(jnp.float32)).all()


def test_what_does_not_fit_is_refused():
    layer = CausalConv(3, (2, 3))
    variables = start(layer)
    with pytest.raises(ValueError, match="no cache; call on whole maps first"):
        layer.apply(variables, X[:, :1, :1], (0, 0), mutable=["cache"])
    with pytest.raises(Exception, match="shape"):
        layer.apply(variables, X[..., :1])
