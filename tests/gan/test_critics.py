"""The simple systems' losses from the logits that they are computed of, their penalties and turns."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from genjax.core import Spec
from genjax.gan import gan, lsgan, sngan, wgan, wgan_gp
from genjax.gan.two_players import two_players
from genjax.losses import non_saturating
from genjax.nets import MlpDiscriminator, MlpGenerator, network, normal_noise
from tests.gan.images import KEY, moved, softplus, watched

SPEC = Spec((2,))
X = jnp.asarray(np.random.default_rng(0).normal(size=(4, 2)), jnp.float32)
BATCH = {"vector": X}
SMALL = {"latent_dim": 3, "hidden": (5,), "architecture": "mlp"}


def drawn(model, std=0.5):
    """The state at the start, with float parameters drawn anew, or all 0."""
    rng = np.random.default_rng(1)
    draw = lambda leaf: jnp.asarray(std * rng.normal(size=leaf.shape), leaf.dtype)
    state = jax.eval_shape(model.init, KEY, BATCH)
    zero = jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), state)
    return zero._replace(variables=jax.tree.map(draw, state.variables))


def play(model, state=None):
    """(state, metrics) of one round, of the same minibatch in every turn."""
    state = drawn(model) if state is None else state
    batches = jax.tree.map(lambda leaf: jnp.stack([leaf] * model.num_batches), BATCH)
    return jax.jit(model.update)(KEY, state, batches)


FORMULAS = {
    "gan": (
        lambda: gan(SPEC, **SMALL, learning_rate=0.0),
        lambda r, f: softplus(-r) + softplus(f),
        lambda f: softplus(-f),
    ),
    "lsgan": (
        lambda: lsgan(SPEC, **SMALL, learning_rate=0.0, fake_label=-1.0, real_label=2.0, aim=0.5),
        lambda r, f: ((r - 2) ** 2 + (f + 1) ** 2) / 2,
        lambda f: (f - 0.5) ** 2 / 2,
    ),
    "wgan": (
        lambda: wgan(SPEC, **SMALL, learning_rate=0.0, clip=9.0, critic_turns=1),
        lambda r, f: f - r,
        lambda f: -f,
    ),
}


@pytest.mark.parametrize("name", FORMULAS)
def test_losses_are_of_the_data_and_of_fakes_of_each_turns_own(name):
    """D is shown the data, then fakes; G its own, of other noise, and no rate moves D between."""
    make, of_discriminator, of_generator = FORMULAS[name]
    with watched(MlpDiscriminator) as judged, watched(MlpGenerator) as made:
        _, metrics = play(make())
    judged, made = ([*calls.values()] for calls in (judged, made))
    inputs = [given[0] for given, _ in judged[:2]]
    np.testing.assert_array_equal(inputs[0], X)
    np.testing.assert_array_equal(inputs[1], made[0][1])
    assert np.abs(made[0][0][0] - made[1][0][0]).max() > 0.1
    np.testing.assert_array_equal(judged[3][0][0], made[1][1])
    r, f, own = (judged[number][1]["logit"] for number in (0, 1, 3))
    expected = of_discriminator(r, f).mean()
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(metrics["generator/loss"], of_generator(own).mean(), rtol=1e-5)


@pytest.mark.parametrize("options, expected", [({}, 10.0), ({"one_sided": True}, 0.0)])
def test_a_flat_critic_pays_the_weight_of_the_penalty(options, expected):
    """(0 - 1)^2 on both sides, nothing where only steep ones are punished."""
    model = wgan_gp(SPEC, **SMALL, learning_rate=0.0, **options)
    _, metrics = play(model, drawn(model, 0.0))
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-4, atol=1e-6)


def test_a_penalty_is_taken_where_its_name_says():
    """R1: 2.5 |grad f|^2 / 2 at the data, by the gradient of `evaluate`."""
    model = gan(SPEC, **SMALL, learning_rate=0.0, penalty="r1", penalty_weight=2.5)
    state = drawn(model)
    slope = jax.grad(lambda x: model.evaluate(KEY, state.variables, {"vector": x})["logit"].sum())
    expected = 0.5 * np.square(slope(X)).sum(1).mean()
    with watched(MlpDiscriminator) as judged:
        _, metrics = play(model, state)
    np.testing.assert_allclose(metrics["discriminator/penalty"], expected, rtol=1e-4)
    r, f = (out["logit"] for _, out in [*judged.values()][:2])
    total = (softplus(-r) + softplus(f)).mean() + 2.5 * expected
    np.testing.assert_allclose(metrics["discriminator/loss"], total, rtol=1e-4)


def test_terms_are_added_to_the_loss_of_their_player():
    """By `two_players` itself, whose players all lose log 2 or twice that before a flat logit."""
    shape = jnp.zeros((1, 2))
    model = two_players(
        SPEC,
        network(MlpGenerator((2,), (3,), bounded=False), shape),
        network(MlpDiscriminator((3,)), shape),
        normal_noise(2),
        adversary=non_saturating(),
        generator_optimizer=optax.sgd(0.0),
        discriminator_optimizer=optax.sgd(0.0),
        discriminator_terms=lambda real, fake: (real.x.sum() + 3.0, {}),
        generator_terms=lambda real, fake: (5.0 + real.x[0, 0], {}),
        weight_terms=lambda params: params["Dense_1"]["bias"].sum() + 7.0,
    )
    _, metrics = play(model, drawn(model, 0.0))
    expected = 2 * np.log(2) + 3 + np.asarray(X).sum()
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-5)
    expected = np.log(2) + 12 + np.asarray(X)[0, 0]
    np.testing.assert_allclose(metrics["generator/loss"], expected, rtol=1e-5)


def test_tricks_are_played_on_fakes_too():
    """Labels of 0.3, noise and a pool of past fakes, against a generator that gives 0 alone."""
    options = {"fake_labels": (0.3, 0.3), "instance_noise": 1.0, "replay": 2}
    model = gan(SPEC, **SMALL, learning_rate=0.0, **options)
    state = drawn(model)
    flat = jax.tree.map(jnp.zeros_like, state.variables["generator"])
    extra = {"discriminator_turns": jnp.zeros(()), "pool_size": jnp.int32(2)}
    extra["pool"] = jnp.full((2, 2), 50.0)
    state = state._replace(variables={**state.variables, "generator": flat, "extra": extra})
    with watched(MlpDiscriminator) as judged:
        _, metrics = play(model, state)
    (_, real), ((shown, *_), fake), *_ = judged.values()
    r, f = real["logit"], fake["logit"]
    expected = (softplus(-r) + softplus(f) - 0.3 * f).mean()
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-5)
    old = np.abs(shown - 50) < 5
    assert old.any() and (old | (np.abs(shown) < 5)).all()
    assert shown.std(0).min() > 0 and np.abs(shown[~old]).min() > 1e-3


def test_each_player_has_its_own_rate():
    for options, who in (
        ({"learning_rate": 0.0, "discriminator_learning_rate": 0.1}, "discriminator"),
        ({"learning_rate": 0.1, "discriminator_learning_rate": 0.0}, "generator"),
    ):
        model = gan(SPEC, **SMALL, **options)
        state = drawn(model)
        assert moved(state.variables, play(model, state)[0].variables) == {who}


def test_turns_of_the_critic():
    """Five by default; a burst in the first rounds holds a hundred."""
    found = [system(SPEC, **SMALL).num_batches for system in (wgan, wgan_gp, gan)]
    assert found == [5, 5, 1]
    assert wgan(SPEC, **SMALL, bursts=True).num_batches == 100
    assert sngan(SPEC, hidden=(4,), discriminator_turns=3).num_batches == 3


@pytest.mark.parametrize("system, options", [(wgan, {}), (wgan_gp, {}), (gan, {"penalty": "r1"})])
def test_no_norm_mixes_the_examples_of_a_critic(system, options):
    model = system(Spec((16, 16, 1), 256), architecture="dcgan", **options)
    start = lambda: model.init(KEY, {"image": jnp.zeros((2, 16, 16, 1))})
    variables = jax.eval_shape(start).variables
    assert "batch_stats" in variables["generator"]
    assert "batch_stats" not in variables["discriminator"]


def test_a_prior_is_the_one_of_its_name():
    draw = lambda prior: gan(SPEC, **SMALL, prior=prior).latents.prior(KEY, None, 500)
    assert jnp.abs(draw("uniform")).max() <= 1 < 2 < jnp.abs(draw("normal")).max()


def test_the_generators_minibatches_are_as_many_as_asked():
    model = sngan(SPEC, hidden=(4,), discriminator_turns=1, generator_batches=3)
    with watched(MlpGenerator) as made:
        play(model)
    assert [len(out) for _, out in made.values()] == [4, 12]
