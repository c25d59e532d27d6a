"""AdaGAN's weights of ten points, by hand, and against a search of sorted prefixes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.losses import boosting_density, boosting_threshold, mixture_to_data_ratio

# P_g is uniform on the first four of ten points.
RATIOS = jnp.asarray([2.5] * 4 + [0.0] * 6)


def weights(ratios, beta):
    return boosting_density(ratios, boosting_threshold(ratios, beta), beta) / len(ratios)


def test_ten_points():
    """Half the mass: nothing to the covered; four fifths: the mixture is then exactly uniform."""
    np.testing.assert_allclose(boosting_threshold(RATIOS, 0.5), 5 / 6, rtol=1e-6)
    np.testing.assert_allclose(weights(RATIOS, 0.5), [0.0] * 4 + [1 / 6] * 6, atol=1e-6)
    np.testing.assert_allclose(boosting_threshold(RATIOS, 0.8), 1.0, rtol=1e-6)
    found = weights(RATIOS, 0.8)
    np.testing.assert_allclose(found, [0.0625] * 4 + [0.125] * 6, atol=1e-6)
    mixture = 0.2 * np.asarray(RATIOS) / 10 + 0.8 * found
    np.testing.assert_allclose(mixture, 0.1, atol=1e-6)
    np.testing.assert_allclose(weights(RATIOS, 1.0), 0.1, rtol=1e-6)


@pytest.mark.parametrize("beta", [0.05, 1 / 3, 0.9])
def test_the_smallest_prefix_of_sorted_ratios(beta):
    """The paper's search, and weights of sum 1 in no order."""
    h = np.random.default_rng(0).exponential(size=50)
    ordered = np.sort(h)
    for k in range(1, 51):
        share = k / 50
        threshold = beta / share * (1 + (1 - beta) / beta * ordered[:k].sum() / 50)
        if (1 - beta) * ordered[k - 1] <= threshold and (
            k == 50 or threshold <= (1 - beta) * ordered[k]
        ):
            break
    ratios = jnp.asarray(h, jnp.float32)
    np.testing.assert_allclose(boosting_threshold(ratios, beta), threshold, rtol=1e-5)
    np.testing.assert_allclose(weights(ratios, beta).sum(), 1.0, rtol=1e-5)


def test_ratios_of_logits():
    """(1 - d) / d, at most 1e8; with one that large the rest share the weight."""
    d = np.array([0.1, 0.5, 0.8])
    logits = jnp.asarray(np.log(d / (1 - d)), jnp.float32)
    np.testing.assert_allclose(mixture_to_data_ratio(logits), (1 - d) / d, rtol=1e-5)
    far = mixture_to_data_ratio(jnp.asarray([-1e4, 0.0, 1e4]))
    np.testing.assert_allclose(far, [1e8, 1.0, 0.0], rtol=1e-4)
    found = weights(far, 0.5)
    np.testing.assert_allclose(found, [0.0, 1 / 3, 2 / 3], atol=1e-5)
    assert np.isfinite(jax.grad(lambda f: weights(mixture_to_data_ratio(f), 0.5)[1])(logits)).all()
    with pytest.raises(ValueError, match=r"\[N\]"):
        boosting_threshold(RATIOS[None], 0.5)
