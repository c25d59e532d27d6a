"""The beta-VAE at the ends of its scale: independent pixels, a monotone trade, a held capacity."""

import jax
import numpy as np
import pytest

from genjax import data
from genjax.training import Config, fit
from genjax.vae import beta_vae
from tests.acceptance.exact import test_images

SIZES = {"hidden": (100,), "latent_dim": 10}


@pytest.fixture(scope="module")
def digits():
    dataset = data.load("digits")
    train = np.asarray(dataset.eval_transform(None, dataset.train.arrays())["image"], np.float64)
    return dataset, train.reshape(len(train), -1), test_images(dataset)[0]


def trained(dataset, steps=2000, **options):
    model = beta_vae(dataset.spec, **options, **SIZES)
    return model, fit(model, dataset, Config(steps=steps)).state.variables


def rate_and_distortion(model, variables, x):
    """Means over examples and 20 draws, nats."""
    keys = jax.random.split(jax.random.key(1), 20)
    values = jax.jit(jax.vmap(lambda key: model.evaluate(key, variables, {"image": x})))(keys)
    return float(values["kl"].mean()), -float(values["reconstruction"].mean())


def test_a_beta_of_1000_leaves_independent_pixels(digits):
    """KL below 0.05 nats; distortion that of each pixel's own frequency in training (24.6).

    A bound that averages over pixels is collapsed at any beta, and one that forgets beta never: the
    rate at beta 1 is seen beside it.
    """
    dataset, train, test = digits
    frequency = np.clip(train.mean(0), 1e-3, 1 - 1e-3)
    x = np.asarray(test, np.float64).reshape(len(test), -1)
    independent = -(x * np.log(frequency) + (1 - x) * np.log1p(-frequency)).sum(1).mean()
    rate, distortion = rate_and_distortion(*trained(dataset, beta=1000.0), test)
    print(f"KL {rate:.4f}, distortion {distortion:.3f}, independent pixels {independent:.3f}")
    assert independent == pytest.approx(24.6, abs=0.3)
    assert rate < 0.05 and distortion == pytest.approx(independent, abs=0.3)


def test_rate_falls_and_distortion_rises_with_beta(digits):
    """On the training set, over beta 0.1, 1, 4, 16; at 4 next to no rate is left to lose."""
    dataset, train, _ = digits
    x = train.reshape(-1, *dataset.spec.shape).astype(np.float32)
    found = [rate_and_distortion(*trained(dataset, beta=beta), x) for beta in (0.1, 1.0, 4.0, 16.0)]
    rates, distortions = np.array(found).T
    print(f"rates {np.round(rates, 2)}, distortions {np.round(distortions, 2)}")
    assert (np.diff(rates) < 0).all() and (np.diff(distortions) > 0).all()
    assert (np.diff(rates)[:2] < -1.0).all() and (np.diff(distortions)[:2] > 1.0).all()


def test_a_capacity_holds_the_kl(digits):
    """beta |KL - C| with beta 100: the KL of test examples is 5 nats, neither 0 nor the VAE's."""
    dataset, _, test = digits
    model, variables = trained(dataset, beta=100.0, capacity=5.0)
    values = jax.jit(model.evaluate)(jax.random.key(0), variables, {"image": test})
    rate, spread = float(values["kl"].mean()), float(values["kl"].std())
    print(f"KL {rate:.3f} +- {spread:.3f} nats over examples")
    assert rate == pytest.approx(5.0, abs=0.5) and spread < 1.0
