"""PixelCNN written out in NumPy, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoregressive.pixel_cnn import pixel_cnn
from genjax.core import Spec
from tests.autoregressive.test_pixel_model import random_variables
from tests.autoregressive.test_pixel_rnn import first_layer, groups, one_by_one

SMALL = {"hidden": 3, "num_blocks": 2, "head": 4}


def three_by_three(layer, x):
    """Mask B: all places before, and at its own the groups up to its own."""
    batch, height, width, _ = x.shape
    kernel = layer["kernel"]
    own = np.less_equal(groups(kernel.shape[2])[:, None], groups(kernel.shape[3])[None])
    y = np.zeros((batch, height, width, kernel.shape[-1])) + layer["bias"]
    for i, j, k, m in np.ndindex(height, width, height, width):
        if (k, m) < (i, j) and i - k <= 1 and abs(j - m) <= 1:
            y[:, i, j] += x[:, k, m] @ kernel[1 - (i - k), 1 + m - j]
    return y + x @ (kernel[1, 1] * own)


def test_equals_the_network_in_numpy():
    """Two channels and two blocks: log p of every factor (Table 1)."""
    spec = Spec((3, 5, 2), 2)
    model = pixel_cnn(spec, **SMALL)
    x = jax.random.bernoulli(jax.random.key(1), 0.5, (2, *spec.shape)).astype(jnp.float32)
    variables = random_variables(model, {"image": x})
    p = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), variables["network"]["params"])
    relu = lambda x: np.maximum(x, 0)
    h = first_layer(p["CausalConv_0"], np.asarray(x, np.float64))
    for block in range(2):
        y = one_by_one(p[f"Conv_{2 * block}"], relu(h))
        y = three_by_three(p[f"CausalConv_{block + 1}"], relu(y))
        h = h + one_by_one(p[f"Conv_{2 * block + 1}"], relu(y))
    for layer in (4, 5, 6):
        h = one_by_one(p[f"Conv_{layer}"], relu(h))
    found = jax.jit(model.conditionals.log_prob)(variables, x)
    np.testing.assert_allclose(found, x * h - np.logaddexp(0, h), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((16,), 2), {}, r"pixel_cnn needs images \[H, W, C\]"),
        (Spec((4, 4, 1), 2), {"precision": "half"}, "precision must be one of float32, bf16"),
        (Spec((4, 4, 1), 4), {"likelihood": "bernoulli"}, "does not fit|not a likelihood"),
        (Spec((4, 4, 1), 2), {"num_components": 3}, "does not take num_components"),
        (Spec((4, 4, 1), 2), {"decay_rounds": 0}, "decay_rounds must be at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        pixel_cnn(spec, **options)
    assert "\n" not in str(caught.value)
