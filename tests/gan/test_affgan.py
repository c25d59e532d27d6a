"""AffGAN: consistent whatever its weights are, each guide's losses by hand, annealed noise."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import affgan
from genjax.losses import low_resolution
from genjax.nets import Denoiser, MlpDiscriminator, MlpGenerator
from tests.gan.images import KEY, images, moved, softplus, watched

X = jnp.asarray(np.random.default_rng(0).normal(size=(256, 2)), jnp.float32)
SMALL = {"hidden": (8,), "discriminator_turns": 1, "learning_rate": 0.1}


def start(model, entry, x):
    return jax.jit(model.init)(KEY, {entry: x})


def test_images_are_consistent_with_low_resolution_whatever_the_weights_are():
    """Of another size than it was trained on, too. What is clipped is consistent no more."""
    options = {"num_blocks": 1, "channels": 4, "discriminator_channels": 2}
    model = affgan(Spec((9, 8, 1), 256), scale=2, **options)
    variables = jax.jit(model.init)(KEY, {"image": images((2, 9, 8, 1))}).variables
    other = jax.tree.map(lambda leaf: leaf + 0.03, variables["generator"])
    upscale, x = jax.jit(model.upscale), images((2, 4, 6, 1), 1)
    for weights in (variables["generator"], other):
        y = upscale(KEY, {**variables, "generator": weights}, x)
        assert y.shape == (2, 8, 12, 1)
        np.testing.assert_allclose(low_resolution(y, 2), x, atol=1e-5)
    assert np.abs(low_resolution(jnp.clip(y, 0, 1), 2) - x).max() > 1e-3


def test_vectors_are_halved_by_means_and_decoded_consistently():
    model = affgan(Spec((2,)), **SMALL)
    state = start(model, "vector", X)
    after, _ = jax.jit(model.update)(KEY, state, {"vector": X[None]})
    assert moved(state.variables, after.variables) == {"generator", "guide", "extra"}
    code = model.encode(None, after.variables, X)
    np.testing.assert_allclose(code[:, 0], X.mean(1), rtol=1e-5, atol=1e-6)
    y = np.asarray(model.decode(None, after.variables, code))
    np.testing.assert_allclose(y.mean(1), code[:, 0], atol=1e-5)
    assert np.abs(y - np.asarray(X)).max() > 0.01


def test_the_adversary_sees_both_sides_with_noise_and_the_generator_minimises_minus_the_logit():
    model = affgan(Spec((2,)), noise_start=3.0, noise_end=1.0, noise_rounds=2, **SMALL)
    state = start(model, "vector", X)
    state = state._replace(variables={**state.variables, "extra": {"rounds": jnp.int32(1)}})
    with watched(MlpDiscriminator) as judged, watched(MlpGenerator) as guessed:
        after, metrics = jax.jit(model.update)(KEY, state, {"vector": X[None]})
    (real, on_real), (fake, on_fake), (_, own) = judged.values()
    expected = softplus(-on_real["logit"]) + softplus(on_fake["logit"])
    np.testing.assert_allclose(metrics["guide/loss"], expected.mean(), rtol=1e-5)
    np.testing.assert_allclose(metrics["generator/loss"], -own["logit"].mean(), rtol=1e-5)
    guess = np.asarray(next(iter(guessed.values()))[1])
    projected = guess + np.asarray(X.mean(1, keepdims=True)) - guess.mean(1, keepdims=True)
    for shown, plain in ((real[0], X), (fake[0], projected)):
        np.testing.assert_allclose(np.std(shown - plain), 2.0, rtol=0.1)  # half of the way
    assert int(after.variables["extra"]["rounds"]) == 2


def test_the_denoisers_guide_by_hand():
    """Its loss, and the generator's slope: (r(g) - g) / sigma^2, of no use to the denoiser."""
    model = affgan(Spec((2,)), guide="denoiser", noise_start=0.5, noise_end=0.5, **SMALL)
    state = start(model, "vector", X)
    with watched(Denoiser) as seen:
        _, metrics = jax.jit(model.update)(KEY, state, {"vector": X[None]})
    (noisy, found), (g, of_g) = seen.values()
    np.testing.assert_allclose(np.std(noisy[0] - X), 0.5, rtol=0.1)
    squares = np.square(found - np.asarray(X)).sum(1).mean()
    np.testing.assert_allclose(metrics["guide/loss"], squares, rtol=1e-5)
    slope = (of_g - g[0]) / 0.25
    np.testing.assert_allclose(metrics["generator/loss"], -(slope * g[0]).sum(1).mean(), rtol=1e-4)


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((2,)), {"guide": "density"}, "guide must be one of adversarial, denoiser"),
        (Spec((3,)), {}, "scale 2 does not divide vectors of 3"),
        (Spec((2,)), {"noise_end": 0.0}, "must be above 0"),
        (Spec((2,)), {"degradation": "nearest"}, "average, gaussian, bicubic"),
        (Spec((4, 4, 4, 1)), {}, "affgan takes images or vectors"),
        (Spec((8, 8, 1)), {"scale": 3}, "scale must be a power of 2"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        affgan(spec, **options)
