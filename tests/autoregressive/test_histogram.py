"""Counting: the coin, tables against NumPy, what was never seen, and draws given any elements."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoregressive.histogram import histogram
from genjax.core import DATA_AXIS, Spec

KEY = jax.random.key(0)
COIN = "KKCKCCKCKKCCCKKK"


def counted(model, spec, *minibatches):
    """Variables after these minibatches, and the last one's metrics."""
    state, update = jax.jit(model.init)(KEY, {}), jax.jit(model.update)
    for x in minibatches:
        state, metrics = update(KEY, state, {spec.entry: jnp.asarray(x, jnp.float32)[None]})
    return state.variables, metrics


def every_example(spec):
    """All L^D examples."""
    levels = np.arange(spec.num_levels) / (spec.num_levels - 1)
    states = list(itertools.product(levels, repeat=int(np.prod(spec.shape))))
    return jnp.asarray(np.asarray(states, np.float32).reshape(-1, *spec.shape))


@pytest.mark.parametrize("smoothing, heads", [(0.0, 9 / 16), (1.0, 10 / 18), (0.5, 9.5 / 17)])
def test_the_coin_of_the_lecture(smoothing, heads):
    """h/n; (h+1)/(n+2), Laplace; (h+1/2)/(n+1), Krichevsky and Trofimov."""
    spec = Spec((1,), 2)
    tosses = np.asarray([[toss == "K"] for toss in COIN])
    model = histogram(spec, smoothing=smoothing)
    variables, metrics = counted(model, spec, tosses)
    found = np.exp(jax.jit(model.log_prob)(KEY, variables, jnp.array([[1.0], [0.0]])))
    np.testing.assert_allclose(found, [heads, 1 - heads], rtol=1e-6)
    expected = -(9 * np.log(heads) + 7 * np.log(1 - heads)) / 16
    np.testing.assert_allclose(metrics["histogram/loss"], expected, rtol=1e-6)
    assert metrics["histogram/free_parameters"] == 1


def test_minibatches_add_up_to_relative_frequencies():
    spec = Spec((2, 1, 2), 3)
    x = np.random.default_rng(0).binomial(2, 0.3, (60, *spec.shape)) / 2
    model = histogram(spec)
    variables, metrics = counted(model, spec, x[:30], x[30:])
    states = every_example(spec)
    same = (x.reshape(60, 1, 4) == np.asarray(states).reshape(1, -1, 4)).all(-1).mean(0)
    found = jax.jit(model.log_prob)(KEY, variables, states)
    np.testing.assert_allclose(np.exp(found), same, atol=1e-7)
    assert (np.isneginf(found) == (same == 0)).all() and np.isfinite(metrics["histogram/loss"])
    factors = jax.jit(model.conditionals.log_prob)(variables, states)
    assert factors.shape == states.shape
    np.testing.assert_allclose(factors.sum((1, 2, 3)), found, rtol=1e-5)
    first = (x[:, 0, 0, 0] == 0.5).mean()
    middle = np.asarray(states)[:, 0, 0, 0] == 0.5
    np.testing.assert_allclose(np.exp(factors[middle, 0, 0, 0]), first, rtol=1e-6)


def test_where_nothing_is_known_all_is_alike():
    spec = Spec((3,), 2)
    model = histogram(spec)
    states = every_example(spec)
    untrained = jax.jit(model.init)(KEY, {}).variables
    log_prob = jax.jit(model.log_prob)(KEY, untrained, states)
    np.testing.assert_allclose(log_prob, np.log(1 / 8), rtol=1e-6)
    variables, _ = counted(model, spec, np.zeros((5, 3)))
    given = jnp.array([[1.0, 0.0, 0.0]])  # never seen to begin with 1
    factors = np.asarray(jax.jit(model.conditionals.log_prob)(variables, given))
    np.testing.assert_allclose(factors, [[-np.inf, np.log(0.5), np.log(0.5)]], rtol=1e-6)
    x = jnp.broadcast_to(given, (400, 3))
    known = np.array([True, False, False])
    drawn = np.asarray(jax.jit(lambda x: model.conditionals.draw(KEY, variables, x, known))(x))
    assert (drawn[:, 0] == 1).all() and (np.abs(drawn.mean(0)[1:] - 0.5) < 0.1).all()


@pytest.mark.parametrize("known", [(True, False, False, True), (False, True, True, False)])
def test_draws_follow_the_conditional_given_any_elements(known):
    """By enumeration: total variation of 20,000 draws."""
    spec, known = Spec((2, 2, 1), 2), np.asarray(known).reshape(2, 2, 1)
    states = every_example(spec)
    weights = np.random.default_rng(1).dirichlet(np.full(16, 0.5))
    x = states[np.random.default_rng(2).choice(16, 200, p=weights)]
    model = histogram(spec, smoothing=0.1)
    variables, _ = counted(model, spec, x)
    given = jnp.broadcast_to(states[9], (20000, 2, 2, 1))
    drawn = np.asarray(jax.jit(lambda x: model.conditionals.draw(KEY, variables, x, known))(given))
    agrees = (np.asarray(states)[:, known] == np.asarray(states)[9][known]).all(-1)
    truth = np.where(agrees, np.exp(model.log_prob(KEY, variables, states)), 0)
    codes = drawn.reshape(-1, 4).astype(int) @ [8, 4, 2, 1]
    found = np.bincount(codes, minlength=16) / len(codes)
    assert 0.5 * np.abs(found - truth / truth.sum()).sum() < 0.015


def test_devices_count_their_shares_into_one_table():
    spec = Spec((2,), 2)
    model = histogram(spec, smoothing=1.0)
    x = jnp.asarray(np.random.default_rng(0).integers(0, 2, (12, 2)), jnp.float32)
    whole, _ = counted(model, spec, x)
    state = jax.jit(model.init)(KEY, {})
    share = lambda x: model.update(KEY, state, {"vector": x[None]})[0].variables
    shares = jax.jit(jax.vmap(share, axis_name=DATA_AXIS))(x.reshape(3, 4, 2))
    for index in range(3):
        one = jax.tree.map(lambda leaf, index=index: leaf[index], shares)
        jax.tree.map(np.testing.assert_array_equal, one, whole)


def test_values_that_are_no_levels_are_not_a_number():
    spec = Spec((2,), 2)
    model = histogram(spec, smoothing=1.0)
    variables, metrics = counted(model, spec, [[0, 1], [255, 0]])
    assert np.isnan(metrics["histogram/loss"])
    found = model.log_prob(KEY, variables, jnp.array([[0.0, 1.0], [-1.0, 1.0]]))
    assert np.isfinite(found[0]) and np.isnan(found[1])
    with pytest.raises(ValueError, match="examples have shape"):
        model.log_prob(KEY, variables, jnp.zeros((4, 3)))
    with pytest.raises(ValueError, match="takes no condition"):
        model.sample(KEY, variables, 3, condition=1)


@pytest.mark.parametrize(
    "spec, smoothing, message",
    [
        (Spec((28, 28, 1), 2), 0.0, r"2\^784 \(about 1.0e236\).* curse of dimensionality"),
        (Spec((21,), 2), 0.0, r"2\^21 = 2,097,152 of them"),
        (Spec((3,), 256), 0.0, r"256\^3 = 16,777,216 of them"),
        (Spec((3,)), 0.0, "these are continuous"),
        (Spec((3,), 2), -1.0, "smoothing must be a number of 0 or more, got -1"),
        (Spec((3,), 2), np.nan, "smoothing must be"),
    ],
)
def test_what_does_not_fit_is_refused_in_a_line(spec, smoothing, message):
    with pytest.raises(ValueError, match=message) as caught:
        histogram(spec, smoothing=smoothing)
    assert "\n" not in str(caught.value)


def test_the_largest_table_fits():
    shapes = jax.eval_shape(histogram(Spec((20,), 2)).init, KEY, {})
    assert shapes.variables["table"]["counts"]["examples"].shape == (2**20,)
