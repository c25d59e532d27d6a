"""The two stacks of the gated PixelCNN written out in NumPy, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoregressive.gated_pixel_cnn import GatedPixelCnn, gated_pixel_cnn
from genjax.core import Spec
from tests.autoregressive.test_pixel_model import random_variables
from tests.nets.test_causal import loop


def masked(kernel, kind, inputs, outputs):
    """The last place of a row's kernel with its groups' mask."""
    reaches = np.less if kind == "A" else np.less_equal
    kernel = kernel.copy()
    kernel[-1, -1] *= reaches(inputs[:, None], outputs[None])
    return kernel


def gate(x):
    value, gate = np.split(x, 2, axis=-1)
    return np.tanh(value) / (1 + np.exp(-gate))


def test_equals_the_two_stacks_in_numpy():
    """Two channels, a condition, a first layer and one after it: equation 4 and Figure 2."""
    spec, own, head = Spec((3, 5, 2), 2, 3), np.array([0, 0, 1, 1]), np.array([0, 1])
    sizes = {"hidden": 4, "num_blocks": 1, "head": 2}
    model = gated_pixel_cnn(spec, condition="label", **sizes)
    x = jax.random.bernoulli(jax.random.key(1), 0.5, (2, *spec.shape)).astype(jnp.float32)
    label = np.array([2, 0])
    variables = random_variables(model, {"image": x, "label": label})
    p = jax.tree.map(lambda leaf: np.asarray(leaf, np.float64), variables["network"]["params"])

    def one(name, x, kernel_mask=1.0):
        return x @ (p[name]["kernel"][0, 0] * kernel_mask) + p[name].get("bias", 0.0)

    condition = np.eye(3)[label][:, None, None]
    data = np.asarray(x, np.float64)
    vertical = np.pad(data, ((0, 0), (1, 0), (0, 0), (0, 0)))[:, :-1]
    up_to = own[:, None] <= own[None]
    h = None
    for block, (side, width) in enumerate(((3, 4), (1, 2))):
        layer = p[f"vertical_{block}"]
        before = loop(vertical, layer["kernel"], layer["bias"], side)
        vertical = gate(before + one(f"condition_vertical_{block}", condition))
        layer, first = p[f"horizontal_{block}"], block == 0
        inputs = np.array([0, 1]) if first else own
        kernel = masked(layer["kernel"], "A" if first else "B", inputs, np.tile(own, 2))
        y = loop(data if first else h, kernel, layer["bias"], width - 1)
        y = gate(
            y + one(f"project_{block}", before) + one(f"condition_horizontal_{block}", condition)
        )
        y = one(f"mix_{block}", y, up_to)
        h = y if first else h + y
    y = one("head", np.maximum(h, 0), own[:, None] <= head[None])
    logits = one("outputs", np.maximum(y, 0), head[:, None] <= head[None])
    found = jax.jit(model.conditionals.log_prob)(variables, x, label)
    expected = data * logits - np.logaddexp(0, logits)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_a_map_of_one_vector_everywhere_is_that_vector_as_condition():
    network = GatedPixelCnn(1, 1, hidden=4, num_blocks=1, head=3)
    x, vector = jnp.ones((1, 3, 2, 1)), jnp.array([[1.0, -2.0]])
    shapes = jax.eval_shape(network.init, jax.random.key(0), x, vector)
    rng = np.random.default_rng(0)
    variables = jax.tree.map(lambda p: rng.normal(size=p.shape).astype(np.float32), shapes)
    call = jax.jit(lambda context: network.apply(variables, x, context))
    everywhere = call(jnp.broadcast_to(vector[:, None, None], (1, 3, 2, 2)))
    np.testing.assert_allclose(everywhere, call(vector), rtol=1e-5)
    assert (everywhere != call(jnp.zeros_like(vector))).any()


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((16,), 2), {}, r"gated_pixel_cnn needs images \[H, W, C\]"),
        (Spec((4, 4, 1), 2), {"condition": "label"}, "needs labels, and this data has none"),
        (Spec((4, 4, 1), 2, 3), {"condition": "text"}, "got 'text'"),
        (Spec((4, 4, 1), 2), {"precision": "half"}, "precision must be one of float32, bf16"),
        (Spec((4, 4, 1), 4), {"likelihood": "bernoulli"}, "does not fit|not a likelihood"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        gated_pixel_cnn(spec, **options)
    assert "\n" not in str(caught.value)
