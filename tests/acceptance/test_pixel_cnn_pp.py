"""PixelCNN++: what it sees as an exact set, its caches, its start from data, and its mixture summed."""

import functools
import itertools
import math

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoregressive.pixel_cnn_pp import PixelCnnPp, pixel_cnn_pp
from genjax.autoregressive.pixel_model import empty_cache
from genjax.core import Spec
from genjax.losses import discretized_logistic_mixture
from genjax.nets.shifted import WeightNorm

pytestmark = pytest.mark.usefixtures("compiled_quickly")
KEY = jax.random.key(0)
OUTPUTS = 4


def at_random(like):
    """Arrays of these shapes, all floats random: zeros and ones of a start hide leaks."""
    rng = np.random.default_rng(0)

    def leaf(like):
        if not jnp.issubdtype(like.dtype, jnp.floating):
            return jnp.zeros(like.shape, like.dtype)
        return jnp.asarray(0.5 * rng.normal(size=like.shape), like.dtype)

    return jax.tree.map(leaf, like)


def network_at_random(shape, batch=1):
    """The network with one block and all params random, biases too, and random images."""
    network = PixelCnnPp(OUTPUTS, hidden=4, num_blocks=1, dropout_rate=0.5)
    x = jax.random.uniform(KEY, (batch, *shape))
    start = jax.eval_shape(lambda: network.init(KEY, x, mutable=["params"]))
    return network, at_random(start), x


def seen_from(shape):
    """[places, places]: by how much the outputs at one change with the image at the other."""
    network, variables, x = network_at_random(shape)
    places = shape[0] * shape[1]
    total = lambda x, place: (
        network.apply(variables, x).reshape(-1, OUTPUTS)[place] @ jnp.arange(1.0, 5.0)
    )
    slopes = jax.jit(jax.vmap(jax.grad(total), (None, 0)))(x, jnp.arange(places))
    return np.abs(np.asarray(slopes)).reshape(places, places, -1).sum(-1)


@pytest.mark.parametrize("shape", [(7, 5, 1), (3, 3, 2), (4, 12, 1)])
def test_what_a_place_sees_is_the_set_that_the_resolutions_leave(shape):
    """All before it; in odd rows 4 n + 2 = 6 columns of its own row and of what is right above."""
    _, width, _ = shape
    slopes = seen_from(shape)
    expected = np.zeros(slopes.shape, bool)
    for a, b in itertools.product(range(len(slopes)), repeat=2):
        (i, j), (r, c) = divmod(a, width), divmod(b, width)
        far = (r == i and c < j - 6) or (r == i - 1 and c > j + 6)
        expected[a, b] = b < a and not (i % 2 == 1 and far)
    print(
        f"{shape}: on and above the diagonal {np.triu(slopes).max()}; sees {(slopes > 0).sum()}, "
        f"expected {expected.sum()} of {len(slopes) * (len(slopes) - 1) // 2}"
    )
    assert (np.triu(slopes) == 0).all()
    np.testing.assert_array_equal(slopes > 0, expected)


@pytest.mark.parametrize("shape", [(7, 5, 1), (12, 8, 3)])
def test_place_by_place_it_computes_what_one_pass_computes(shape):
    """On random images all of whose later places are noise, to 1e-5 of outputs of order 1."""
    network, variables, x = network_at_random(shape, batch=2)
    height, width, _ = shape

    @jax.jit
    def by_place(variables, x):
        def call(cache, i, *j):
            # What comes at or after the place is replaced: nothing may look at it.
            later = jnp.arange(height * width) >= i * width + (j[0] if j else 0)
            image = jnp.where(later.reshape(1, height, width, 1), 9.0, x)
            y, new = network.apply(
                {**variables, "cache": cache}, image, at=(i, *j), mutable=["cache"]
            )
            return y, new["cache"]

        def place(i, j, carry):
            cache, found = carry
            y, cache = call(cache, i, j)
            return cache, jax.lax.dynamic_update_slice(found, y, (0, i, j, 0))

        def row(i, carry):
            cache, found = carry
            _, cache = call(cache, i)
            return jax.lax.fori_loop(0, width, functools.partial(place, i), (cache, found))

        cache = empty_cache(network, variables, x, None)
        start = (cache, jnp.zeros((*x.shape[:-1], OUTPUTS)))
        return jax.lax.fori_loop(0, height, row, start)[1]

    whole = jax.jit(network.apply)(variables, x)
    worst = float(jnp.abs(by_place(variables, x) - whole).max())
    print(
        f"{shape}: outputs of size {float(jnp.abs(whole).mean()):.2f}, worst difference {worst:.1e}"
    )
    assert worst < 1e-5


def test_cached_and_naive_draws_are_the_same_images():
    """Of 16 images of 7x5, 8 levels, three channels: a half resolution that is not renewed differs."""
    spec = Spec((7, 5, 3), 8)
    model = pixel_cnn_pp(spec, hidden=4, num_blocks=1)
    zeros, known = jnp.zeros((16, *spec.shape)), np.zeros(spec.shape, bool)
    start = jax.eval_shape(model.init, KEY, {"image": zeros}).variables
    variables = at_random(start)
    draw = jax.jit(
        lambda cached: model.conditionals.draw(KEY, variables, zeros, known, cached=cached),
        static_argnums=0,
    )
    cached, naive = draw(True), draw(False)
    print(
        f"{int((cached != naive).sum())} of {cached.size} values differ; mean {cached.mean():.3f}"
    )
    np.testing.assert_array_equal(cached, naive)
    assert len(np.unique(cached)) == 8


def test_the_first_batch_standardises_every_layer():
    """Mean 0 and deviation 1 (0.1 before the gates) of all pre-activations, on that batch alone."""
    network = PixelCnnPp(OUTPUTS, hidden=4, num_blocks=1, dropout_rate=0.5)
    x, other = jax.random.uniform(KEY, (2, 16, 7, 6, 3)) ** jnp.array([1, 3]).reshape(2, 1, 1, 1, 1)
    variables = jax.jit(lambda key, x: network.init(key, x, mutable=["params"]))(KEY, x)
    layers = lambda module, method: isinstance(module, WeightNorm)
    outputs = jax.jit(
        lambda x: network.apply(
            variables, x, capture_intermediates=layers, mutable=["intermediates"]
        )[1]
    )
    worst = []
    for batch in (x, other):
        flat = jax.tree_util.tree_leaves_with_path(outputs(batch)["intermediates"])
        errors = []
        for path, y in flat:
            names = [getattr(key, "key", None) for key in path]
            if "WeightNorm_0" in names and len(names) == 3:
                network_output = y
            scale = 0.1 if "second" in names else 1.0
            mean, deviation = np.abs(y.mean((0, 1, 2))) / scale, y.std((0, 1, 2)) / scale
            errors.append(max(mean.max(), np.abs(deviation - 1).max()))
        worst.append(max(errors))
    print(
        f"{len(flat)} layers; worst error {worst[0]:.1e} on the first batch, {worst[1]:.2f} on another"
    )
    assert network_output.shape == (16, 7, 6, OUTPUTS)
    # Two streams of 8 gated layers with 2 convolutions; 5 + 8 sides; 4 strided, 4 up, 3 first, 1 last.
    assert len(flat) == 2 * 8 * 2 + 5 + 8 + 4 + 4 + 3 + 1
    assert worst[0] < 2e-3 and worst[1] > 0.1


def test_at_the_start_noise_costs_what_standard_normal_outputs_cost():
    """On uniform bytes: the last layer too starts standardised. A constant image is finite.

    That is 9.5 bits per dimension; outputs of 0, a logistic of scale 1, cost 9.05.
    """
    spec = Spec((8, 8, 3), 256)
    model = pixel_cnn_pp(spec, hidden=8, num_blocks=1)
    x = jax.random.randint(KEY, (32, *spec.shape), 0, 256) / 255.0
    variables = jax.jit(model.init)(KEY, {"image": x}).variables
    log_prob = jax.jit(model.log_prob)
    unit = math.prod(spec.shape) * math.log(2)
    bits = -log_prob(KEY, variables, x).mean() / unit
    normal = jax.random.normal(jax.random.key(1), (32, 8, 8, 100))
    expected = -discretized_logistic_mixture(256, num_channels=3).log_prob(normal, x).mean() / unit
    print(f"{float(bits):.3f} bits per dimension, of standard normal outputs {float(expected):.3f}")
    assert abs(bits - expected) < 0.15
    assert np.isfinite(log_prob(KEY, variables, jnp.ones_like(x))).all()


def test_the_triples_of_a_place_sum_to_one():
    """All 64 colours of four levels, at one place alone and at the last of six given the others."""
    colours = jnp.asarray(list(itertools.product(range(4), repeat=3))) / 3.0
    for shape in ((1, 1, 3), (2, 3, 3)):
        model = pixel_cnn_pp(Spec(shape, 4), hidden=4, num_blocks=1, num_components=3)
        x = jax.random.randint(KEY, (1, *shape), 0, 4) / 3.0
        start = jax.eval_shape(model.init, KEY, {"image": x}).variables
        variables = at_random(start)
        images = jnp.tile(x, (64, 1, 1, 1)).at[:, -1, -1].set(colours)
        factors = jax.jit(model.conditionals.log_prob)(variables, images)
        assert factors.shape == (64, *shape[:-1])
        last = np.exp(np.asarray(factors[:, -1, -1], np.float64))
        first = colours[:, 0] == 1 / 3
        marginal, given = last[first].sum(), last[first].reshape(4, 4).sum(1)
        other = last[colours[:, 0] == 1].reshape(4, 4).sum(1)
        print(f"{shape}: sum {last.sum():.7f}, from {last.min():.1e} to {last.max():.2f}")
        assert abs(last.sum() - 1) < 1e-5
        # And it is no product over channels: the second depends on the first.
        assert np.abs(given / marginal - other / other.sum()).max() > 1e-3


def test_dropout_is_in_the_loss_and_not_in_the_likelihood():
    """Two keys give two losses of one state; log p(x) is one, and that of a model without dropout."""
    spec = Spec((3, 3, 1), 2)
    x = jax.random.bernoulli(KEY, 0.5, (16, *spec.shape)).astype(jnp.float32)
    model, without = (
        pixel_cnn_pp(spec, hidden=4, num_blocks=1, dropout_rate=rate) for rate in (0.5, 0.0)
    )
    state = at_random(jax.eval_shape(model.init, KEY, {"image": x}))
    update, log_prob = jax.jit(model.update), jax.jit(model.log_prob)
    keys = KEY, jax.random.key(1)
    losses = [update(key, state, {"image": x[None]})[1]["pixel_cnn_pp/loss"] for key in keys]
    values = [log_prob(key, state.variables, x) for key in keys]
    plain = jax.jit(without.log_prob)(KEY, state.variables, x)
    print(f"losses {[round(float(loss), 4) for loss in losses]}, -log p {-plain.mean():.4f}")
    assert abs(losses[0] - losses[1]) > 1e-3 and abs(losses[0] + plain.mean()) > 1e-3
    np.testing.assert_array_equal(*values)
    np.testing.assert_allclose(values[0], plain, rtol=1e-5)
