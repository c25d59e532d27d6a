"""SGHMC: one step by hand, noise of the right size, and nothing beside its state that draws."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from genjax.gan.sghmc import after, sghmc

PARAMS = {"a": jnp.array([1.0, -2.0]), "b": jnp.array([[0.5]])}
SLOPES = {"a": jnp.array([3.0, 1.0]), "b": jnp.array([[-1.0]])}


def test_without_temperature_it_is_descent_with_momentum():
    """v1 = -eta g; v2 = (1 - alpha) v1 - eta g: what is added to the parameters is v."""
    optimizer = sghmc(0.1, 0.25, 0.0)
    state = optimizer.init(PARAMS)
    first, state = optimizer.update(SLOPES, state, PARAMS)
    second, state = optimizer.update(SLOPES, state, PARAMS)
    np.testing.assert_allclose(first["a"], [-0.3, -0.1], rtol=1e-6)
    np.testing.assert_allclose(second["a"], [-0.525, -0.175], rtol=1e-6)
    assert int(state.count) == 2


def test_noise_is_of_its_size_and_new_at_each_step_and_leaf():
    """sqrt(2 alpha eta T) = sqrt(2 * 0.2 * 0.1 * 0.01) = 0.02."""
    optimizer = sghmc(0.1, 0.2, 0.01)
    params = {"a": jnp.ones((100, 100)), "b": jnp.ones((100, 100))}
    still = jax.tree.map(jnp.zeros_like, params)
    first, state = optimizer.update(still, optimizer.init(params), params)
    second, _ = optimizer.update(still, state, params)
    fresh = second["a"] - 0.8 * first["a"]
    for noise in (first["a"], first["b"], fresh):
        np.testing.assert_allclose(np.std(noise), 0.02, rtol=0.03)
        np.testing.assert_allclose(np.mean(noise), 0.0, atol=1e-3)
    for other in (first["b"], fresh):
        assert abs(np.corrcoef(np.ravel(first["a"]), np.ravel(other))[0, 1]) < 0.05


def test_draws_are_a_function_of_the_state_and_other_starts_draw_others():
    optimizer = sghmc(0.1, 0.2)
    state = optimizer.init(PARAMS)
    one, _ = optimizer.update(SLOPES, state)
    again, _ = optimizer.update(SLOPES, jax.tree.map(jnp.copy, state))
    np.testing.assert_array_equal(one["a"], again["a"])
    other, _ = optimizer.update(SLOPES, optimizer.init({**PARAMS, "b": jnp.array([[0.51]])}))
    assert (one["a"] != other["a"]).all()


def test_the_second_optimizer_takes_over_as_new():
    optimizer = after(2, optax.sgd(1.0, 0.9), optax.sgd(0.5))
    state, steps = optimizer.init(PARAMS), []
    for _ in range(3):
        step, state = optimizer.update(SLOPES, state, PARAMS)
        steps.append(float(step["a"][0]))
    np.testing.assert_allclose(steps, [-3.0, -5.7, -1.5], rtol=1e-6)


def test_numbers_out_of_range_are_refused():
    for numbers in ((0.0, 0.1, 1.0), (0.1, 0.0, 1.0), (0.1, 1.1, 1.0), (0.1, 0.1, -1.0)):
        with pytest.raises(ValueError, match="sghmc takes step_size > 0"):
            sghmc(*numbers)
    with pytest.raises(ValueError, match="0 steps or more, got -1"):
        after(-1, optax.sgd(1.0), optax.sgd(1.0))
