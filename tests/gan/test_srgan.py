"""SRGAN: two stages, what is handed on between them, the losses by hand, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.autoencoders import srresnet
from genjax.core import Spec
from genjax.gan import srgan
from genjax.losses import enlarge, low_resolution
from genjax.nets import SuperResolutionDiscriminator
from tests.gan.images import KEY, images, moved, softplus, told, watched

SPEC = Spec((9, 8, 1), 256)
X = images((4, 9, 8, 1))
SMALL = {"scale": 2, "num_blocks": 1, "channels": 4, "discriminator_channels": 2}


def test_the_first_stage_is_srresnet_and_learns_features():
    first, _ = srgan(SPEC, **SMALL)
    state = jax.jit(first.model.init)(KEY, {"image": X})
    after, metrics = jax.jit(first.model.update)(KEY, state, {"image": X[None]})
    assert moved(state.variables, after.variables) == {"generator", "features"}
    alone = srresnet(SPEC, scale=2, num_blocks=1, channels=4)
    of_alone = jax.jit(alone.init)(KEY, {"image": X})
    of_alone = of_alone._replace(variables={"upscaler": state.variables["generator"]})
    after_alone, metrics_alone = jax.jit(alone.update)(KEY, of_alone, {"image": X[None]})
    np.testing.assert_allclose(metrics["generator/loss"], metrics_alone["upscaler/loss"], rtol=1e-5)
    for mine, theirs in zip(
        jax.tree.leaves(after.variables["generator"]),
        jax.tree.leaves(after_alone.variables["upscaler"]),
        strict=True,
    ):
        np.testing.assert_allclose(mine, theirs, atol=1e-5)


def test_the_second_stage_at_networks_of_known_outputs():
    """G gives 0.3 and D 0.5: squared errors of a known feature, and softplus, in NumPy."""
    feature = lambda x: 2 * x
    options = {**SMALL, "features": feature, "adversarial_weight": 0.1, "content_weight": 3.0}
    first, second = srgan(SPEC, learning_rate=0.0, **options)
    before = jax.jit(first.model.init)(KEY, {"image": X})
    state = jax.jit(second.enter)(KEY, before)
    assert set(state.variables) == {"generator", "discriminator"}
    assert not moved(before.variables, {"generator": state.variables["generator"]})
    variables = told(state.variables, "generator", "Conv_5", [-0.4])
    variables = told(variables, "discriminator", "Dense_1", [0.5])
    still = state._replace(variables=variables)
    with watched(SuperResolutionDiscriminator) as judged:
        _, metrics = jax.jit(second.model.update)(KEY, still, {"image": X[None]})
    target = np.asarray(X, np.float64)[:, :8]
    shown = [given[0] for given, _ in judged.values()]
    for x, wanted in zip(shown, (target, 0 * target + 0.3, 0 * target + 0.3), strict=True):
        np.testing.assert_allclose(x, 2 * wanted - 1, atol=1e-5)
    content = 4 * np.square(target - 0.3).mean()
    fooled = np.log1p(np.exp(-0.5))
    np.testing.assert_allclose(metrics["generator/loss"], 3 * content + 0.1 * fooled, rtol=1e-5)
    own = fooled + np.log1p(np.exp(0.5))
    np.testing.assert_allclose(metrics["discriminator/loss"], own, rtol=1e-5)
    values = jax.jit(second.model.evaluate)(KEY, variables, {"image": X})
    np.testing.assert_allclose(values["perceptual_distance"].mean(), content, rtol=1e-5)
    psnr = -10 * np.log10(np.square(target - 0.3).mean(axis=(1, 2, 3)))
    np.testing.assert_allclose(values["psnr"], psnr, rtol=1e-4)


def test_features_that_were_learned_stay_as_they_are():
    first, second = srgan(SPEC, **SMALL)
    before = jax.jit(first.model.init)(KEY, {"image": X})
    state = jax.jit(second.enter)(KEY, before)
    with watched(SuperResolutionDiscriminator) as judged:
        after, metrics = jax.jit(second.model.update)(KEY, state, {"image": X[None]})
    assert moved(state.variables, after.variables) == {"generator", "discriminator"}
    r, f, own = (out["logit"] for _, out in judged.values())
    expected = (softplus(-r) + softplus(f)).mean()
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-5)
    expected = metrics["generator/content"] + 1e-3 * softplus(-own).mean()
    np.testing.assert_allclose(metrics["generator/loss"], expected, rtol=1e-5)


def test_a_residual_starts_as_bicubic():
    first, _ = srgan(SPEC, residual=True, **SMALL)
    low = low_resolution(X[:, :8], 2)
    variables = jax.jit(first.model.init)(KEY, {"image": X}).variables
    found = jax.jit(first.model.upscale)(KEY, variables, low)
    np.testing.assert_allclose(found, jnp.clip(enlarge(low, 2), 0, 1), atol=1e-6)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"scale": 3}, "scale must be a power of 2"),
        ({"pretraining_rounds": 0}, "pretraining_rounds must be at least 1, got 0"),
        ({"vgg": "a.npz", "features": jnp.tanh}, "vgg or features, and got both"),
        ({"vgg": "nowhere.npz"}, "no file of VGG19's weights"),
        ({"num_blocks": 0}, "at least 1 block"),
        ({"discriminator_channels": 0}, "discriminator_channels must be at least 1, got 0"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        srgan(SPEC, **{"scale": 2, **options})


def test_vectors_are_refused():
    with pytest.raises(ValueError, match="srgan needs images"):
        srgan(Spec((12,)))
