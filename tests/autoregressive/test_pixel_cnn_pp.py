"""What PixelCNN++ is built of, which likelihoods and conditions it takes, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoregressive.pixel_cnn_pp import pixel_cnn_pp
from genjax.core import Spec

KEY = jax.random.key(0)


def shapes(spec, **options):
    """Shapes of the network's params."""
    batch = {"image": jnp.zeros((2, *spec.shape)), "label": jnp.zeros(2, jnp.int32)}
    model = pixel_cnn_pp(spec, hidden=4, **options)
    return jax.eval_shape(model.init, KEY, batch).variables["network"]["params"]


def pairs(level):
    return sum(name.startswith("GatedPair") for name in level)


@pytest.mark.parametrize("num_blocks", [1, 5])
def test_layers_down_and_up_are_those_of_the_released_code(num_blocks):
    """n down and n + 1 up at both upper resolutions, n and n at the lowest; short cuts going up."""
    params = shapes(Spec((4, 4, 3), 256), num_blocks=num_blocks)
    top = params["level"]
    middle = top["half"]["level"]
    lowest = middle["half"]["level"]
    assert [pairs(level) for level in (top, middle, lowest)] == [
        2 * num_blocks + 1,
        2 * num_blocks + 1,
        2 * num_blocks,
    ]
    assert "half" not in lowest
    for level in (top, middle, lowest):
        for index in range(pairs(level)):
            pair, up = level[f"GatedPair_{index}"], index >= num_blocks
            assert ("side" in pair["down"]) == up
            side = pair["down_right"]["side"]["direction"]
            assert side.shape == (1, 1, 16 if up else 8, 4)
    assert params["WeightNorm_0"]["direction"].shape[-1] == 100  # ten logistics of three channels


@pytest.mark.parametrize(
    "spec, options, num_outputs",
    [
        (Spec((3, 3, 1), 2), {}, 1),
        (Spec((3, 3, 1), 256), {"num_components": 5}, 15),
        (Spec((3, 3, 1), None), {}, 2),
        (Spec((3, 3, 2), 2), {}, 60),
        (Spec((3, 3, 1), 4), {"likelihood": "categorical"}, 4),
    ],
)
def test_the_default_likelihood_draws_the_channels_of_a_place_together(spec, options, num_outputs):
    params = shapes(spec, num_blocks=1, **options)
    assert params["WeightNorm_0"]["direction"].shape[-1] == num_outputs
    order = pixel_cnn_pp(spec, **options).conditionals.order
    np.testing.assert_array_equal(order, np.broadcast_to(np.arange(9).reshape(3, 3, 1), spec.shape))


def test_a_condition_enters_every_gated_layer():
    params = shapes(Spec((3, 3, 1), 2, 7), num_blocks=1, condition="label")
    pair = params["level"]["half"]["level"]["half"]["level"]["GatedPair_1"]
    assert pair["down"]["Dense_0"]["kernel"].shape == (7, 8)
    assert pair["down_right"]["Dense_0"]["kernel"].shape == (7, 8)


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((9,), 2), {}, "pixel_cnn_pp needs images"),
        (Spec((3, 3, 2), 2), {"likelihood": "bernoulli"}, "independently of one another"),
        (Spec((3, 3, 3), 4), {"likelihood": "categorical"}, "take discretized_logistic_mixture"),
        (Spec((3, 3, 3), None), {}, "'gaussian' has a factor for each channel"),
        (Spec((3, 3, 1), 2), {"num_components": 5}, "does not take num_components"),
        (Spec((3, 3, 1), 2), {"condition": "label"}, "needs labels, and this data has none"),
        (Spec((3, 3, 1), 2, 10), {"condition": "text"}, "it has none.*got 'text'"),
        (Spec((3, 3, 1), 2), {"num_blocks": 0}, "num_blocks must be at least 1, got 0"),
        (Spec((3, 3, 1), 2), {"hidden": 0}, "hidden must be at least 1, got 0"),
        (Spec((3, 3, 1), 2), {"dropout_rate": 1.0}, "below 1, got 1.0"),
        (Spec((3, 3, 1), 2), {"precision": "fp8"}, "precision must be one of"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        pixel_cnn_pp(spec, **options)
