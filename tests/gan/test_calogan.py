"""calogan: the terms of both losses, whose turn is when, what the discriminator is shown."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.gan import calogan
from genjax.gan.calogan import layers_of
from genjax.nets import ShowerDiscriminator
from tests.gan.images import KEY, images, moved, watched

LAYERS = {"layer_0": (2, 2), "layer_1": (1, 3)}
SPEC = Spec((7,), None, 2, {"incidence": (2,), **LAYERS})
SMALL = {
    "latent_dim": 4,
    "architecture": "mlp",
    "hidden": 3,
    "kernels": (2, 2),
}
ASKED = jnp.array([[10.0, 0], [20.0, 1], [5.0, 1], [60.0, 0], [2.0, 1]])
BATCH = {"vector": 10 * images((5, 7)), "incidence": ASKED}
ROUND = jax.tree.map(lambda leaf: leaf[None], BATCH)


@pytest.fixture(scope="module")
def played():
    """(model, state before with a D that says nothing, state after, metrics, calls of D)."""
    rates = {"learning_rate": 0.1, "discriminator_learning_rate": 0.1}
    model = calogan(SPEC, generator_turns=1, **SMALL, **rates)
    state = jax.jit(model.init)(KEY, BATCH)
    own = dict(state.variables["discriminator"]["params"])
    for head in ("logit_head", "class_head"):
        own[head] = jax.tree.map(jnp.zeros_like, own[head])
    silent = {**state.variables["discriminator"], "params": own}
    state = state._replace(variables={**state.variables, "discriminator": silent})
    with watched(ShowerDiscriminator) as calls:
        after, metrics = jax.jit(model.update)(KEY, state, ROUND)
    return model, state, after, jax.device_get(metrics), [*calls.values()]


def test_the_losses_by_hand(played):
    """log 2 of the logit, 0.2 log 2 of two classes, 0.05 for each GeV that is wrong."""
    _, _, _, metrics, _ = played
    expected = 2 * np.log(2) + 2 * 0.2 * np.log(2)
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-5)
    assert metrics["discriminator/accuracy"] == 0.0  # 0 is neither
    assert metrics["generator/energy_error"] > 1


def test_real_and_fake_pass_one_after_the_other_and_the_error_is_of_the_fakes(played):
    _, _, _, metrics, calls = played
    assert len(calls) == 3 and all(args[0].shape == (5, 7) for args, _ in calls)
    np.testing.assert_array_equal(calls[0][0][0], BATCH["vector"])
    for args, _ in calls:
        np.testing.assert_array_equal(args[1], ASKED)  # E is told with fakes, too
    error = np.abs(calls[2][0][0].sum(1) - ASKED[:, 0]).mean()
    np.testing.assert_allclose(metrics["generator/energy_error"], error, rtol=1e-4)


def test_the_generators_loss_is_the_sum_of_its_terms(played):
    _, _, _, metrics, calls = played
    (x, _), heads = calls[2]
    log_p = jax.nn.log_softmax(heads["class"])[np.arange(5), np.asarray(ASKED[:, 1], int)]
    error = np.abs(x.sum(1) - ASKED[:, 0]).mean()
    adversarial = np.logaddexp(0, -heads["logit"]).mean()
    expected = adversarial + 0.05 * error - 0.2 * log_p.mean()
    np.testing.assert_allclose(metrics["generator/loss"], expected, rtol=1e-4)


def test_each_trains_itself_and_g_has_two_turns(played):
    _, before, after, _, _ = played
    assert moved(before.variables, after.variables) == {"generator", "discriminator"}
    assert calogan(SPEC, **SMALL).num_batches == 2


def test_samples_are_for_what_is_asked(played):
    model, state = played[:2]
    sample = jax.jit(model.sample, static_argnums=2)
    x = sample(KEY, state.variables, 5, ASKED)
    other = sample(KEY, state.variables, 5, ASKED * jnp.array([[2.0, 1.0]]))
    assert x.shape == (5, 7) and (x >= 0).all() and (other != x).any()
    shape = jax.eval_shape(lambda: model.sample(KEY, state.variables, 3)).shape
    assert shape == (3, 7)


def test_the_papers_networks_are_the_default():
    """Locally connected layers of each map; by shapes alone."""
    state = jax.eval_shape(calogan(SPEC).init, KEY, BATCH)
    params = state.variables["generator"]["params"]
    assert params["LocallyConnected_0"]["kernel"].shape == (3, 3, 2 * 2 * 16, 6)
    assert params["LocallyConnected_1"]["kernel"].shape == (2, 2, 2 * 2 * 6, 1)
    assert state.variables["discriminator"]["params"]["Dense_0"]["kernel"].shape == (4, 64)
    with pytest.raises(ValueError, match="architecture must be one of local, mlp"):
        calogan(SPEC, architecture="conv")


def test_the_layers_are_read_from_the_spec():
    assert layers_of(SPEC) == ((2, 2), (1, 3))
    for spec in (Spec((7,)), SPEC._replace(shape=(8,))):
        with pytest.raises(ValueError, match="calogan needs showers"):
            calogan(spec)
