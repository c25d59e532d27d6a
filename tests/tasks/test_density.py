"""Densities without a network: sums of one, closed forms, and what is refused."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoregressive import made
from genjax.core import Spec
from genjax.tasks import density as tasks
from genjax.tasks import toy_densities as toys
from genjax.vae import vae


@pytest.mark.parametrize("name", toys.TOY_DENSITIES)
def test_toy_densities_are_normalised_and_draw_what_they_say(name):
    toy = toys.TOY_DENSITIES[name]()
    points, area = toys.grid(120)
    logs = toy.log_prob(points)
    assert toys.mass(logs, area) == pytest.approx(1, abs=1e-6)
    assert toys.divergence(logs, logs, area) == 0
    draws = toy.sample(np.random.default_rng(0), 20_000)
    assert draws.dtype == np.float32 and draws.shape == (20_000, 2)
    p = np.exp(logs)
    entropy = -area * (p * np.where(p > 0, logs, 0)).sum()
    assert -toy.log_prob(draws).mean() == pytest.approx(entropy, abs=0.03)
    # Cells of draws beside the density's own: a transposed or shifted grid shows.
    cells = p.reshape(12, 10, 12, 10).sum((1, 3)) * area
    counts, *_ = np.histogram2d(draws[:, 1], draws[:, 0], bins=12, range=[[-3, 3]] * 2)
    assert np.abs(counts[::-1] / 20_000 - cells).sum() < 0.08


def test_divergence_of_two_gaussians_is_the_known_one():
    points, area = toys.grid(240)
    p, q = toys.gaussians([[0.3, 0.0]], 0.3), toys.gaussians([[0.0, 0.4]], 0.5)
    found = toys.divergence(p.log_prob(points), q.log_prob(points), area)
    ratio = 0.3**2 / 0.5**2
    expected = ratio - 1 - np.log(ratio) + 0.25 / (2 * 0.5**2)
    assert found == pytest.approx(expected, abs=1e-5)
    back = toys.divergence(q.log_prob(points), p.log_prob(points), area)
    assert back == pytest.approx(1 / ratio - 1 + np.log(ratio) + 0.25 / (2 * 0.3**2), abs=1e-3)


def test_probabilities_of_levels_sum_to_one():
    rng = np.random.default_rng(0)
    train, valid = rng.integers(0, 3, (40, 4)) / 2, rng.integers(0, 3, (20, 4)) / 2
    every = np.array(list(itertools.product(range(3), repeat=4))) / 2
    fitted = tasks.baselines(train, valid, 3)
    assert set(fitted) == {"kernel_density", "categorical_mixture"}
    for name, fit in fitted.items():
        assert np.exp(fit.log_prob(every)).sum() == pytest.approx(1, abs=1e-9), name


def test_a_mixture_of_bernoullis_finds_its_two_components():
    rng = np.random.default_rng(0)
    rates = np.where(rng.random((3000, 1)) < 0.3, 0.9, 0.1)
    x = (rng.random((3000, 8)) < rates).astype(float)
    fit = tasks.categorical_mixture(x[:2000], x[2000:], 2, components=(1, 2))
    assert fit.chosen == "2 components"
    ones = x[2000:].sum(1)
    truth = np.logaddexp(
        np.log(0.3) + ones * np.log(0.9) + (8 - ones) * np.log(0.1),
        np.log(0.7) + ones * np.log(0.1) + (8 - ones) * np.log(0.9),
    ).mean()
    assert fit.log_prob(x[2000:]).mean() == pytest.approx(truth, abs=0.02)


def test_aitchison_and_aitkens_kernel_by_hand():
    train = np.array([[0.0, 0], [1, 1]])
    fit = tasks.level_kernel_density(train, train, 2)  # validation on itself: the smallest b
    b = 0.005
    expected = np.log([((1 - b) ** 2 + b**2) / 2, b * (1 - b)])
    np.testing.assert_allclose(fit.log_prob(np.array([[0.0, 0], [0, 1]])), expected, rtol=1e-6)


def test_continuous_baselines_are_densities():
    toy = toys.eight_gaussians()
    rng = np.random.default_rng(0)
    fitted = tasks.baselines(toy.sample(rng, 400), toy.sample(rng, 200), None)
    points, area = toys.grid(120)
    for name, fit in fitted.items():
        assert toys.mass(fit.log_prob(points), area) == pytest.approx(1, abs=0.01), name
        assert 0 < toys.divergence(toy.log_prob(points), fit.log_prob(points), area) < 0.4, name


def test_the_integral_over_latents_is_above_the_bound():
    spec = Spec((2,))
    model = vae(spec, latent_dim=2, hidden=(4,), importance_samples=50)
    state = jax.jit(model.init)(jax.random.key(0), {"vector": jnp.zeros((4, 2))})
    x = jnp.asarray(np.random.default_rng(0).normal(size=(5, 2)), jnp.float32)
    exact, how = tasks.exact_log_prob(model)
    assert how.startswith("exact: quadrature")
    of_grid = jax.jit(exact)(None, state.variables, x)
    many = vae(spec, latent_dim=2, hidden=(4,), importance_samples=5000).log_prob
    of_draws = jax.jit(many)(jax.random.key(1), state.variables, x)
    np.testing.assert_allclose(of_grid, of_draws, atol=0.05)
    assert tasks.exact_log_prob(vae(spec, latent_dim=3))[1].startswith("a lower bound")
    assert tasks.exact_log_prob(made(spec))[1] == "exact"


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="of one shape"):
        tasks.baselines(np.zeros((3, 2)), np.zeros((3, 4)), None)
    with pytest.raises(ValueError, match="values must be k/1"):
        tasks.level_kernel_density(np.full((2, 2), 0.5), np.zeros((2, 2)), 2)
    with pytest.raises(ValueError, match="multiple of 6"):
        toys.grid(100)
    with pytest.raises(ValueError, match="shapes differ"):
        toys.divergence(np.zeros(3), np.zeros(4), 1.0)
    with pytest.raises(ValueError, match=r"points are \[N, 2\]"):
        toys.checkerboard().log_prob(np.zeros(2))
    with pytest.raises(ValueError, match="std above 0"):
        toys.gaussians([[0.0, 0.0]], 0.0)
