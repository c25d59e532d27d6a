"""gan_3d: the gate on the discriminator, latents between 0 and 1, shape features, what is refused."""

import jax
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import gan_3d
from genjax.gan.gan_3d import accuracy_gate, shape_features
from genjax.nets import VoxelDiscriminator
from tests.gan.images import KEY, images, moved, told

SPEC = Spec((8, 8, 8, 1), 2)
SMALL = {"latent_dim": 3, "hidden": (4,), "learning_rate": 0.1, "discriminator_learning_rate": 0.1}
X = images((6, 8, 8, 8, 1)).round()


def test_the_gate_keeps_a_turn_of_at_most_that_accuracy():
    kept = [bool(accuracy_gate(0.8)({}, {"accuracy": a})) for a in (0.5, 0.8, 0.81, 1.0)]
    assert kept == [True, True, False, False]
    assert accuracy_gate(None) is None


@pytest.mark.parametrize("most, expected", [(0.8, 1.0), (0.49, 0.0)])
def test_the_gate_is_on_the_mean_of_both_sides_before_the_update(most, expected):
    """A D that calls everything real is right by one half, one that calls everything fake, too."""
    model = gan_3d(SPEC, most_accuracy=most, **SMALL)
    state = jax.jit(model.init)(KEY, {"voxels": X})
    update = jax.jit(model.update)
    for bias in (3.0, -3.0):
        variables = told(state.variables, "discriminator", "logit_head", [bias])
        before = state._replace(variables=variables)
        after, metrics = update(KEY, before, {"voxels": X[None]})
        assert metrics["discriminator/accuracy"] == 0.5
        assert metrics["discriminator/kept"] == expected
        own = lambda state: {name: each["params"] for name, each in state.variables.items()}
        changed = moved(own(before), own(after))  # G's statistics move at any rate
        assert changed == ({"discriminator"} if expected else set())  # this D teaches G nothing


def test_without_a_gate_every_turn_counts():
    model = gan_3d(SPEC, most_accuracy=None, **SMALL)
    state = jax.jit(model.init)(KEY, {"voxels": X})
    after, metrics = jax.jit(model.update)(KEY, state, {"voxels": X[None]})
    assert "discriminator/kept" not in metrics
    assert moved(state.variables, after.variables) == {"discriminator", "generator"}
    z = model.latents.prior(KEY, state.variables, 500)
    assert 0 <= z.min() < 0.05 and 0.95 < z.max() <= 1
    x = model.decode(KEY, state.variables, z[:2])
    assert x.shape == (2, 8, 8, 8, 1) and 0 <= x.min() and x.max() <= 1


def test_shape_features_are_the_discriminators_pooled_maps():
    module, x = VoxelDiscriminator(width=2), images((2, 16, 16, 16, 1)).round()
    own = jax.jit(lambda: module.init(KEY, x, train=False))()
    found = shape_features({"discriminator": own}, x)
    assert found.shape == (2, 8 * 4)
    heads = module.apply(own, 2 * x - 1, train=False)
    last = np.asarray(heads["features"]).reshape(2, 2, 2, 2, 2, 2, 2, 4)
    np.testing.assert_allclose(found, last.max((2, 4, 6)).reshape(2, -1), rtol=1e-5)
    with pytest.raises(ValueError, match="shape features are of convolutions"):
        shape_features({"discriminator": {"params": {}}}, x)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"most_accuracy": 1.5}, "most_accuracy must be between 0 and 1"),
        ({"architecture": "dcgan"}, "architecture must be conv or mlp"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        gan_3d(SPEC, **options)
