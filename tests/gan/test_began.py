"""BEGAN: both losses and k of known energies, its metrics, the networks chosen, refusals."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import began
from genjax.nets import AutoencoderDiscriminator
from tests.gan.images import images, watched

KEY = jax.random.key(0)


def test_losses_and_the_controller():
    """L(x) - k L(x~) with the k before, L of the generator's own fakes, k + rate (gamma L - L~)."""
    x = images((4, 3, 3, 1))
    model = began(
        Spec((3, 3, 1), 256),
        diversity_ratio=0.7,
        controller_rate=0.5,
        exponent=2.0,
        latent_dim=2,
        hidden=(4,),
        learning_rate=0.0,
    )
    state = jax.jit(model.init)(KEY, {"image": x})
    assert state.variables["extra"]["fake_weight"] == 0.0
    extra = {"fake_weight": jnp.float32(0.3)}
    state = state._replace(variables={**state.variables, "extra": extra})
    with watched(AutoencoderDiscriminator) as judged:
        after, metrics = jax.jit(model.update)(KEY, state, {"image": x[None]})
    energy = lambda given, out: ((given[0] - out["reconstruction"]) ** 2).mean()
    real, fake, own = (energy(given, out) for given, out in judged.values())
    np.testing.assert_allclose(next(iter(judged.values()))[0][0], 2 * x - 1, atol=1e-6)
    assert abs(fake - own) > 1e-5  # either turn draws its own
    np.testing.assert_allclose(metrics["discriminator/loss"], real - 0.3 * fake, rtol=1e-4)
    np.testing.assert_allclose(metrics["generator/loss"], own, rtol=1e-4)
    weight = 0.3 + 0.5 * (0.7 * real - fake)
    np.testing.assert_allclose(after.variables["extra"]["fake_weight"], weight, rtol=1e-4)
    measure = real + abs(0.7 * real - fake)
    np.testing.assert_allclose(metrics["discriminator/convergence"], measure, rtol=1e-4)
    np.testing.assert_allclose(metrics["discriminator/ratio"], fake / real, rtol=1e-4)
    assert metrics["discriminator/fake_weight"] == np.float32(0.3)
    found = model.evaluate(KEY, state.variables, {"image": x})["energy"].mean()
    np.testing.assert_allclose(found, real, rtol=1e-4)


def test_images_have_convolutions():
    model = began(Spec((16, 16, 3), 256), width=2, latent_dim=3)
    state = jax.eval_shape(model.init, KEY, {"image": jnp.zeros((2, 16, 16, 3))})
    encoder = state.variables["discriminator"]["params"]["encoder"]
    assert "Conv_0" in encoder and encoder["Dense_0"]["kernel"].shape == (8 * 8 * 4, 3)
    drawn = jax.eval_shape(lambda v: model.sample(KEY, v, 5), state.variables)
    assert drawn.shape == (5, 16, 16, 3)


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((4,)), {"diversity_ratio": 0.0}, "diversity_ratio must be above 0"),
        (Spec((4,)), {"controller_rate": -1.0}, "controller_rate must be above 0"),
        (Spec((4,)), {"architecture": "conv"}, "conv needs images"),
        (Spec((4,)), {"architecture": "dcgan"}, "architecture must be one of mlp, conv"),
        (Spec((4, 2)), {}, "images or vectors"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        began(spec, **options)
