"""Discriminators against a generator that stands still, at optima that are known in closed form."""

import numpy as np
import pytest
from scipy import stats

from genjax.core import Spec
from genjax.gan import gan, lsgan
from genjax.losses import f_divergence
from tests.acceptance.games import (
    GRID,
    HIDDEN,
    expectation,
    falling,
    first,
    logits_on_grid,
    normal,
    standing_generator,
    train,
)

ONE = standing_generator(1, [1.0])
SOFTPLUS = lambda x: np.logaddexp(0.0, x)


def at_rest(make, draw, generator=ONE, rates=(5e-3, 1e-3, 1e-4), batch_size=512, **options):
    """(model, state) after falling rates; data by `draw`, fakes by the generator."""
    model = make(
        Spec((1,)),
        latent_dim=1,
        hidden=HIDDEN,
        architecture="mlp",
        discriminator_learning_rate=falling(rates, 600),
        learning_rate=0.0,
        first_moment=0.9,
        **options,
    )
    state, _ = train(model, draw, [0], 600 * len(rates), batch_size, [generator])
    return model, first(state)


@pytest.mark.parametrize("loss", ["non_saturating", "minimax"])
def test_the_value_of_the_game_and_the_logit_of_two_gaussians(loss):
    """p = N(0, 1), q = N(1, 1): V = 2 JSD - log 4 = -1.16345, and the logit is log p / q = 1/2 - x.

    Sees sides swapped, a sigmoid taken twice, a discriminator shown one side twice.
    """
    model, state = at_rest(gan, normal(), loss=loss)
    logit = logits_on_grid(model, state)
    value = -expectation(SOFTPLUS(-logit)) - expectation(SOFTPLUS(logit), 1.0)
    middle = (GRID > -1.5) & (GRID < 2.5)
    slope, intercept = np.polyfit(GRID[middle], logit[middle], 1)
    print(f"{loss}: V {value:.5f}, logit {intercept:.3f} {slope:+.3f} x")
    assert abs(value + 1.16345) < 0.005
    assert abs(slope + 1) < 0.06 and abs(intercept - 0.5) < 0.06


def test_one_sided_smoothing_scales_the_data_alone():
    """D = t p / (p + q) for real labels t: t where no fake is, 0 where no data is."""
    model, state = at_rest(gan, normal(), real_labels=(0.9, 0.9))
    logit = logits_on_grid(model, state)
    middle = (GRID > -1.5) & (GRID < 2.5)
    p, q = stats.norm.pdf(GRID[middle]), stats.norm.pdf(GRID[middle], 1.0)
    error = np.abs(1 / (1 + np.exp(-logit[middle])) - 0.9 * p / (p + q)).max()
    print(f"one-sided smoothing: off by {error:.4f} at most")
    assert error < 0.02


def test_least_squares_at_its_optimum():
    """f = p / (p + q) for labels (0, 1), and the loss is 1/2 of the integral of p q / (p + q)."""
    model, state = at_rest(lsgan, normal(), batch_size=1024)
    value = logits_on_grid(model, state)
    loss = 0.5 * expectation((value - 1) ** 2) + 0.5 * expectation(value**2, 1.0)
    middle = (GRID > -2) & (GRID < 3)
    p, q = stats.norm.pdf(GRID[middle]), stats.norm.pdf(GRID[middle], 1.0)
    error = np.abs(value[middle] - p / (p + q)).max()
    print(f"least squares: loss {loss:.6f} of 0.198986, D off by {error:.4f} at most")
    assert abs(loss - 0.198986) < 1e-3 and error < 0.03


def test_the_hinge_at_its_optimum():
    """The least loss is 2 integral min(p, q) = 2 - 2 TV = 1.23415, where f is the sign of p - q."""
    model, state = at_rest(gan, normal(), loss="hinge")
    value = logits_on_grid(model, state)
    hinge = lambda x: np.maximum(0.0, x)
    loss = expectation(hinge(1 - value)) + expectation(hinge(1 + value), 1.0)
    print(f"hinge: loss {loss:.4f} of 1.23415")
    assert 1.2341 < loss < 1.245


# name -> (mean and deviation of q, D_f(N(0, 1) || q)), by quadrature in float64. For divergences
# that are not symmetric q is wider than p, so that an exchange of the two is seen.
TRUTH = {
    "kl": (0.5, 1.2, 0.11635),
    "reverse_kl": (0.5, 1.2, 0.16268),
    "pearson": (0.5, 1.2, 0.19960),
    "squared_hellinger": (1.0, 1.0, 0.23501),
    "jensen_shannon": (1.0, 1.0, 0.22284),
    "total_variation": (1.0, 1.0, 0.38292),
}


@pytest.mark.parametrize("name", TRUTH)
def test_bounds_of_f_divergences_are_tight_from_below(name):
    """The variational bound of a trained discriminator, by quadrature: at most the truth, and near it.

    Sees a wrong conjugate (KL with exp(t) has the supremum -.5), p and q exchanged, a missing factor.
    """
    mean, std, truth = TRUTH[name]
    generator = standing_generator(1, [mean])
    last = generator["params"]["Dense_2"]
    last["kernel"] = np.float32(std) * last["kernel"]
    # The bound of total variation has no gradient where its tanh is saturated: no long steps there.
    rates = (2e-4, 2e-4, 1e-4) if name == "total_variation" else (5e-3, 1e-3, 1e-4)
    model, state = at_rest(gan, normal(), generator, rates, loss=name)
    logit = logits_on_grid(model, state)
    pair = f_divergence(name)
    # The discriminator's loss is f*(g(fake)) - g(real): each side by itself is the other side's at 0.
    at = lambda real, fake: np.asarray(pair.discriminator(np.float64(real), np.float64(fake)))
    zero = np.zeros_like(logit)
    of_data = expectation(-(at(logit, zero) - at(zero, zero)))
    of_fakes = expectation(at(zero, logit) - at(zero, zero), mean, std)
    bound = of_data - of_fakes - float(at(0.0, 0.0))
    print(f"{name}: {bound:.5f} of {truth:.5f}")
    assert bound < truth + 1e-3
    assert bound > 0.97 * truth
