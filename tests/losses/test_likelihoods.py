"""One table of checks over every likelihood, then each one's values against an outside oracle."""

import functools
import itertools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from genjax.core import Spec
from genjax.losses import (
    Likelihood,
    bernoulli,
    categorical,
    discretized_logistic,
    discretized_logistic_mixture,
    for_spec,
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


@functools.cache
def example(case, batch=4, seed=0, spread=1.5):
    """A likelihood, parameters for a batch, and data from it."""
    likelihood = compiled(case)
    shape = likelihood.parameter_shape((batch, *case.shape))
    parameters = spread * np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    return likelihood, parameters, likelihood.sample(jax.random.key(seed), parameters)


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
    assert x.shape == likelihood.mean(parameters).shape == (4, *case.shape)
    assert likelihood.log_prob(parameters, x).shape == (4,)
    half = jax.ShapeDtypeStruct(parameters.shape, jnp.bfloat16)
    assert jax.eval_shape(likelihood.log_prob, half, x).dtype == jnp.float32
    assert jax.eval_shape(likelihood.mean, half).dtype == jnp.float32


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
    evaluate = jax.jit(jax.value_and_grad(lambda p: likelihood.log_prob(p, x).sum()))
    for seed in range(5):
        ends = np.array([1e4, -1e4, -50.0, 50.0, 0.0], np.float32)
        extreme = np.random.default_rng(seed).choice(ends, parameters.shape)
        value, gradient = evaluate(extreme)
        assert np.isfinite(value) and np.isfinite(gradient).all()
        assert np.isfinite(likelihood.mean(extreme)).all()
        drawn = likelihood.sample(jax.random.key(seed), extreme)
        assert not np.isnan(drawn).any()
        if case.num_levels is not None:
            assert np.logical_and(drawn >= 0, drawn <= 1).all()


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


LOGISTIC_256 = compiled(Case(lambda: discretized_logistic(256), 256, ()))


@pytest.mark.parametrize(("mean", "log_scale"), [(0, -3), (-1.3, -2), (0.99, -5), (0, -7)])
def test_logistic_against_the_distribution_function(mean, log_scale):
    """Sums to one in float32, and each mass is a difference of SciPy's float64 CDF."""
    x = np.arange(256) / 255
    parameters = np.tile(np.array([mean, log_scale], np.float32), (256, 1))
    log_probs = np.asarray(LOGISTIC_256.log_prob(parameters, x), np.float64)
    assert np.exp(log_probs).sum() == pytest.approx(1, abs=1e-6)
    edges = np.concatenate([[-np.inf], (np.arange(1, 256) * 2 - 256) / 255, [np.inf]])
    logistic = stats.logistic(mean, np.exp(log_scale))
    # The upper tail by the survival function: differences of the CDF near one lose all digits.
    lower, upper = np.diff(logistic.cdf(edges)), -np.diff(logistic.sf(edges))
    expected = np.where(edges[1:] < mean, lower, upper)
    seen = expected > 1e-30
    np.testing.assert_allclose(log_probs[seen], np.log(expected[seen]), rtol=2e-5, atol=2e-4)


def numpy_mixture(p, x, num_components):
    """PixelCNN++'s loss for three channels, written out in float64; one place, masses, no logs."""
    k = num_components
    logits, p = p[:k], p[k:]
    means, log_scales, coefficients = (
        part.reshape(k, 3) for part in (p[: 3 * k], p[3 * k : 6 * k], np.tanh(p[6 * k :]))
    )
    r, g, b = 2 * x - 1
    total = 0.0
    for i in range(k):
        c0, c1, c2 = coefficients[i]
        centers = means[i] + np.array([0, c0 * r, c1 * r + c2 * g])
        mass = np.exp(logits[i]) / np.exp(logits).sum()
        for value, center, log_scale in zip((r, g, b), centers, log_scales[i], strict=True):
            logistic = stats.logistic(center, np.exp(max(log_scale, -7)))
            high = np.inf if value > 0.999 else value + 1 / 255
            low = -np.inf if value < -0.999 else value - 1 / 255
            mass *= logistic.cdf(high) - logistic.cdf(low)
        total += mass
    return np.log(total)


def test_mixture_against_the_authors_loss():
    """Salimans et al., 2017, released code `discretized_mix_logistic_loss`, in NumPy."""
    likelihood = discretized_logistic_mixture(256, num_components=2, num_channels=3)
    assert likelihood.num_parameters == 20
    rng = np.random.default_rng(0)
    parameters = rng.normal(size=(6, 1, 1, 20)) * 0.7
    x = np.round(rng.random((6, 1, 1, 3)) * 255) / 255
    x[0], x[1] = 0, 1  # both open bins
    expected = [numpy_mixture(p[0, 0], v[0, 0], 2) for p, v in zip(parameters, x, strict=True)]
    result = jax.jit(likelihood.log_prob)(parameters.astype(np.float32), x)
    np.testing.assert_allclose(result, expected, rtol=1e-4)


def test_mixture_feeds_means_forward():
    """Away from the open bins the mean is the expectation over all 32³ colours."""
    case = Case(
        lambda: discretized_logistic_mixture(32, num_components=2, num_channels=3), 32, (1, 1, 3)
    )
    likelihood = compiled(case)
    parameters = np.array(
        [0.3, -0.2]
        + [-0.2, 0.1, 0.2, 0.2, -0.1, 0.0]  # means
        + [-3.0] * 6
        + [0.8, -0.5, 0.9, -0.7, 0.4, 0.3],  # coefficients
        np.float32,
    )[None, None, None]
    x = enumerate_data(case)
    masses = np.exp(likelihood.log_prob(repeat(parameters, len(x)), x))
    expected = np.tensordot(masses, x, axes=1)
    np.testing.assert_allclose(likelihood.mean(parameters)[0], expected, atol=2e-3)


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        (Spec((28, 28, 1), 2), "bernoulli"),
        (Spec((28, 20, 1)), "gaussian"),
        (Spec((8, 8, 1), 17), "discretized_logistic"),
    ],
)
def test_for_spec_chooses_by_levels(spec, name):
    assert for_spec(spec).name == name


def test_for_spec_passes_options_and_channels():
    faces = for_spec(Spec((28, 20, 1), 256), "gaussian", log_variance=-2.0)
    assert faces.num_parameters == 1
    colour = Spec((8, 8, 3), 256)
    mixture = for_spec(colour, "discretized_logistic_mixture", num_components=5)
    assert mixture.parameter_shape(colour.shape) == (8, 8, 50)
    vector = for_spec(Spec((6,), 3), "discretized_logistic_mixture", num_components=2)
    assert vector.parameter_shape((6,)) == (6, 6)
    assert for_spec(colour, "categorical").num_parameters == 256


@pytest.mark.parametrize(
    ("spec", "name", "options", "message"),
    [
        (Spec((4,), 256), "bernoulli", {}, r"256 levels.*not a likelihood.*binarise.*fit: discre"),
        (Spec((4,)), "bernoulli", {}, "continuous data"),
        (Spec((4,)), "categorical", {}, "continuous data.*fit: gaussian"),
        (Spec((4,), 2), "gaussian", {}, "2 levels.*fit: bernoulli"),
        (Spec((4,)), "gausian", {}, "there are bernoulli, .*did you mean 'gaussian'"),
        (Spec((4,), 2), None, {"log_variance": 0.0}, "'bernoulli' does not take log_variance"),
        (Spec((4,), 1), None, {}, "at least 2 levels, got 1"),
    ],
)
def test_for_spec_refuses(spec, name, options, message):
    with pytest.raises(ValueError, match=message):
        for_spec(spec, name, **options)


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
