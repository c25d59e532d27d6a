"""One table of checks over every likelihood, then the simple ones against an outside oracle."""

import functools
import itertools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from genjax.losses import (
    Likelihood,
    bernoulli,
    categorical,
    discretized_logistic,
    discretized_logistic_mixture,
    gaussian,
)


class Case(NamedTuple):
    build: Callable[[], Likelihood]
    num_levels: int | None
    shape: tuple[int, ...]


CASES = {
    "bernoulli": Case(bernoulli, 2, (3,)),
    "gaussian": Case(gaussian, None, (2, 3, 1)),
    "gaussian, one variance": Case(lambda: gaussian(log_variance=-1.5), None, (3,)),
    "gaussian, squashed": Case(lambda: gaussian(mean_activation=jax.nn.sigmoid), None, (3,)),
    "categorical": Case(lambda: categorical(5), 5, (1, 1, 3)),
    "logistic, 2 levels": Case(lambda: discretized_logistic(2), 2, (3,)),
    "logistic, 17 levels": Case(lambda: discretized_logistic(17), 17, (1, 2, 1)),
    "mixture, vector": Case(lambda: discretized_logistic_mixture(7, num_components=2), 7, (3,)),
    "mixture, grey": Case(
        lambda: discretized_logistic_mixture(9, num_components=3, num_channels=1), 9, (1, 2, 1)
    ),
    "mixture, colour": Case(
        lambda: discretized_logistic_mixture(4, num_components=3, num_channels=3), 4, (1, 1, 3)
    ),
}
DISCRETE = {name: case for name, case in CASES.items() if case.num_levels is not None}
CONTINUOUS = {name: case for name, case in CASES.items() if case.num_levels is None}


def table(cases):
    return pytest.mark.parametrize("case", list(cases.values()), ids=list(cases))


@functools.cache
def compiled(case):
    """Eager calls would compile each operation by itself, and a scan anew at every call."""
    likelihood = case.build()
    return likelihood._replace(
        log_prob=jax.jit(likelihood.log_prob),
        mean=jax.jit(likelihood.mean),
        sample=jax.jit(likelihood.sample),
    )


def example(case, batch=4, seed=0, spread=1.5):
    """A likelihood, parameters for a batch, and valid data."""
    likelihood = compiled(case)
    rng = np.random.default_rng(seed)
    shape = likelihood.parameter_shape((batch, *case.shape))
    parameters = spread * rng.normal(size=shape).astype(np.float32)
    levels = case.num_levels or 256
    x = rng.integers(0, levels, (batch, *case.shape)) / np.float32(levels - 1)
    return likelihood, parameters, x.astype(np.float32)


def enumerate_data(case):
    """Every possible example, [L^D, *shape]."""
    levels = np.arange(case.num_levels) / (case.num_levels - 1)
    values = itertools.product(levels, repeat=int(np.prod(case.shape)))
    return np.array(list(values), np.float32).reshape(-1, *case.shape)


def repeat(parameters, num):
    return np.broadcast_to(parameters[:1], (num, *parameters.shape[1:]))


@table(CASES)
def test_shapes_and_types(case):
    likelihood, parameters, x = example(case)
    assert likelihood.parameter_shape(case.shape) == parameters.shape[1:]
    assert parameters.shape[-1] == likelihood.num_parameters
    for dtype in (jnp.float32, jnp.bfloat16):
        outputs = jax.ShapeDtypeStruct(parameters.shape, dtype)
        results = (
            jax.eval_shape(likelihood.log_prob, outputs, x),
            jax.eval_shape(likelihood.mean, outputs),
            jax.eval_shape(likelihood.sample, jax.random.key(0), outputs),
        )
        assert [r.shape for r in results] == [(4,), x.shape, x.shape]
        assert {r.dtype for r in results} == {jnp.dtype(jnp.float32)}


@table(DISCRETE)
def test_masses_sum_to_one(case):
    likelihood, parameters, _ = example(case)
    x = enumerate_data(case)
    log_probs = likelihood.log_prob(repeat(parameters, len(x)), x)
    assert np.exp(np.asarray(log_probs, np.float64)).sum() == pytest.approx(1, abs=1e-6)


@table(DISCRETE)
def test_samples_have_the_stated_masses(case):
    likelihood, parameters, _ = example(case, seed=1, spread=1.0)
    every = enumerate_data(case)
    expected = 20_000 * np.exp(likelihood.log_prob(repeat(parameters, len(every)), every))
    samples = likelihood.sample(jax.random.key(2), repeat(parameters, 20_000))
    digits = np.asarray(samples).reshape(20_000, -1) * (case.num_levels - 1)
    np.testing.assert_allclose(digits, np.round(digits), atol=1e-4)
    places = case.num_levels ** np.arange(digits.shape[1])[::-1]
    observed = np.bincount((np.round(digits) @ places).astype(int), minlength=len(every))
    assert len(observed) == len(every)
    common = expected >= 5  # below, the chi-square approximation fails: pooled into one cell
    observed = np.append(observed[common], observed[~common].sum())
    expected = np.append(expected[common], expected[~common].sum())
    keep = expected > 0
    statistic = np.sum((observed[keep] - expected[keep]) ** 2 / expected[keep])
    assert stats.chi2.sf(statistic, keep.sum() - 1) > 1e-4


@table({k: c for k, c in DISCRETE.items() if k != "mixture, colour"})
def test_mean_is_the_expectation_over_levels(case):
    likelihood, parameters, _ = example(case)
    x = enumerate_data(case)
    masses = np.exp(likelihood.log_prob(repeat(parameters, len(x)), x))
    expected = np.tensordot(masses, x, axes=1)
    np.testing.assert_allclose(likelihood.mean(parameters)[0], expected, atol=1e-5)


@table(CONTINUOUS)
def test_density_integrates_to_one_and_samples_have_its_moments(case):
    likelihood, parameters, _ = example(case, batch=1, spread=0.7)
    one = parameters.reshape(-1, likelihood.num_parameters)[:1]  # each example is one number
    x = np.linspace(-15, 15, 30_001)
    density = np.exp(likelihood.log_prob(repeat(one, len(x)), x))
    assert np.trapezoid(density, x) == pytest.approx(1, abs=1e-4)
    mean = np.trapezoid(density * x, x)
    assert likelihood.mean(one)[0] == pytest.approx(mean, abs=1e-4)
    samples = likelihood.sample(jax.random.key(3), repeat(one, 20_000))
    deviation = np.sqrt(np.trapezoid(density * (x - mean) ** 2, x))
    assert samples.mean() == pytest.approx(mean, abs=5 * deviation / np.sqrt(20_000))
    assert samples.std() == pytest.approx(deviation, rel=0.03)


@table(CASES)
def test_finite_at_extremes(case):
    likelihood, parameters, x = example(case)

    @jax.jit
    def evaluate(parameters):
        total = lambda p: likelihood.log_prob(p, x).sum()
        drawn = likelihood.sample(jax.random.key(0), parameters)
        return *jax.value_and_grad(total)(parameters), likelihood.mean(parameters), drawn

    ends = np.array([1e4, -1e4, -50.0, 50.0, 0.0], np.float32)
    for seed in range(5):
        results = evaluate(np.random.default_rng(seed).choice(ends, parameters.shape))
        assert all(np.isfinite(r).all() for r in results)
        if case.num_levels is not None:
            assert results[-1].min() >= 0 and results[-1].max() <= 1


@table(CASES)
def test_wrong_shapes_are_refused(case):
    likelihood, parameters, x = example(case)
    with pytest.raises(ValueError, match="shape"):
        likelihood.log_prob(parameters, x[:, :-1] if x.shape[1] > 1 else x[:2])
    with pytest.raises(ValueError, match="shape"):
        likelihood.log_prob(parameters[:1], x)
    with pytest.raises(ValueError, match=f"axis of {likelihood.num_parameters}"):
        likelihood.mean(np.concatenate([parameters, parameters], axis=-1))
    with pytest.raises(ValueError, match=f"axis of {likelihood.num_parameters}"):
        likelihood.sample(jax.random.key(0), jnp.zeros((likelihood.num_parameters,)))


@table({k: c for k, c in DISCRETE.items() if k != "bernoulli"})
def test_data_in_another_range_gives_nan(case):
    likelihood, parameters, x = example(case)
    assert np.isnan(likelihood.log_prob(parameters, 255 * jnp.ones_like(x))).all()
    assert np.isnan(likelihood.log_prob(parameters, -jnp.ones_like(x))).all()


def test_bernoulli_against_scipy():
    logits = np.array([[-3.0, 0.2, 1.7]])
    x = np.array([[0.0, 1.0, 1.0]])
    expected = stats.bernoulli.logpmf(x, 1 / (1 + np.exp(-logits))).sum()
    assert bernoulli().log_prob(jnp.array(logits)[..., None], x)[0] == pytest.approx(expected)


def test_gaussian_against_scipy():
    mean, log_variance = np.array([[0.2, 0.9]]), np.array([[-3.0, 0.5]])
    x = np.array([[0.1, 0.4]])
    parameters = jnp.stack([mean, log_variance], axis=-1)
    learned = stats.norm.logpdf(x, mean, np.exp(0.5 * log_variance)).sum()
    assert gaussian().log_prob(parameters, x)[0] == pytest.approx(learned, rel=1e-5)
    fixed = stats.norm.logpdf(x, mean, np.exp(-1.0)).sum()
    one = gaussian(log_variance=-2.0)
    assert one.log_prob(parameters[..., :1], x)[0] == pytest.approx(fixed, rel=1e-5)
    squashed = stats.norm.logpdf(x, 1 / (1 + np.exp(-mean)), np.exp(0.5 * log_variance)).sum()
    faces = gaussian(mean_activation=jax.nn.sigmoid)
    assert faces.log_prob(parameters, x)[0] == pytest.approx(squashed, rel=1e-5)


def test_one_learned_variance_finds_the_mean_square():
    """The optimum of one variance is the mean squared error: a closed form."""
    x = jax.random.normal(jax.random.key(0), (50, 4))
    gradient = jax.grad(lambda v: gaussian(log_variance=v).log_prob(jnp.zeros((50, 4, 1)), x).sum())
    assert abs(gradient(jnp.log(jnp.mean(x**2)))) < 1e-3
    assert abs(gradient(jnp.log(2 * jnp.mean(x**2)))) > 10


def test_categorical_against_a_table():
    probabilities = np.array([0.1, 0.2, 0.3, 0.4])
    logits = jnp.broadcast_to(jnp.log(probabilities), (4, 1, 4)) + 7.0
    x = jnp.arange(4.0)[:, None] / 3
    np.testing.assert_allclose(np.exp(categorical(4).log_prob(logits, x)), probabilities, rtol=1e-5)


@pytest.mark.parametrize(
    "build",
    [
        lambda: categorical(1),
        lambda: discretized_logistic(0),
        lambda: discretized_logistic_mixture(256, num_components=0),
        lambda: discretized_logistic_mixture(256, num_channels=0),
        lambda: gaussian(log_variance=jnp.zeros(3)),
        lambda: discretized_logistic_mixture(4, num_channels=3).parameter_shape((8, 8, 1)),
    ],
)
def test_impossible_sizes_are_refused(build):
    with pytest.raises(ValueError, match="got"):
        build()
