"""The search finds each example's own optimum, whatever the others are, and leaves networks alone."""

import jax.numpy as jnp
import numpy as np
import optax
import pytest

from genjax.gan.latent_search import latent_search, within

TARGETS = jnp.array([[1.0, -2.0], [0.5, 3.0], [0.0, 0.0]])
START = jnp.array([[0.0, 0.0], [4.0, 4.0], [-1.0, 2.0]])


def square(variables, z):
    return jnp.square(variables["scale"] * z - TARGETS[: len(z)]).sum(1)


def test_descent_of_a_quadratic_by_hand():
    """z' = z - 2 r s (s z - t), t steps: s z - t shrinks by (1 - 2 r s^2) each."""
    variables = {"scale": jnp.float32(2.0)}
    z, left = latent_search(square, variables, START, optimizer=optax.sgd(0.05), steps=3)
    residual = (1 - 2 * 0.05 * 4) ** 3 * (2 * np.asarray(START) - np.asarray(TARGETS))
    np.testing.assert_allclose(z, (residual + TARGETS) / 2, rtol=1e-5)
    np.testing.assert_allclose(left, (residual**2).sum(1), rtol=1e-5)
    same, loss = latent_search(square, variables, START, optimizer=optax.sgd(0.05), steps=0)
    np.testing.assert_array_equal(same, START)
    np.testing.assert_allclose(loss, square(variables, START))


def test_an_example_does_not_feel_the_others_even_where_the_optimizer_looks_at_all_it_is_given():
    """Clipping by the global norm is of one example's gradient."""
    optimizer = optax.chain(optax.clip_by_global_norm(0.1), optax.adam(0.1))
    options = {"optimizer": optimizer, "steps": 5}
    variables = {"scale": jnp.float32(1.0)}
    together, _ = latent_search(square, variables, START, **options)
    alone, _ = latent_search(square, variables, START[:1], **options)
    np.testing.assert_allclose(together[:1], alone, rtol=1e-6)


def test_a_projection_keeps_each_step_in_the_box():
    options = {"optimizer": optax.sgd(0.1), "steps": 50, "project": within(-1.0, 1.0)}
    z, _ = latent_search(square, {"scale": jnp.float32(1.0)}, START, **options)
    np.testing.assert_allclose(z, np.clip(TARGETS, -1, 1), atol=1e-3)


def test_what_is_no_search_is_refused():
    with pytest.raises(ValueError, match="takes 0 steps or more, got -1"):
        latent_search(square, {"scale": 1.0}, START, optimizer=optax.sgd(0.1), steps=-1)
    with pytest.raises(ValueError, match="a loss of each of 3 examples"):
        total = lambda variables, z: square(variables, z).sum()
        latent_search(total, {"scale": 1.0}, START, optimizer=optax.sgd(0.1), steps=1)
