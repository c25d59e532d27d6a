"""cgan and acgan: whose label goes where, the losses at known heads, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax

from genjax.core import Spec
from genjax.gan import acgan, cgan
from genjax.nets import MlpDiscriminator
from tests.gan.images import softplus, watched

KEY = jax.random.key(0)
SPEC = Spec((3,), num_classes=4)
X = jnp.asarray(np.random.default_rng(0).normal(size=(8, 3)), jnp.float32)
LABEL = jnp.arange(8) % 4
BATCH = {"vector": X, "label": LABEL}


def with_zeros(state, name, **changed):
    """The state with a network that gives 0 everywhere but for the biases named."""
    flat = jax.tree.map(jnp.zeros_like, state.variables[name])
    for layer, bias in changed.items():
        flat["params"][layer]["bias"] = jnp.asarray(bias)
    return state._replace(variables={**state.variables, name: flat})


def play(model, state):
    return jax.jit(model.update)(KEY, state, jax.tree.map(lambda leaf: leaf[None], BATCH))


def test_cgans_discriminator_is_given_the_label_that_a_fake_was_made_with():
    """G puts out label k as the number k, D the difference to its label's: 0 of every fake."""
    model = cgan(SPEC, latent_dim=2, hidden=(4,), architecture="mlp", learning_rate=0.0)
    state = with_zeros(with_zeros(jax.jit(model.init)(KEY, BATCH), "generator"), "discriminator")
    of_g, of_d = (state.variables[name]["params"] for name in ("generator", "discriminator"))
    numbers = jnp.arange(4.0)
    # z, then the label, come in; the number of the label is carried by unit 0 to element 0.
    of_g["Dense_0"]["kernel"] = jnp.zeros((6, 4)).at[2:, 0].set(numbers)
    of_g["Dense_1"]["kernel"] = jnp.zeros((4, 3)).at[0, 0].set(1.0)
    # Units 0 and 1 of D are relu-like of x_0 - k and k - x_0; both put together make |x_0 - k|.
    first = jnp.zeros((7, 4)).at[0, :2].set(jnp.asarray([1.0, -1.0]))
    of_d["Dense_0"]["kernel"] = first.at[3:, 0].set(-numbers).at[3:, 1].set(numbers)
    of_d["logit_head"]["kernel"] = jnp.zeros((4, 1)).at[:2, 0].set(1.25)
    _, metrics = play(model, state)
    np.testing.assert_allclose(metrics["discriminator/fake_logit"], 0.0, atol=1e-6)
    np.testing.assert_allclose(metrics["generator/loss"], np.log(2), rtol=1e-6)
    # |a| of leaky ReLUs of slope 0.2 is (a - 0.2 a) = 0.8 |a|, times 1.25.
    expected = np.abs(np.asarray(X[:, 0]) - np.asarray(LABEL)).mean()
    np.testing.assert_allclose(metrics["discriminator/real_logit"], expected, rtol=1e-5)
    drawn = model.sample(KEY, state.variables, 8, LABEL)
    np.testing.assert_allclose(drawn[:, 0], LABEL)


@pytest.mark.parametrize("class_of_fakes", [True, False])
def test_acgans_losses_at_a_class_head_that_is_known(class_of_fakes):
    """Logits (b, 0, 0, 0) of everything: CE is log(e^b + 3) - b for label 0, and without - b else."""
    model = acgan(
        SPEC,
        latent_dim=2,
        hidden=(4,),
        architecture="mlp",
        learning_rate=0.0,
        class_weight=0.7,
        class_of_fakes=class_of_fakes,
    )
    state = jax.jit(model.init)(KEY, BATCH)
    state = with_zeros(state, "discriminator", class_head=[1.5, 0.0, 0.0, 0.0])
    _, metrics = play(model, state)
    by_class = np.log(np.exp(1.5) + 3) - 1.5 / 4  # a quarter of the labels are 0
    sides = 2 if class_of_fakes else 1
    expected = 2 * np.log(2) + 0.7 * sides * by_class
    np.testing.assert_allclose(metrics["discriminator/loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(metrics["generator/loss"], np.log(2) + 0.7 * by_class, rtol=1e-5)
    np.testing.assert_allclose(metrics["discriminator/real_class_accuracy"], 0.25)


def test_acgans_classes_are_read_of_the_data_and_of_the_fakes():
    """The cross-entropies of what the head says of either, by the minibatch's labels."""
    model = acgan(SPEC, latent_dim=2, hidden=(4,), architecture="mlp", learning_rate=0.0)
    state = jax.jit(model.init)(KEY, BATCH)
    with watched(MlpDiscriminator) as judged:
        _, metrics = play(model, state)
    real, fake, _, own = (out for _, out in judged.values())
    by_class = lambda out: -log_softmax(out["class"], axis=1)[np.arange(8), LABEL]
    expected = softplus(-real["logit"]) + softplus(fake["logit"]) + by_class(real) + by_class(fake)
    np.testing.assert_allclose(metrics["discriminator/loss"], expected.mean(), rtol=1e-5)
    expected = softplus(-own["logit"]) + by_class(own)
    np.testing.assert_allclose(metrics["generator/loss"], expected.mean(), rtol=1e-5)
    assert np.abs(by_class(real) - by_class(fake)).mean() > 1e-3


@pytest.mark.parametrize("system", [acgan, cgan])
def test_what_does_not_fit_is_refused(system):
    with pytest.raises(ValueError, match="needs labels"):
        system(Spec((8, 8, 1)))
    with pytest.raises(ValueError, match="dcgan needs images"):
        system(SPEC, architecture="dcgan")
