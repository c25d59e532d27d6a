"""Bregman losses of density ratios: their least value and its place, by finite distributions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.losses import (
    CONVEX,
    bregman_ratio_loss,
    check_alpha,
    convex,
    f_divergence_of_ratio,
    positive_ratio,
)

P = np.array([0.5, 0.3, 0.2])
Q = np.array([0.2, 0.2, 0.6])
SHIFT = np.log(np.e - 1)
F = {
    "pearson": lambda r: 0.5 * (r - 1) ** 2,
    "kl": lambda r: r * np.log(r),
    "reverse_kl": lambda r: -np.log(r),
    "gan": lambda r: r * np.log(r) - (r + 1) * np.log(r + 1) + 2 * np.log(2),
}


def logits_of(r, positive):
    """What `positive_ratio` makes r of."""
    return jnp.asarray(np.log(r) if positive == "exp" else np.log(np.expm1(r)) - SHIFT, jnp.float32)


@pytest.mark.parametrize("positive", ["softplus", "exp"])
@pytest.mark.parametrize("name", CONVEX)
@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_the_loss_is_least_at_the_ratio_where_it_is_minus_the_divergence(name, positive, alpha):
    mixture = alpha * P + (1 - alpha) * Q
    truth = P / mixture
    options = {"divergence": name, "alpha": alpha, "positive": positive}

    def loss(logits):
        # Example by example, the sides weighted each by its own probabilities.
        zero = jnp.zeros(3)
        both = lambda a, b: bregman_ratio_loss(a, b, **options)
        of_real = both(logits, zero) - both(zero, zero)
        of_fake = both(zero, logits)
        return (jnp.asarray(P) * of_real).sum() + (jnp.asarray(Q) * of_fake).sum()

    at = logits_of(truth, positive)
    value, gradient = jax.value_and_grad(loss)(at)
    np.testing.assert_allclose(value, -(mixture * F[name](truth)).sum(), atol=1e-5)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-5)
    assert loss(at + 0.3) > value + 1e-3 and loss(at - 0.3) > value + 1e-3
    found = f_divergence_of_ratio(at, divergence=name, positive=positive)
    np.testing.assert_allclose(found, F[name](truth), atol=1e-5)


def test_positive_ratios():
    """1 at 0; log r is the logarithm, where r itself is 0 in float32 too."""
    for positive in ("softplus", "exp"):
        r, log_r = positive_ratio(jnp.asarray([0.0, 2.0, -3.0, -200.0]), positive)
        np.testing.assert_allclose(r[0], 1.0, rtol=1e-6)
        np.testing.assert_allclose(log_r[:3], np.log(r[:3]), atol=1e-5)
        assert np.isfinite(log_r).all() and -201 < log_r[3] < -199


@pytest.mark.parametrize("name", CONVEX)
def test_extremes_are_finite(name):
    for far in (-30.0, 30.0):
        x = jnp.full(2, far)
        loss = lambda x: bregman_ratio_loss(x, -x, divergence=name).sum()
        lower = lambda x: f_divergence_of_ratio(x, divergence=name).sum()
        for each in (loss, lower):
            value, gradient = jax.value_and_grad(each)(x)
            assert np.isfinite(value) and np.isfinite(gradient).all()


def test_what_is_refused():
    two, three = jnp.zeros(2), jnp.zeros(3)
    with pytest.raises(ValueError, match="as many real as fake"):
        bregman_ratio_loss(two, three)
    with pytest.raises(ValueError, match=r"alpha must be in \[0, 1\)"):
        check_alpha(1.0)
    with pytest.raises(ValueError, match="divergence must be one of pearson"):
        convex("js")
    with pytest.raises(ValueError, match="positive must be one of softplus, exp"):
        positive_ratio(two, "square")
