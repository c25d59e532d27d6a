"""AEGAN: the generator stands still while its inverse learns from what it makes; what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import aegan
from genjax.nets import MlpGenerator, TrunkEncoder
from tests.gan.images import KEY, images, moved, watched

SPEC = Spec((4, 4, 1), 17)
X = images((4, 4, 4, 1))
SMALL = {"latent_dim": 3, "hidden": (8, 8)}


@pytest.mark.parametrize("distance", ["image", "code"])
def test_the_inverse_is_of_what_the_generator_makes(distance):
    """By what the networks were given and gave; data is not looked at, and nothing else moves."""
    first, second = aegan(SPEC, distance=distance, gan_rounds=7, **SMALL)
    assert first.rounds == 7 and second.rounds is None
    trained = jax.jit(first.model.init)(KEY, {"image": X})
    state = jax.jit(second.enter)(KEY, trained)
    generators = (each.variables["generator"] for each in (trained, state))
    assert all(jax.tree.leaves(jax.tree.map(lambda a, b: (a == b).all(), *generators)))
    with watched(TrunkEncoder) as read, watched(MlpGenerator) as made:
        after, metrics = jax.jit(second.model.update)(KEY, state, {"image": X[None]})
    ((z,), x), ((code,), again) = made.values()
    (((given,), found),) = read.values()
    np.testing.assert_array_equal(given, x)
    np.testing.assert_array_equal(code, found)
    of_images, of_codes = np.square(again - x).mean(), np.square(code - z).mean()
    np.testing.assert_allclose(metrics["encoder/image"], of_images, rtol=1e-5)
    np.testing.assert_allclose(metrics["encoder/code"], of_codes, rtol=1e-5)
    expected = of_images if distance == "image" else of_codes
    np.testing.assert_allclose(metrics["encoder/loss"], expected, rtol=1e-5)
    assert moved(state.variables, after.variables) == {"encoder"}


def test_the_last_model_encodes_and_says_how_well():
    model = aegan(SPEC, **SMALL)[-1].model
    variables = jax.jit(model.init)(KEY, {"image": X}).variables
    z = jax.jit(model.encode)(KEY, variables, X)
    rebuilt = jax.jit(model.decode)(KEY, variables, z)
    assert z.shape == (4, *model.latents.shape)
    values = jax.jit(model.evaluate)(KEY, variables, {"image": X})
    error = np.square(np.asarray(X) - rebuilt).mean((1, 2, 3))
    np.testing.assert_allclose(values["squared_error"], error, rtol=1e-4)
    np.testing.assert_allclose(values[model.select], -error, rtol=1e-4)


def test_images_have_convolutions_with_statistics_of_their_own_players():
    """The generator's stand still in the second stage, the encoder's move."""
    first, second = aegan(Spec((12, 12, 1)), width=2, latent_dim=3)
    x = images((4, 12, 12, 1))
    state = jax.jit(lambda: second.enter(KEY, first.model.init(KEY, {"image": x})))()
    after, _ = jax.jit(second.model.update)(KEY, state, {"image": x[None]})
    assert moved(state.variables, after.variables) == {"encoder"}
    same = jnp.array_equal
    for name, still in (("generator", True), ("encoder", False)):
        before, now = (each.variables[name].get("batch_stats", {}) for each in (state, after))
        if before:
            unchanged = jax.tree.leaves(jax.tree.map(same, before, now))
            assert all(unchanged) == still, name


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (SPEC, {"distance": "pixels"}, "distance must be one of image, code, got 'pixels'"),
        (SPEC, {"gan_rounds": 0}, "gan_rounds must be at least 1"),
        (Spec((12,)), {"architecture": "dcgan"}, "dcgan needs images"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        aegan(spec, **options)
