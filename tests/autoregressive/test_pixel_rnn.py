"""PixelRNN written out in NumPy, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoregressive.pixel_rnn import PixelRnn, check_layer, pixel_rnn
from genjax.core import Spec
from tests.nets.test_recurrent import diagonal_by_place, random_params, row_by_place

SMALL = {"hidden": 3, "num_layers": 2, "head": 4}
LAYERS = {"diagonal_bilstm": diagonal_by_place, "row_lstm": row_by_place}


def groups(features, num_groups=2):
    return np.arange(features) * num_groups // features


def one_by_one(layer, x, reaches=np.less_equal):
    kernel = layer["kernel"][0, 0]
    mask = reaches(groups(kernel.shape[0])[:, None], groups(kernel.shape[1])[None])
    return x @ (kernel * mask) + layer["bias"]


def first_layer(layer, x):
    """The 7x7 convolution of mask A as a sum over what comes before each place."""
    batch, height, width, channels = x.shape
    kernel = layer["kernel"]
    own = np.less(groups(channels)[:, None], groups(kernel.shape[-1])[None])
    y = np.zeros((batch, height, width, kernel.shape[-1])) + layer["bias"]
    for i, j in np.ndindex(height, width):
        for k, m in np.ndindex(height, width):
            if (k, m) < (i, j) and i - k <= 3 and abs(j - m) <= 3:
                y[:, i, j] += x[:, k, m] @ kernel[3 - (i - k), 3 + m - j]
        y[:, i, j] += x[:, i, j] @ (kernel[3, 3] * own)
    return y


@pytest.mark.parametrize("layer", LAYERS)
def test_equals_the_network_in_numpy(layer):
    """Two channels and two residual layers: log p of every factor."""
    spec = Spec((3, 5, 2), 2)
    model, network = pixel_rnn(spec, layer=layer, **SMALL), PixelRnn(2, 2, layer, **SMALL)
    x = jax.random.bernoulli(jax.random.key(1), 0.5, (2, *spec.shape)).astype(jnp.float32)
    variables = random_params(network, x)
    p = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), variables["params"])
    beside = int(layer == "diagonal_bilstm")  # columns that the image does not have
    padded = np.pad(np.asarray(x, np.float64), ((0, 0), (0, 0), (0, beside), (0, 0)))
    h = first_layer(p["CausalConv_0"], padded)
    for k in range(2):
        h = h + one_by_one(p[f"Conv_{k}"], LAYERS[layer](p[f"lstm_{k}"], h, None, 2))
    for k in (2, 3, 4):
        h = one_by_one(p[f"Conv_{k}"], np.maximum(h, 0))
    h = h[:, :, :5]
    found = jax.jit(model.conditionals.log_prob)({"network": variables}, x)
    np.testing.assert_allclose(found, x * h - np.logaddexp(0, h), rtol=1e-4, atol=1e-5)


def test_extremes():
    """Params 100 times as large: finite log-probabilities and gradients."""
    spec, small = Spec((2, 3, 1), 4), {**SMALL, "num_layers": 1}
    model, network = pixel_rnn(spec, **small), PixelRnn(4, 1, "diagonal_bilstm", **small)
    x = jnp.ones((1, *spec.shape))
    variables = {"network": jax.tree.map(lambda p: 100 * p, random_params(network, x))}
    call = lambda v: model.log_prob(None, v, x).sum()
    value, gradient = jax.jit(jax.value_and_grad(call))(variables)
    assert np.isfinite(value) and all(np.isfinite(g).all() for g in jax.tree.leaves(gradient))


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((4, 4, 1), 2), {"layer": "lstm"}, "layer must be one of diagonal_bilstm, row_lstm"),
        (Spec((16,), 2), {}, r"pixel_rnn needs images \[H, W, C\]"),
        (Spec((4, 4, 1), 2), {"precision": "half"}, "precision must be one of float32, bf16"),
        (Spec((4, 4, 1), 4), {"likelihood": "bernoulli"}, "does not fit"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        pixel_rnn(spec, **options)


def test_check_layer():
    assert check_layer("row_lstm") is None
    with pytest.raises(ValueError, match="got 'row'"):
        check_layer("row")
