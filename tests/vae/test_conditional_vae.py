"""Where the label enters: encoder, decoder and prior, each written out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.vae import conditional_vae
from tests.vae.perturbed import IMAGE, KEY, bits_log_prob, mlp, perturbed

SMALL = {"hidden": (7,), "latent_dim": 2}


@pytest.mark.parametrize("prior", ["learned", "standard"])
def test_the_bound_equals_its_formula_in_numpy(prior):
    """One-hot labels beside x and z; the divergence is from q(z|x, y) to p(z|y), not the reverse."""
    model = conditional_vae(IMAGE, prior=prior, **SMALL)
    variables, batch = perturbed(model)
    params = {name: net["params"] for name, net in variables.items()}
    assert ("prior" in params) == (prior == "learned")
    x, one_hot = np.asarray(batch["image"]).reshape(5, -1), np.eye(3)[batch["label"]]
    mean, log_var = np.split(mlp(params["encoder"], np.concatenate([x, one_hot], 1)), 2, 1)
    z = mean + np.exp(log_var / 2) * np.asarray(jax.random.normal(KEY, mean.shape))
    reconstruction = bits_log_prob(mlp(params["decoder"], np.concatenate([z, one_hot], 1)), x)
    to, to_log_var = np.zeros((2, 5, 2))
    if prior == "learned":
        to, to_log_var = np.split(mlp(params["prior"], one_hot), 2, 1)
    kl = to_log_var - log_var + (np.exp(log_var) + (mean - to) ** 2) / np.exp(to_log_var) - 1
    values = jax.jit(model.evaluate)(KEY, variables, batch)
    np.testing.assert_allclose(values["kl"], 0.5 * kl.sum(1), rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(values["reconstruction"], reconstruction, rtol=1e-4)
    encoded = model.encode(KEY, variables, batch["image"], batch["label"])
    np.testing.assert_allclose(encoded, mean, rtol=1e-4, atol=1e-5)
    expected = -0.5 * ((z - to) ** 2 / np.exp(to_log_var) + to_log_var + np.log(2 * np.pi)).sum(1)
    log_prior = model.latents.log_prior(variables, jnp.array(z), batch["label"])
    np.testing.assert_allclose(log_prior, expected, rtol=1e-4)


def test_prior_draws_are_those_of_the_label():
    """20,000 draws of each label have its mean and deviation, within 5 standard errors."""
    model = conditional_vae(IMAGE, **SMALL)
    variables, _ = perturbed(model, scale=1.0)
    table = variables["prior"]["params"]["Dense_0"]
    for label in range(3):
        z = model.latents.prior(KEY, variables, 20_000, jnp.full(20_000, label))
        mean, log_variance = np.split(np.asarray(table["kernel"][label] + table["bias"]), 2)
        deviation = np.exp(log_variance / 2)
        assert (np.abs(z.mean(0) - mean) < 5 * deviation / 141).all()
        np.testing.assert_allclose(z.std(0), deviation, rtol=0.03)


def test_samples_of_no_label_have_labels_drawn_uniformly():
    """A decoder made to paint its label alone shows which label each sample has."""
    model = conditional_vae(IMAGE, hidden=(), latent_dim=2)
    variables, _ = perturbed(model)
    kernel = jnp.zeros((5, 16)).at[2:].set(20 * jnp.eye(3, 16))
    variables["decoder"]["params"]["Dense_0"] = {"kernel": kernel, "bias": jnp.full(16, -10.0)}
    images = jax.jit(model.sample, static_argnums=2)(KEY, variables, 3000).reshape(3000, 16)
    shares = (np.asarray(images) > 0.5).mean(0)
    np.testing.assert_allclose(shares[:3], 1 / 3, atol=5 * np.sqrt(2 / 9 / 3000))
    assert (shares[3:] == 0).all()
    asked = model.sample(KEY, variables, 3, jnp.array([2, 0, 1]))
    np.testing.assert_array_equal(asked.reshape(3, 16).argmax(1), [2, 0, 1])
    with pytest.raises(ValueError, match=r"needs a label for each of 3, got \(2,\)"):
        model.sample(KEY, variables, 3, jnp.array([2, 0]))


def test_a_convolutional_encoder_sees_the_label_as_planes():
    model = conditional_vae(Spec((8, 8, 1), 2, 3), architecture="conv", hidden=(4,), latent_dim=2)
    batch = {"image": jnp.zeros((2, 8, 8, 1)), "label": jnp.array([0, 2])}
    variables = jax.eval_shape(model.init, KEY, batch).variables
    kernels = {leaf.shape for leaf in jax.tree.leaves(variables["encoder"]) if leaf.ndim == 4}
    assert {shape[2] for shape in kernels} == {1 + 3}


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (Spec((4, 4, 1), 2), {}, "conditional_vae needs labels, and this data has none"),
        (IMAGE, {"prior": "flat"}, "prior must be one of learned, standard, got 'flat'"),
        (IMAGE, {"latent_dim": 0}, "latent_dim must be at least 1"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        conditional_vae(spec, **options)
