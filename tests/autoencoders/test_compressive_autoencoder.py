"""The bins of the codes against SciPy, the normalisation by hand, the loss in parts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from genjax.autoencoders import compressive_autoencoder
from genjax.autoencoders.compressive_autoencoder import bin_log_prob
from genjax.autoencoders.divisive import Gdn
from genjax.core import Spec

KEY = jax.random.key(0)
RNG = np.random.default_rng(0)


def test_bins_are_those_of_a_mixture_of_logistics():
    params = {
        name: jnp.asarray(scale * RNG.normal(size=(2, 3)), jnp.float32)
        for name, scale in (("logits", 1), ("means", 5), ("log_scales", 0.7))
    }
    y = np.arange(-60, 61) + np.zeros((1, 1, 2, 1))  # [1, 1, K, bins]
    found = jax.jit(bin_log_prob)(params, jnp.asarray(y.transpose(0, 1, 3, 2), jnp.float32))
    expected = np.zeros((121, 2))
    for channel in range(2):
        logits, means, logs = (np.asarray(params[n][channel], np.float64) for n in params)
        weights = np.exp(logits) / np.exp(logits).sum()
        bins, logistic = np.arange(-60, 61)[:, None], stats.logistic(means, np.exp(logs))
        expected[:, channel] = (logistic.cdf(bins + 0.5) - logistic.cdf(bins - 0.5)) @ weights
    np.testing.assert_allclose(np.exp(found[0, 0]), expected, rtol=2e-3, atol=1e-7)
    np.testing.assert_allclose(np.exp(found[0, 0], dtype=np.float64).sum(0), 1, atol=1e-4)


def test_bins_far_away_are_finite_and_so_is_their_gradient():
    params = {name: jnp.zeros((1, 3)) for name in ("logits", "means", "log_scales")}
    params["log_scales"] -= 50.0
    loss = lambda params, y: bin_log_prob(params, y).sum()
    y = jnp.array([-1e4, 0.0, 1e4]).reshape(1, 3, 1, 1)
    value, gradient = jax.jit(jax.value_and_grad(loss, (0, 1)))(params, y)
    assert np.isfinite(value)
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(gradient))
    with pytest.raises((TypeError, ValueError), match=r"shape|broadcast"):
        jax.eval_shape(
            bin_log_prob, {n: jnp.zeros((2, 3)) for n in params}, jnp.zeros((1, 3, 1, 4))
        )


@pytest.mark.parametrize("inverse", [False, True])
def test_divisive_normalisation_is_its_formula(inverse):
    v = RNG.normal(size=(2, 3, 4)).astype(np.float32)
    beta, gamma = RNG.uniform(0.5, 2, 4), RNG.uniform(0, 1, (4, 4))
    params = {"root_beta": np.sqrt(beta), "root_gamma": np.sqrt(gamma)}
    params = jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float32), params)
    norm = np.sqrt(beta + np.einsum("ij,...j->...i", gamma, v.astype(np.float64) ** 2))
    expected = v * norm if inverse else v / norm
    found = Gdn(inverse).apply({"params": params}, v)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_what_is_reported_is_rate_and_weighted_error_of_whole_codes():
    spec = Spec((8, 8, 1))
    model = compressive_autoencoder(spec, distortion_weight=7.0, channels=(4,), code_channels=3)
    batch = {"image": jnp.asarray(RNG.random((5, 8, 8, 1)), jnp.float32)}

    @jax.jit
    def everything(batch):
        v, x = model.init(KEY, batch).variables, batch["image"]
        numbers = model.codes.encode(v, x)
        coded = (model.codes.log_prob(v, numbers), model.codes.decode(v, numbers))
        return model.evaluate(KEY, v, batch), numbers, coded, model.encode(KEY, v, x)

    values, numbers, (log_probs, decoded), vector = everything(batch)
    assert numbers.shape == (5, 4, 4, 3) and numbers.dtype == jnp.int32
    rate = -log_probs.sum((1, 2, 3)) / np.log(2)
    error = ((decoded - batch["image"]) ** 2).sum((1, 2, 3))
    np.testing.assert_allclose(values["rate"], rate, rtol=1e-5)
    np.testing.assert_allclose(values["squared_error"], error, rtol=1e-4)
    np.testing.assert_allclose(values["objective"], -(rate + 7 * error), rtol=1e-5)
    np.testing.assert_array_equal(vector, numbers.reshape(5, -1))


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((8,)), {}, "needs images"),
        (Spec((8, 8, 1)), {"distortion_weight": 0.0}, "above 0"),
        (Spec((8, 8, 1)), {"channels": ()}, "at least 1 each"),
        (Spec((8, 8, 1)), {"code_channels": 0}, "at least 1 each"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        compressive_autoencoder(spec, **options)
