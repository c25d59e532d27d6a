"""Values of the discretised logistic and its mixture against SciPy and the authors' loss."""

import itertools

import jax
import numpy as np
import pytest
from scipy import stats

from genjax.losses import discretized_logistic, discretized_logistic_mixture


@pytest.mark.parametrize(("mean", "log_scale"), [(0, -3), (-1.3, -2), (0.99, -5), (0, -7)])
def test_logistic_against_the_distribution_function(mean, log_scale):
    """Sums to one in float32, and each mass is a difference of SciPy's float64 CDF.

    Not compiled: XLA may reorder arithmetic, and hide edges on which neighbouring bins disagree.
    """
    x = np.arange(256) / 255
    parameters = np.tile(np.array([mean, log_scale], np.float32), (256, 1))
    log_probs = np.asarray(discretized_logistic(256).log_prob(parameters, x), np.float64)
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
    likelihood = discretized_logistic_mixture(32, num_components=2, num_channels=3)
    parameters = np.array(
        [0.3, -0.2]
        + [-0.2, 0.1, 0.2, 0.2, -0.1, 0.0]  # means
        + [-3.0] * 6
        + [0.8, -0.5, 0.9, -0.7, 0.4, 0.3],  # coefficients
        np.float32,
    )[None, None, None]
    x = np.array(list(itertools.product(np.arange(32) / 31, repeat=3)), np.float32)[:, None, None]
    repeated = np.broadcast_to(parameters, (len(x), *parameters.shape[1:]))
    masses = np.exp(jax.jit(likelihood.log_prob)(repeated, x))
    expected = np.tensordot(masses, x, axes=1)
    np.testing.assert_allclose(likelihood.mean(parameters)[0], expected, atol=2e-3)
