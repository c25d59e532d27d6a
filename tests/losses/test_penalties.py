import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from genjax import losses
from genjax.losses import PENALTIES

KEY = jax.random.key(0)
SLOPE = jnp.array([[3.0, 0.0, -4.0], [1.0, 2.0, 2.0]])  # of norm sqrt(34), as one [2, 3] image
RNG = np.random.default_rng(0)
REAL = jnp.asarray(RNG.normal(size=(5, 2, 3)), jnp.float32)
FAKE = jnp.asarray(RNG.normal(size=(5, 2, 3)), jnp.float32)


def linear(x):
    """Logits whose gradient is SLOPE everywhere."""
    return (x * SLOPE[None]).sum((1, 2))


def quadratic(x):
    """Logits whose gradient is x."""
    return 0.5 * jnp.square(x).sum((1, 2))


NORM = float(np.sqrt(34.0))
WANTED = {
    "gradient_penalty": (NORM - 1) ** 2,
    "one_sided": (NORM - 1) ** 2,
    "dragan": (NORM - 1) ** 2,
    "r1": 17.0,
    "r2": 17.0,
    "zero_centred": 34.0,
}


@pytest.mark.parametrize("name", PENALTIES)
def test_the_norm_is_of_a_whole_example(name):
    """Not of a pixel, not of the batch: the same for each example, whatever their number."""
    found = PENALTIES[name](KEY, linear, REAL, FAKE)
    np.testing.assert_allclose(found, np.full(5, WANTED[name]), rtol=1e-5)
    np.testing.assert_allclose(
        PENALTIES[name](KEY, linear, REAL[:2], FAKE[:2]), found[:2], rtol=1e-6
    )


@pytest.mark.parametrize("name", PENALTIES)
def test_a_map_of_logits_is_one_function(name):
    """[B, h, w] logits count by their sum."""
    halves = lambda x: jnp.stack([0.5 * linear(x)] * 2, -1)[:, None]
    np.testing.assert_allclose(
        PENALTIES[name](KEY, halves, REAL, FAKE), np.full(5, WANTED[name]), rtol=1e-5
    )


def test_r1_and_r2_are_at_the_data_and_at_the_fakes():
    squares = lambda x: 0.5 * np.square(x).sum((1, 2))
    np.testing.assert_allclose(losses.r1(KEY, quadratic, REAL, FAKE), squares(REAL), rtol=1e-5)
    np.testing.assert_allclose(losses.r2(KEY, quadratic, REAL, FAKE), squares(FAKE), rtol=1e-5)


def test_the_gradient_penalty_looks_between_real_and_fake_with_a_place_for_each_example():
    """Of f = |x|^2 / 2 the gradient is the point itself: real 0 and fake 1 show where it lies."""
    real, fake = jnp.zeros((400, 2, 3)), jnp.ones((400, 2, 3))
    norms = np.sqrt(losses.gradient_penalty(KEY, quadratic, real, fake, target=0.0))
    place = norms / np.sqrt(6)
    assert place.min() >= 0 and place.max() <= 1
    assert len(np.unique(np.round(place, 4))) > 350  # one for each, not one for all
    assert abs(place.mean() - 0.5) < 4 * np.sqrt(1 / 12 / 400)


def test_one_side_leaves_short_gradients_alone():
    short = lambda x: 0.1 * linear(x)
    np.testing.assert_array_equal(PENALTIES["one_sided"](KEY, short, REAL, FAKE), np.zeros(5))
    assert float(losses.gradient_penalty(KEY, short, REAL, FAKE).min()) > 0.1


def test_dragan_stays_near_the_data():
    """Within half a standard deviation of the minibatch, upwards, as the authors' code has it.

    For a of each example and v of each element the mean of 6 elements of a v / 2 has the variance
    ((1 / 4 + 1 / 72) / 3 - 1 / 16) / 4 = .00637; were both of either kind, .0020 or .0122.
    """
    real = 3 * jnp.asarray(RNG.normal(size=(2000, 2, 3)), jnp.float32)
    moved = np.asarray(points_of_dragan(real) - real) / float(real.std())
    assert moved.min() >= -1e-6 and moved.max() <= 0.5
    np.testing.assert_allclose(moved.mean(), 0.125, atol=0.005)
    np.testing.assert_allclose(moved.mean((1, 2)).var(), 0.00637, rtol=0.15)


def points_of_dragan(real):
    """Where DRAGAN looks, as the discriminator sees it."""
    points = []

    def watch(x):
        jax.debug.callback(lambda value: points.append(np.asarray(value)), x)
        return linear(x)

    losses.dragan(KEY, watch, real, real)
    jax.effects_barrier()
    return points[0]


def test_a_flat_discriminator_has_finite_gradients():
    """The square root at 0."""
    weight = jnp.zeros(())
    for penalty in PENALTIES.values():
        slope = jax.grad(lambda w, p=penalty: p(KEY, lambda x: w * linear(x), REAL, FAKE).mean())
        assert np.isfinite(slope(weight))


def test_shapes_that_differ_are_refused():
    with pytest.raises(ValueError, match="need one shape"):
        losses.gradient_penalty(KEY, linear, REAL, FAKE[:2])


def test_clipping_keeps_parameters_in_the_box_after_the_step():
    params = {"w": jnp.array([0.009, -0.5, 0.0])}
    optimizer = optax.chain(optax.sgd(1.0), losses.clip_parameters(0.01))
    steps, _ = optimizer.update(
        {"w": jnp.array([-1.0, 0.0, 0.004])}, optimizer.init(params), params
    )
    moved = optax.apply_updates(params, steps)["w"]
    np.testing.assert_allclose(moved, [0.01, -0.01, -0.004], rtol=1e-5)
    with pytest.raises(ValueError, match="positive limit"):
        losses.clip_parameters(0.0)


def test_historical_averaging_brings_an_orbit_to_rest():
    """min over x, max over y of x y: simultaneous descent goes round and outwards; a pull stops it."""

    def distance(optimizer):
        state = optimizer.init(jnp.ones(2))

        def step(carry, _):
            point, state = carry
            steps, state = optimizer.update(jnp.array([1.0, -1.0]) * point[::-1], state, point)
            return (optax.apply_updates(point, steps), state), None

        (point, _), _ = jax.jit(lambda c: jax.lax.scan(step, c, None, 1000))((jnp.ones(2), state))
        return float(jnp.linalg.norm(point))

    assert distance(optax.sgd(0.05)) > 2
    assert distance(optax.chain(losses.historical_averaging(0.5), optax.sgd(0.05))) < 0.3


def test_historical_averaging_adds_twice_the_weight_times_the_distance_to_the_mean():
    averaging = losses.historical_averaging(0.5)
    state = averaging.init(jnp.zeros(1))
    for value in (1.0, 3.0):
        added, state = averaging.update(jnp.zeros(1), state, jnp.array([value]))
    np.testing.assert_allclose(added, [3.0 - 2.0])


def test_the_orthogonal_penalty_by_hand():
    """0 for orthogonal columns whatever their length; (a . b)^2 twice for two columns a, b."""
    kernel = jnp.array([[1.0, 2.0], [0.0, 1.0]])
    assert float(losses.orthogonal_penalty({"w": 3 * jnp.eye(4), "b": jnp.ones(4)})) == 0
    assert float(losses.orthogonal_penalty({"w": kernel})) == 8.0
    assert float(losses.orthogonal_penalty({"Embed_0": {"embedding": kernel}})) == 0
    window = jnp.array([[1.0, 1.0], [1.0, -1.0], [1.0, 0.0], [0.0, 0.0]])
    window = window.reshape(2, 1, 2, 2)  # of a convolution, whose outputs are last
    assert float(losses.orthogonal_penalty({"w": window})) == 0
