"""b-GAN: both losses of known logits, what is reported of the ratio, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import b_gan
from genjax.nets import MlpDiscriminator
from tests.gan.images import moved, watched

KEY = jax.random.key(0)
X = jnp.asarray(np.random.default_rng(0).normal(size=(8, 3)), jnp.float32)
SMALL = {"latent_dim": 2, "hidden": (4,), "learning_rate": 0.0}
SHIFT = np.log(np.e - 1)


def test_a_pearson_ratio_and_a_generator_of_another_divergence():
    """alpha r^2 / 2 and (1 - alpha) r~^2 / 2, less r, plus 1/2; and -log r~."""
    model = b_gan(Spec((3,)), alpha=0.3, generator_divergence="reverse_kl", **SMALL)
    state = jax.jit(model.init)(KEY, {"vector": X})
    with watched(MlpDiscriminator) as judged:
        after, metrics = jax.jit(model.update)(KEY, state, {"vector": X[None]})
    real, fake, _, own = (
        np.logaddexp(0, np.float64(out["logit"]) + SHIFT) for _, out in judged.values()
    )
    expected = (0.15 * real**2 + 0.35 * fake**2 - real + 0.5).mean()
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-4)
    np.testing.assert_allclose(metrics["discriminator/divergence"], -expected, rtol=1e-4)
    mean = (0.3 * real + 0.7 * fake).mean()
    np.testing.assert_allclose(metrics["discriminator/mean_ratio"], mean, rtol=1e-4)
    np.testing.assert_allclose(metrics["generator/loss"], -np.log(own).mean(), rtol=1e-4)
    assert moved(state.variables, after.variables) == set()  # rates of 0
    found = model.evaluate(KEY, state.variables, {"vector": X})
    np.testing.assert_allclose(found["ratio"], real, rtol=1e-4)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"alpha": 1.0}, r"alpha must be in \[0, 1\)"),
        ({"divergence": "js"}, "divergence must be one of"),
        ({"generator_divergence": "js"}, "divergence must be one of"),
        ({"positive": "relu"}, "positive must be one of"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        b_gan(Spec((3,)), **options)
