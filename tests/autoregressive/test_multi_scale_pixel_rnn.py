"""The multi-scale PixelRNN as a product of its two networks, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoregressive.multi_scale_pixel_rnn import UpSampler, multi_scale_pixel_rnn
from genjax.autoregressive.pixel_rnn import PixelRnn
from genjax.core import Spec
from tests.nets.test_recurrent import random_params

KEY = jax.random.key(0)
SMALL = {"hidden": 2, "num_layers": 1, "head": 4}


def bits(key, shape):
    return jax.random.bernoulli(key, 0.5, shape).astype(jnp.float32)


def test_order_is_the_small_image_first():
    model = multi_scale_pixel_rnn(Spec((3, 4, 1), 2), **SMALL)
    expected = [[0, 4, 1, 5], [6, 7, 8, 9], [2, 10, 3, 11]]
    np.testing.assert_array_equal(model.conditionals.order[..., 0], expected)
    colour = multi_scale_pixel_rnn(Spec((2, 3, 2), 2), factor=3, **SMALL)
    expected = [[[0, 1], [2, 3], [4, 5]], [[6, 7], [8, 9], [10, 11]]]
    np.testing.assert_array_equal(colour.conditionals.order, expected)
    mixture = {"likelihood": "discretized_logistic_mixture", **SMALL}
    joint = multi_scale_pixel_rnn(Spec((3, 1, 3), 4), **mixture)
    np.testing.assert_array_equal(joint.conditionals.order[:, 0], [[0] * 3, [2] * 3, [1] * 3])


def test_log_prob_is_of_the_small_image_and_of_the_others_given_it():
    """Each network applied by hand, log p in NumPy."""
    spec = Spec((3, 4, 2), 2)
    model = multi_scale_pixel_rnn(spec, context_features=3, **SMALL)
    x = bits(jax.random.key(1), (2, *spec.shape))
    small, upsampler = x[:, ::2, ::2], UpSampler(3, 2, (3, 4))
    network = PixelRnn(2, 2, "diagonal_bilstm", **SMALL)
    variables = {
        "small": jax.tree.map(lambda p: -p, random_params(network, small)),
        "upsampler": random_params(upsampler, small),
        "large": random_params(network, x, jnp.zeros((2, 3, 4, 3))),
    }
    started = jax.eval_shape(model.init, KEY, {"image": x}).variables
    assert jax.tree.map(jnp.shape, started) == jax.tree.map(jnp.shape, variables)

    @jax.jit
    def logits(variables):
        context = upsampler.apply(variables["upsampler"], small)
        large = network.apply(variables["large"], x, context)
        return large, network.apply(variables["small"], small)

    expected, first = (np.array(each) for each in logits(variables))
    assert np.abs(expected[:, ::2, ::2] - first).max() > 0.1
    expected[:, ::2, ::2] = first
    found = jax.jit(model.conditionals.parameters)(variables, x)
    np.testing.assert_allclose(found[..., 0], expected, rtol=1e-4, atol=1e-5)
    log_prob = (x * expected - np.logaddexp(0, expected)).sum((1, 2, 3))
    np.testing.assert_allclose(jax.jit(model.log_prob)(KEY, variables, x), log_prob, rtol=1e-5)


def test_channels_may_share_a_factor():
    spec, mixture = Spec((3, 4, 3), 4), {"likelihood": "discretized_logistic_mixture"}
    model = multi_scale_pixel_rnn(spec, num_components=2, **mixture, **SMALL)
    x = jnp.zeros((2, *spec.shape))
    variables = jax.eval_shape(model.init, KEY, {"image": x}).variables
    shape = lambda call, *given: jax.eval_shape(call, variables, *given).shape
    assert shape(model.conditionals.parameters, x) == (2, 3, 4, 2 * 10)
    assert shape(model.conditionals.log_prob, x) == (2, 3, 4)
    assert shape(lambda v: model.sample(KEY, v, 2)) == x.shape


def test_known_pixels_before_the_small_image_are_refused():
    model = multi_scale_pixel_rnn(Spec((3, 3, 1), 2), **SMALL)
    with pytest.raises(ValueError, match="do not come first"):
        model.conditionals.draw(KEY, {}, jnp.zeros((1, 3, 3, 1)), model.conditionals.order > 3)


@pytest.mark.parametrize("factor, size", [(2, (5, 4)), (3, (7, 2))])
def test_the_up_sampler_fills_the_image(factor, size):
    """Every place of the map moves with the small image's pixel that it belongs to."""
    small = bits(KEY, (1, *(-(-n // factor) for n in size), 1))
    net = UpSampler(8, factor, size)
    variables = random_params(net, small)
    found = jax.jit(jax.jacrev(lambda s: net.apply(variables, s)[0].sum(-1)))(small)[..., 0]
    assert found.shape[:2] == size
    for i, j in np.ndindex(size):
        assert found[i, j, 0, i // factor, j // factor] != 0


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((4, 4, 1), 2), {"factor": 1}, "factor must be at least 2, got 1"),
        (Spec((4, 4, 1), 2), {"layer": "lstm"}, "layer must be one of"),
        (Spec((16,), 2), {}, r"multi_scale_pixel_rnn needs images \[H, W, C\]"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        multi_scale_pixel_rnn(spec, **options)


def test_a_condition_is_refused():
    model = multi_scale_pixel_rnn(Spec((4, 4, 1), 2, 3), **SMALL)
    with pytest.raises(ValueError, match="unconditional"):
        model.sample(KEY, {}, 2, condition=jnp.zeros(2, jnp.int32))
