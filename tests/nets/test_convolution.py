"""The convolutions against lax and linen: values, gradients, gradients of gradients, layouts."""

import math
import re

import chex
import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from genjax.nets.convolution import Conv, ConvTranspose, conv, conv_transpose

# Compilation is most of the time here, and the values do not depend on how well LLVM optimises.
_QUICK_COMPILE = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


def _compile(function, *arguments):
    return jax.jit(function).lower(*arguments).compile(compiler_options=_QUICK_COMPILE)


def _lax_conv(x, kernel, strides=1, padding="SAME"):
    axes = "012"[: x.ndim - 2]
    numbers = (f"N{axes}C", f"{axes}IO", f"N{axes}C")
    strides = (strides,) * (x.ndim - 2)
    return lax.conv_general_dilated(x, kernel, strides, padding, dimension_numbers=numbers)


def _lax_conv_transpose(x, kernel, strides=1, padding="SAME"):
    return lax.conv_transpose(x, kernel, (strides,) * (x.ndim - 2), padding)


def _draw(seed, *shapes):
    keys = jax.random.split(jax.random.key(seed), len(shapes))
    return tuple(jax.random.normal(k, shape) for k, shape in zip(keys, shapes, strict=True))


def _derivatives(function, x, kernel):
    """Value, both gradients, and the gradient of a penalty on the gradients."""

    def penalty(x, kernel):
        y, pullback = jax.vjp(function, x, kernel)
        gradients = pullback(y / y.size**0.5)
        # Both squares, so that each gradient is differentiated by x, by the kernel and by y.
        value = sum(jnp.mean(gradient**2) for gradient in gradients)
        return value, (y, *gradients)

    (_, first), second = jax.value_and_grad(penalty, argnums=(0, 1), has_aux=True)(x, kernel)
    return dict(zip(("y", "dx", "dk", "ddx", "ddk"), (*first, *second), strict=True))


def _assert_close(actual, expected, rtol=1e-5):
    chex.assert_trees_all_equal_shapes_and_dtypes(actual, expected)
    for a, e in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        a, e = np.asarray(a, np.float64), np.asarray(e, np.float64)
        np.testing.assert_allclose(a, e, rtol=0, atol=rtol * np.abs(e).max(initial=1e-3))


def _shapes(rank, window, features):
    """Even and odd sizes, windows that are not square, and never a window beyond the image."""
    size = ((8, 7), (7, 9, 8), (7, 4, 5))[rank - 1][:rank]
    window = ((window,), (window, max(1, window - 1)), (window, 1 + window % 3, 2))[rank - 1]
    return (2, *size, features[0]), (*window, *features)


@pytest.mark.parametrize(
    "rank, windows",
    # Compiling them all takes minutes.
    [
        (1, (2, 5)),
        (2, (3, 4)),
        (3, (4,)),
        pytest.param(1, (1, 3, 4, 6, 7), marks=pytest.mark.acceptance),
        pytest.param(2, (1, 2, 5, 7), marks=pytest.mark.acceptance),
        pytest.param(3, (1, 2, 3), marks=pytest.mark.acceptance),
    ],
)
@pytest.mark.parametrize("strides", [1, 2])
@pytest.mark.parametrize(
    "ours, theirs, features",
    # 16 features where the strides spread the input, so that phases are taken.
    [(conv, _lax_conv, (16, 3)), (conv_transpose, _lax_conv_transpose, (3, 16))],
)
def test_equals_lax_to_the_second_derivative(ours, theirs, features, strides, rank, windows):
    cases = [
        (_draw(window, *_shapes(rank, window, features)), padding)
        for window in windows
        for padding in ("SAME", "VALID")
    ]

    def both(all_arrays):
        return [
            [
                _derivatives(lambda x, k: function(x, k, strides, padding), *arrays)
                for arrays, (_, padding) in zip(all_arrays, cases, strict=True)
            ]
            for function in (ours, theirs)
        ]

    all_arrays = [arrays for arrays, _ in cases]
    for actual, expected in zip(*_compile(both, all_arrays)(all_arrays), strict=True):
        _assert_close(actual, expected)


@pytest.mark.parametrize(
    "function, x_shape, kernel_shape, strides, padding",
    [
        (conv, (2, 6, 5, 3), (3, 2, 3, 4), (2, 1), [(2, 0), (1, 3)]),
        (conv, (2, 9, 9, 16), (4, 4, 16, 2), 3, [(-1, 2), (0, -2)]),  # crops
        (conv, (2, 4, 4, 5), (4, 4, 5, 3), 1, "VALID"),  # a single position
        (conv_transpose, (2, 1, 1, 5), (4, 3, 5, 3), 1, "VALID"),  # a single pixel
        (conv_transpose, (2, 1, 1, 5), (5, 5, 5, 3), 1, [(4, 1), (3, 2)]),  # part of the window
        (conv_transpose, (2, 4, 5, 3), (5, 4, 3, 16), (3, 2), [(3, -1), (-4, 2)]),  # crops
        (conv_transpose, (2, 4, 3), (2, 3, 16), 3, "SAME"),  # a phase without an entry
        (conv_transpose, (2, 4, 4, 3), (5, 5, 3, 16), 2, "SAME"),  # a window beyond the image
        (conv_transpose, (2, 1, 2, 3), (4, 4, 3, 16), 2, "SAME"),
    ],
)
def test_equals_lax_with_explicit_padding(function, x_shape, kernel_shape, strides, padding):
    rank = len(x_shape) - 2
    x, kernel = _draw(0, x_shape, kernel_shape)
    lax_strides = (strides,) * rank if isinstance(strides, int) else strides
    theirs = lax.conv_transpose if function is conv_transpose else lax.conv_general_dilated
    axes = "01"[:rank]
    numbers = (f"N{axes}C", f"{axes}IO", f"N{axes}C")

    def both(x, kernel):
        return (
            _derivatives(lambda x, k: function(x, k, strides, padding), x, kernel),
            _derivatives(
                lambda x, k: theirs(x, k, lax_strides, padding, dimension_numbers=numbers),
                x,
                kernel,
            ),
        )

    _assert_close(*_compile(both, x, kernel)(x, kernel))


@pytest.mark.parametrize("strides", [(2, 2), (2, 3)])
@pytest.mark.parametrize("features", [16, 80])  # phases together, and one by one
def test_phases_equal_lax(strides, features):
    x, kernel = _draw(3, (2, 7, 5, 3), (5, 5, 3, features))

    def both(x, kernel):
        ours = lambda x, k: conv_transpose(x, k, strides, ((3, 4), (5, 2)))
        theirs = lambda x, k: lax.conv_general_dilated(
            x, k, (1, 1), ((3, 4), (5, 2)), strides, dimension_numbers=("NHWC", "HWIO", "NHWC")
        )
        return _derivatives(ours, x, kernel), _derivatives(theirs, x, kernel)

    _assert_close(*_compile(both, x, kernel)(x, kernel))


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="about XLA on the CPU")
def test_a_window_beyond_the_image_meets_no_zeros_between_its_pixels():
    # DCGAN's first doubling: an entry of the window meets each pixel once.
    x, kernel = _draw(0, (2, 4, 4, 16), (5, 5, 16, 128))
    program = jax.jit(lambda x, kernel: conv_transpose(x, kernel, 2)).lower(x, kernel).as_text()
    ends = re.findall(r"stablehlo.convolution.*, tensor<(.*)xf32>\) -> tensor<(.*)xf32>", program)
    sizes = [[[int(n) for n in shape.split("x")] for shape in pair] for pair in ends]
    products = sum(math.prod(window[:-1]) * math.prod(out) for window, out in sizes)
    assert products == len(x) * 4 * 4 * kernel.size


def test_cropping_equals_a_smaller_image():
    # Not against lax: XLA's CPU code reads beyond the image here (seen with jax 0.10 and 0.12).
    x, kernel = _draw(0, (2, 3, 5, 3), (3, 5, 3, 16))
    actual = conv(x, kernel, padding=((-1, 1), (-3, 3)))
    padded = jnp.pad(x[:, 1:, 3:], ((0, 0), (0, 1), (0, 3), (0, 0)))
    _assert_close(actual, jnp.einsum("nhwi,hwio->no", padded, kernel)[:, None, None])


def test_value_by_hand():
    x, kernel = jnp.array([1.0, 2.0, 4.0]).reshape(1, 3, 1), jnp.array([1.0, 10.0]).reshape(2, 1, 1)
    np.testing.assert_array_equal(conv(x, kernel, padding="VALID").ravel(), [21, 42])
    np.testing.assert_array_equal(conv(x, kernel, padding=[(1, 0)]).ravel(), [10, 21, 42])
    np.testing.assert_array_equal(
        # Each pixel lays down the kernel, read backwards: lax does not flip it.
        conv_transpose(x, kernel, 2, "VALID").ravel(),
        [10, 1, 20, 2, 40, 4],
    )


_LINEN = [
    (Conv, nn.Conv, (2, 9, 3), dict(kernel_size=4)),
    (Conv, nn.Conv, (2, 9, 8, 4), dict(kernel_size=(3, 2), strides=(2, 1), padding="VALID")),
    (Conv, nn.Conv, (2, 9, 8, 4), dict(kernel_size=(3, 3), strides=2, padding=((0, 1), 2))),
    (Conv, nn.Conv, (2, 9, 8, 4), dict(kernel_size=(3, 3), feature_group_count=2)),
    (Conv, nn.Conv, (2, 9, 8, 4), dict(kernel_size=(3, 3), kernel_dilation=2, use_bias=False)),
    (Conv, nn.Conv, (2, 3, 9, 8, 4), dict(kernel_size=(3, 3), padding=1)),  # two batch axes
    (Conv, nn.Conv, (9, 8, 4), dict(kernel_size=(3, 3), dtype=jnp.bfloat16)),  # no batch axis
    (Conv, nn.Conv, (2, 5, 5, 2), dict(kernel_size=(3, 3), mask="checks")),
    (ConvTranspose, nn.ConvTranspose, (2, 5, 3), dict(kernel_size=4, strides=(2,))),
    (ConvTranspose, nn.ConvTranspose, (2, 5, 4, 3), dict(kernel_size=(4, 5), strides=(2, 2))),
    (ConvTranspose, nn.ConvTranspose, (5, 4, 3), dict(kernel_size=(2, 3), padding="VALID")),
    (
        ConvTranspose,
        nn.ConvTranspose,
        (2, 5, 4, 3),
        dict(kernel_size=(3, 3), strides=(2, 2), transpose_kernel=True, param_dtype=jnp.bfloat16),
    ),
    (
        ConvTranspose,
        nn.ConvTranspose,
        (2, 5, 4, 3),
        dict(kernel_size=(3, 3), strides=(1, 2), kernel_dilation=(2, 1), padding=((2, 3), (1, 1))),
    ),
]


@pytest.mark.parametrize("ours, theirs, shape, arguments", _LINEN)
def test_layers_drop_in_for_linen(ours, theirs, shape, arguments):
    arguments = dict(arguments, features=6)
    if "mask" in arguments:
        arguments["mask"] = jnp.arange(3 * 3 * 2 * 6).reshape(3, 3, 2, 6) % 2
    (x,) = _draw(0, shape)
    expected_layer, layer = theirs(**arguments), ours(**arguments)
    variables = expected_layer.init(jax.random.key(1), x)
    chex.assert_trees_all_equal(layer.init(jax.random.key(1), x), variables)

    def value_and_gradient(layer):
        def loss(variables, x):
            y = layer.apply(variables, x)
            return jnp.sum(jnp.sin(y)), y

        gradient = jax.grad(loss, argnums=(0, 1), has_aux=True)
        return _compile(gradient, variables, x)(variables, x)

    is_half = jnp.bfloat16 in arguments.values()
    actual, expected = value_and_gradient(layer), value_and_gradient(expected_layer)
    _assert_close(actual, expected, rtol=2e-2 if is_half else 1e-5)


def _loop(function, length=2):
    """Two steps of a scan along the gradient of a penalty, all of it inside the loop."""

    def step(arrays, _):
        derivatives = _derivatives(function, *arrays)
        return (
            arrays[0] - derivatives["dx"] - derivatives["ddx"],
            arrays[1] - derivatives["dk"] - derivatives["ddk"],
        ), None

    return lambda *arrays: lax.scan(step, arrays, length=length)[0]


def _convolutions(function, *arrays):
    """The convolutions in the program that XLA made of a loop, one line each."""
    program = _compile(_loop(function), *arrays).as_text()
    return re.findall(r"= .* convolution\(.*", program)


def _has_fast_code(convolution):
    in_order = re.search(r"dim_labels=b(\d+)f_\1io->b\1f", convolution)
    return in_order and not re.search(r"rhs_reversal|feature_group_count", convolution)


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="about XLA on the CPU")
@pytest.mark.parametrize(
    "rank, window, strides", [(1, 3, 2), (2, 3, 1), (2, 4, 2), (2, 7, 2), (3, 3, 2)]
)
@pytest.mark.parametrize(
    "function, features",
    # Features on both sides of the number from which phases pay.
    [(conv, (16, 3)), (conv_transpose, (3, 16)), (conv_transpose, (16, 3))],
)
def test_every_convolution_in_a_loop_has_fast_code(function, features, rank, window, strides):
    # Others run as naive code: axes out of order, a reversed window, groups.
    arrays = _draw(0, *_shapes(rank, window, features))
    found = _convolutions(lambda x, k: function(x, k, strides), *arrays)
    slow = [convolution for convolution in found if not _has_fast_code(convolution)]
    assert found
    assert not slow, slow[0]


@pytest.mark.skipif(jax.default_backend() != "cpu", reason="about XLA on the CPU")
def test_lax_in_a_loop_has_slow_code():
    found = _convolutions(_lax_conv, *_draw(0, (2, 8, 8, 3), (3, 3, 3, 4)))
    assert not all(map(_has_fast_code, found))


def test_in_a_loop_equals_lax():
    arrays = _draw(0, (2, 6, 6, 3), (3, 3, 3, 2))
    actual, expected = (_compile(_loop(f), *arrays)(*arrays) for f in (conv, _lax_conv))
    _assert_close(actual, expected)


@pytest.mark.parametrize("in_axes", [(0, 0), (None, 0), (0, None), (1, 3)])
@pytest.mark.parametrize("function", [conv, conv_transpose])
def test_vmap_equals_a_loop_over_members(function, in_axes):
    members = 3
    x, kernel = _draw(0, (2, 5, 6, 3), (4, 3, 3, 2))
    arrays = [
        array if axis is None else jnp.stack([array * (i + 1) for i in range(members)], axis)
        for array, axis in zip((x, kernel), in_axes, strict=True)
    ]
    derivatives = lambda x, kernel: _derivatives(lambda x, k: function(x, k, 2), x, kernel)
    batched = _compile(jax.vmap(derivatives, in_axes), *arrays)
    single = _compile(derivatives, x, kernel)
    one_by_one = [
        single(
            *(
                a if axis is None else jnp.take(a, i, axis)
                for a, axis in zip(arrays, in_axes, strict=True)
            )
        )
        for i in range(members)
    ]
    _assert_close(batched(*arrays), jax.tree.map(lambda *leaves: jnp.stack(leaves), *one_by_one))
    if in_axes == (0, 0) and jax.default_backend() == "cpu":
        assert "feature_group_count" not in batched.as_text()


def test_vmap_over_examples_and_members():
    # The gradient of each example's score, for each member of an ensemble.
    x, kernels = _draw(0, (5, 4, 4, 3), (2, 3, 3, 3, 2))

    def gradients(function):
        score = lambda x, kernel: jnp.sum(jnp.tanh(function(x[None], kernel)))
        each_example = jax.vmap(jax.grad(score, argnums=(0, 1)), (0, None))
        return _compile(jax.vmap(each_example, (None, 0)), x, kernels)

    _assert_close(gradients(conv)(x, kernels), gradients(_lax_conv)(x, kernels))
    if jax.default_backend() == "cpu":
        assert "feature_group_count" not in gradients(conv).as_text()


def test_tangents_come_from_two_pullbacks():
    # Forward mode is not defined on the CPU; this is the way round that the docstring names.
    x, kernel, tangent = _draw(0, (2, 6, 6, 3), (3, 3, 3, 4), (2, 6, 6, 3))
    y, pullback = jax.vjp(lambda x: jnp.tanh(conv(x, kernel)), x)
    (actual,) = jax.vjp(pullback, y)[1]((tangent,))
    _, expected = jax.jvp(lambda x: jnp.tanh(_lax_conv(x, kernel)), (x,), (tangent,))
    _assert_close(actual, expected)


def test_half_precision_and_extreme_values_stay_finite():
    x, kernel = _draw(0, (2, 8, 8, 3), (4, 4, 3, 16))
    for scale, dtype in ((1e15, jnp.float32), (1e-30, jnp.float32), (1.0, jnp.bfloat16)):
        derivatives = jax.grad(lambda x, k: jnp.sum(conv_transpose(x, k, 2)), argnums=(0, 1))
        gradients = derivatives((x * scale).astype(dtype), kernel.astype(dtype))
        chex.assert_tree_all_finite(gradients)
        assert all(gradient.dtype == dtype for gradient in gradients)


def test_shapes_without_computing():
    shape = lambda *size: jax.ShapeDtypeStruct(size, jnp.float32)
    y = jax.eval_shape(lambda x, k: conv(x, k, 2), shape(7, 5, 5, 3), shape(3, 3, 3, 4))
    assert y.shape == (7, 3, 3, 4)
    y = jax.eval_shape(lambda x, k: conv_transpose(x, k, 2), shape(7, 5, 5, 3), shape(4, 4, 3, 4))
    assert y.shape == (7, 10, 10, 4)


def test_the_second_call_does_not_recompile():
    function = jax.jit(chex.assert_max_traces(lambda x, k: conv(x, k, 2), n=1))
    for seed in range(2):
        function(*_draw(seed, (2, 8, 8, 3), (3, 3, 3, 4)))


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda x, k: conv(x, k, padding="CIRCULAR"), "'CIRCULAR'"),
        (lambda x, k: conv(x, k, padding=(1, 2, 3)), r"\(1, 2, 3\)"),
        (lambda x, k: conv(x, k, strides=(1, 2, 3)), r"\(1, 2, 3\)"),
        (lambda x, k: conv(x, k, strides=0), r"\(0, 0\)"),
        (lambda x, k: conv(x[..., :2], k), "2 features"),
        (lambda x, k: conv(x[0], k), "does not fit"),
        (lambda x, k: conv(x[:, :2], k, padding="VALID"), r"\(0, 3\)"),
        (lambda x, k: conv_transpose(x, k, padding="same"), "'same'"),
        (lambda x, k: conv_transpose(x, k, transpose_kernel=True), "3 features"),
        (lambda x, k: Conv(4, (3, 3), feature_group_count=2).init(jax.random.key(0), x), "groups"),
        (lambda x, k: Conv(4, (3, 3), mask=k[0]).init(jax.random.key(0), x), "mask"),
    ],
)
def test_refuses_what_does_not_fit(call, message):
    x, kernel = _draw(0, (2, 5, 5, 3), (3, 3, 3, 4))
    with pytest.raises(ValueError, match=message):
        call(x, kernel)
