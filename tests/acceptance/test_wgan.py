"""Critics against a generator that stands still: what clipped weights and a penalty make of a shift."""

import jax
import numpy as np

from genjax.core import Spec
from genjax.gan import wgan, wgan_gp
from tests.acceptance.games import HIDDEN, falling, normal, standing_generator, train

CLIP = 0.05


def test_the_clipped_critics_estimate_is_proportional_to_the_shift():
    """N(0, I) in the plane against itself shifted by 1, 2 and 4: K times the distance, K one unknown.

    Sees weights that are not clipped, or clipped before the step only, and a generator that is.
    """
    spec, options = Spec((2,)), {"latent_dim": 2, "architecture": "mlp", "hidden": HIDDEN}
    model = wgan(spec, clip=CLIP, learning_rate=1e-3, **options)
    generators = [standing_generator(2, [shift, 0.0]) for shift in (1.0, 2.0, 4.0)]
    state, metrics = train(model, normal(dim=2), [0, 0, 0], 300, 256, generators)
    estimates = -np.asarray(metrics["discriminator/loss"])[:, -100:].mean(1)
    largest = lambda name: max(
        float(np.abs(leaf).max()) for leaf in jax.tree.leaves(state.variables[name]["params"])
    )
    assert largest("discriminator") <= CLIP * (1 + 1e-6) and largest("generator") > 1
    ratios = estimates[1] / estimates[0], estimates[2] / estimates[0]
    print(f"estimates {np.round(estimates, 4)}, ratios {ratios[0]:.2f} and {ratios[1]:.2f}")
    assert 1.6 < ratios[0] < 2.2 and 2.8 < ratios[1] < 4.4


def test_the_penalised_critics_slope_is_1_plus_w_over_2_lambda():
    """For a translation by W the critic's difference tends to W (1 + W / (2 lambda)): 4 for 2 and 1.

    Sees a penalty of the squared norm (3 at lambda 1), of the gradient of the batch's mean, of a norm
    over the batch, and a weight counted twice.
    """
    generator = standing_generator(1, [2.0])
    options = {"latent_dim": 1, "architecture": "mlp", "hidden": HIDDEN, "penalty_weight": 1.0}
    model = wgan_gp(Spec((1,)), learning_rate=falling((2e-3, 2e-4), 5 * 200), **options)
    _, metrics = train(model, normal(), [0], 400, 512, [generator])
    last = {name: float(value[0, -50:].mean()) for name, value in metrics.items()}
    difference = last["discriminator/real_logit"] - last["discriminator/fake_logit"]
    print(f"difference {difference:.3f} of 4, penalty {last['discriminator/penalty']:.3f} of 1")
    assert abs(difference - 4.0) < 0.2
