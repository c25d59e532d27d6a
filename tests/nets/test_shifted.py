"""The layers of PixelCNN++ against their sums in NumPy, and row by row against whole maps."""

import functools

import flax
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import CausalWindow
from genjax.nets.shifted import (
    GatedLayer,
    LastRow,
    ShiftedConv,
    Upsample,
    WeightNorm,
    concat_elu,
    pointwise_product,
    window_conv,
)

KEY = jax.random.key(0)
RNG = np.random.default_rng(0)


def kernel(layer):
    """g v / |v| of a weight-normalised layer, and b."""
    v, g, b = (np.asarray(layer[name], np.float64) for name in ("direction", "gain", "bias"))
    return g * v / np.sqrt((v**2).sum((0, 1, 2))), b


def random_params(module, *args, **options):
    """Params of the module drawn at random: an init that is compiled costs more than the test."""
    start = lambda: module.init(KEY, *args, **options, mutable=["params"])
    leaf = lambda like: jnp.asarray(RNG.normal(size=like.shape), jnp.float32)
    return jax.tree.map(leaf, jax.eval_shape(start))


def elu(x):
    x = np.concatenate([x, -x], axis=-1)
    return np.where(x > 0, x, np.expm1(np.minimum(x, 0)))


def test_concat_elu_is_elu_of_both_signs():
    x = jnp.array([[-40.0, -1.0, 0.0, 2.0, 1e30]])
    np.testing.assert_allclose(concat_elu(x), elu(np.asarray(x)), rtol=1e-6)


def test_weight_norm_is_a_gain_times_a_unit_direction():
    x = jnp.asarray(RNG.normal(size=(2, 3, 3, 5)), jnp.float32)
    layer = WeightNorm(4)
    variables = random_params(layer, pointwise_product, x)
    weights, bias = kernel(variables["params"])
    expected = np.asarray(x) @ weights[0, 0] + bias
    np.testing.assert_allclose(
        layer.apply(variables, pointwise_product, x), expected, rtol=1e-4, atol=1e-5
    )
    longer = jax.tree.map(lambda p: p, variables)
    longer["params"]["direction"] = 7 * variables["params"]["direction"]
    np.testing.assert_allclose(
        layer.apply(longer, pointwise_product, x), expected, rtol=1e-4, atol=1e-5
    )


def test_weight_norm_starts_from_its_first_batch():
    """Mean 0 and deviation `scale` on that batch, far from standard as it is; flat ones stay finite."""
    layer = WeightNorm(6, scale=0.1)
    start = jax.jit(lambda x: layer.init_with_output(KEY, pointwise_product, x))
    y, variables = start(jnp.asarray(RNG.normal(5.0, 0.2, (8, 4, 4, 3)), jnp.float32))
    np.testing.assert_allclose(y.mean((0, 1, 2)), 0.0, atol=1e-4)
    np.testing.assert_allclose(y.std((0, 1, 2)), 0.1, rtol=1e-3)
    assert 0.03 < variables["params"]["direction"].std() < 0.08  # N(0, 0.05^2), 18 of them
    y, variables = start(jnp.full((8, 4, 4, 3), 1e4))
    np.testing.assert_allclose(variables["params"]["gain"], 0.1)
    np.testing.assert_allclose(y, 0.0, atol=1e-2)


@pytest.mark.parametrize("rows, columns, left", [(2, 3, 1), (2, 2, 1), (1, 3, 1)])
@pytest.mark.parametrize("strides", [1, 2])
def test_a_shifted_convolution_is_a_sum_over_what_is_above_and_beside(rows, columns, left, strides):
    """At (I, J), rows up to `strides` I and columns from `strides` J - left; of odd sizes too."""
    x = RNG.normal(size=(1, 5, 3, 2))
    weights = RNG.normal(size=(rows, columns, 2, 3))
    window, _ = CausalWindow(rows, columns, left).apply({}, jnp.asarray(x), mutable=[])
    found = window_conv((), strides)(jnp.asarray(window), jnp.asarray(weights, window.dtype))
    expected = np.zeros((1, -(-5 // strides), -(-3 // strides), 3))
    for i, j in np.ndindex(expected.shape[1:3]):
        for r, c in np.ndindex(rows, columns):
            row, column = strides * i - rows + 1 + r, strides * j - left + c
            if 0 <= row < 5 and 0 <= column < 3:
                expected[0, i, j] += x[0, row, column] @ weights[r, c]
    if rows == 1 and strides == 2:
        found = found[:, : expected.shape[1]]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("columns", [2, 3])
def test_up_sampling_spreads_each_place_over_its_block(columns):
    """Over two rows, and a column to the left where there are three; cropped; by row the same."""
    low, size = jnp.asarray(RNG.normal(size=(1, 4, 3, 2)), jnp.float32), (7, 5)
    up = Upsample(3, columns)
    variables = random_params(up, low, size)
    whole = up.apply(variables, low, size)
    weights, bias = kernel(variables["params"]["WeightNorm_0"])
    expected = np.zeros((1, 8, 6, 3)) + bias
    for i, j in np.ndindex(4, 3):
        for t, s in np.ndindex(2, columns):
            row, column = 2 * i + t, 2 * j + s - (columns == 3)
            if 0 <= column < 6:  # kernels are flipped: a convention
                tap = weights[1 - t, columns - 1 - s]
                expected[0, row, column] += np.asarray(low)[0, i, j] @ tap
    np.testing.assert_allclose(whole, expected[:, :7, :5], rtol=1e-4, atol=1e-5)
    for i in (3, 4):
        at_row = up.apply(variables, low[:, i // 2][:, None], size, (i,))
        np.testing.assert_allclose(at_row[:, 0], whole[:, i], rtol=1e-4, atol=1e-5)
        for j in (2, 3) if columns == 2 else ():
            here = up.apply(variables, low[:, i // 2, j // 2][:, None, None], size, (i, j))
            np.testing.assert_allclose(here[:, 0, 0], whole[:, i, j], rtol=1e-4, atol=1e-5)


def test_the_last_row_is_kept_until_it_is_overwritten():
    x = jnp.asarray(RNG.normal(size=(2, 3, 4, 5)), jnp.float32)
    row = LastRow()
    same, variables = row.apply({}, x, mutable=["cache"])
    np.testing.assert_array_equal(same, x)
    _, variables = row.apply(variables, x[:, 1:2], (1,), mutable=["cache"])
    _, variables = row.apply(variables, x[:, 2:, 1:2], (2, 1), mutable=["cache"])
    np.testing.assert_array_equal(row.apply(variables, None, (2, 1)), x[:, 2:, 1:2])
    np.testing.assert_array_equal(row.apply(variables, None, (2, 2)), x[:, 1:2, 2:3])
    np.testing.assert_array_equal(row.apply(variables, None, (2,))[:, :, 2:], x[:, 1:2, 2:])
    with pytest.raises(flax.errors.ScopeCollectionNotFound):
        row.apply({}, None, (2, 1))


def test_a_gated_layer_is_its_equation_where_a_map_is_one_place():
    """Of a 1x1 map only the last tap is seen: x + a sigmoid(b)."""
    x, side = (RNG.normal(size=(3, 1, 1, c)).astype(np.float32) for c in (4, 6))
    context = RNG.normal(size=(3, 2)).astype(np.float32)
    layer = GatedLayer((2, 2), 1, 0.5)
    call = {"train": False, "at": ()}
    variables = random_params(layer, x, side, context, **call)
    params = variables["params"]
    taps = {name: kernel(params[name]["conv"]) for name in ("first", "second")}
    side_weights, side_bias = kernel(params["side"])
    y = elu(x) @ taps["first"][0][-1, -1] + taps["first"][1] + elu(side) @ side_weights[0, 0]
    y = elu(y + side_bias) @ taps["second"][0][-1, -1] + taps["second"][1]
    y = y + (context @ np.asarray(params["Dense_0"]["kernel"]))[:, None, None]
    a, b = np.split(y, 2, axis=-1)
    found = jax.jit(lambda v: layer.apply(v, x, side, context, **call))(variables)
    np.testing.assert_allclose(found, x + a / (1 + np.exp(-b)), rtol=1e-3, atol=1e-4)


def test_dropout_is_on_in_training_only():
    x = jnp.asarray(RNG.normal(size=(3, 2, 2, 4)), jnp.float32)
    layer = GatedLayer((2, 3), 1, 0.5)
    variables = random_params(layer, x, None, None, train=False, at=())

    @functools.partial(jax.jit, static_argnums=0)
    def run(train, seed):
        rngs = {"dropout": jax.random.key(seed)}
        return layer.apply(variables, x, None, None, train=train, at=(), rngs=rngs)

    assert (run(True, 1) != run(True, 2)).any() and (run(True, 1) == run(True, 1)).all()
    assert (run(False, 1) == run(False, 2)).all()


def test_a_shifted_layer_keeps_what_it_needs_row_by_row():
    """The rows of a map, one after the other, are those of the whole map, to the last bit or nearly."""
    x = jnp.asarray(RNG.normal(size=(2, 4, 3, 2)), jnp.float32)
    layer = ShiftedConv(3, (2, 3))
    variables = random_params(layer, x)
    whole, cache = layer.apply(variables, x, mutable=["cache"])
    apply = lambda cache, row, i: layer.apply({**variables, **cache}, row, (i,), mutable=["cache"])
    step = jax.jit(apply)
    for i in range(4):
        row, cache = step(cache, x[:, i : i + 1], i)
        np.testing.assert_allclose(row[:, 0], whole[:, i], rtol=1e-5, atol=1e-5)


def test_a_kernel_of_other_features_is_refused():
    x = jnp.zeros((1, 2, 2, 3))
    variables = random_params(WeightNorm(4), pointwise_product, x)
    with pytest.raises(flax.errors.ScopeParamShapeError):
        WeightNorm(4).apply(variables, pointwise_product, jnp.zeros((1, 2, 2, 5)))
