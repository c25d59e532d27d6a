"""The VAE's own algebra, term by term, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from genjax.core import Spec
from genjax.vae import vae

KEY = jax.random.key(3)
IMAGE = Spec((6, 6, 1), 2)


def trained(spec, **options):
    """A model and variables that are not at their start."""
    model = vae(spec, **options)
    x = jnp.asarray(np.random.default_rng(0).integers(0, 2, (5, *spec.shape)), jnp.float32)
    state = jax.jit(model.init)(KEY, {spec.entry: x})
    noise = lambda leaf: leaf + 0.3 * jax.random.normal(KEY, leaf.shape)
    return model, jax.tree.map(noise, state.variables), x


def dense(layer, x):
    """A dense layer in NumPy."""
    return x @ np.asarray(layer["kernel"], np.float64) + np.asarray(layer["bias"], np.float64)


def test_the_bound_equals_its_formula_in_numpy():
    """Equation 10 of the paper for a Bernoulli decoder, written out with SciPy in float64."""
    model, variables, x = trained(IMAGE, hidden=(7,))
    values = jax.jit(model.evaluate)(KEY, variables, {"image": x})
    flat = np.asarray(x, np.float64).reshape(len(x), -1)
    net = {name: variables[name]["params"] for name in ("encoder", "decoder")}
    hidden = np.tanh(dense(net["encoder"]["Dense_0"], flat))
    mean, log_variance = np.split(dense(net["encoder"]["Dense_1"], hidden), 2, -1)
    z = mean + np.exp(log_variance / 2) * np.asarray(jax.random.normal(KEY, mean.shape))
    logits = dense(net["decoder"]["Dense_1"], np.tanh(dense(net["decoder"]["Dense_0"], z)))
    reconstruction = stats.bernoulli.logpmf(flat, 1 / (1 + np.exp(-logits))).sum(-1)
    kl = -0.5 * (1 + log_variance - mean**2 - np.exp(log_variance)).sum(-1)
    np.testing.assert_allclose(values["reconstruction"], reconstruction, rtol=1e-4)
    np.testing.assert_allclose(values["kl"], kl, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(values["elbo"], reconstruction - kl, rtol=1e-4)
    state = jax.jit(model.init)(KEY, {"image": x})._replace(variables=variables)
    _, metrics = jax.jit(model.update)(KEY, state, {"image": x[None]})
    np.testing.assert_allclose(metrics["vae/loss"], -metrics["vae/elbo"], rtol=1e-5)
    np.testing.assert_allclose(metrics["vae/kl"], kl.mean(), rtol=1e-4)


def test_sampled_kl_is_the_log_ratio_at_the_same_draw():
    model, variables, x = trained(IMAGE, hidden=(7,), kl="sampled")
    analytic = vae(IMAGE, hidden=(7,))
    one = jax.jit(model.evaluate)(KEY, variables, {"image": x})
    other = jax.jit(analytic.evaluate)(KEY, variables, {"image": x})
    np.testing.assert_allclose(one["reconstruction"], other["reconstruction"], rtol=1e-6)
    keys = jax.random.split(KEY, 4000)
    mean_of = lambda m: jax.vmap(lambda k: m.evaluate(k, variables, {"image": x})["kl"])(keys)
    sampled = np.asarray(mean_of(model))
    error = sampled.std(0) / np.sqrt(len(keys))
    assert (np.abs(sampled.mean(0) - other["kl"]) < 4 * error).all()


def test_importance_sampling_with_one_draw_is_the_sampled_bound():
    model, variables, x = trained(IMAGE, hidden=(7,), kl="sampled", importance_samples=1)
    bound = jax.jit(model.evaluate)(jax.random.fold_in(KEY, 0), variables, {"image": x})["elbo"]
    np.testing.assert_allclose(model.log_prob(KEY, variables, x), bound, rtol=1e-5)


def test_the_chunk_of_importance_samples_does_not_matter():
    values = []
    for chunk in (1, 7, 30):
        model, variables, x = trained(
            IMAGE, hidden=(7,), importance_samples=30, importance_chunk=chunk
        )
        values.append(model.log_prob(KEY, variables, x))
    np.testing.assert_allclose(values[0], values[1], rtol=1e-5)
    np.testing.assert_allclose(values[0], values[2], rtol=1e-5)


def test_fixed_and_shared_variances_are_gaussian_log_densities():
    spec = Spec((4,))
    x = jax.random.normal(KEY, (3, 4))
    for variance in ("shared", 0.25):
        model = vae(spec, hidden=(), variance=variance)
        variables = jax.jit(model.init)(KEY, {"vector": x}).variables
        if variance == "shared":
            variables["noise"]["params"]["log_variance"] = jnp.log(0.25)
        values = jax.jit(model.evaluate)(KEY, variables, {"vector": x})
        mean, log_variance = np.split(
            np.asarray(x) @ variables["encoder"]["params"]["Dense_0"]["kernel"], 2, -1
        )
        z = mean + np.exp(log_variance / 2) * jax.random.normal(KEY, mean.shape)
        rebuilt = z @ variables["decoder"]["params"]["Dense_0"]["kernel"]
        expected = stats.norm.logpdf(np.asarray(x), np.asarray(rebuilt), 0.5).sum(-1)
        np.testing.assert_allclose(values["reconstruction"], expected, rtol=1e-4)


def test_samples_with_and_without_pixel_noise():
    noisy, variables, _ = trained(IMAGE, hidden=(7,), pixel_noise=True)
    smooth = vae(IMAGE, hidden=(7,))
    bits = np.asarray(jax.jit(noisy.sample, static_argnums=2)(KEY, variables, 3000))
    means = np.asarray(jax.jit(smooth.sample, static_argnums=2)(KEY, variables, 3000))
    assert set(np.unique(bits)) == {0.0, 1.0} and ((means > 0) & (means < 1)).all()
    error = np.sqrt(0.25 / 3000)
    np.testing.assert_allclose(bits.mean(0), means.mean(0), atol=5 * error)
    with pytest.raises(ValueError, match="takes no condition"):
        smooth.sample(KEY, variables, 3, condition=1)


def test_weight_decay_is_half_lambda_times_the_squared_norm():
    model, variables, x = trained(IMAGE, hidden=(7,), weight_decay=0.01)
    state = jax.jit(model.init)(KEY, {"image": x})._replace(variables=variables)
    _, metrics = jax.jit(model.update)(KEY, state, {"image": x[None]})
    norm = sum(float((leaf**2).sum()) for leaf in jax.tree.leaves(variables))
    np.testing.assert_allclose(metrics["vae/loss"] + metrics["vae/elbo"], 0.005 * norm, rtol=1e-4)


def test_the_papers_sizes_are_the_defaults():
    for shape, width in (((28, 28, 1), 500), ((28, 20, 1), 200), ((8, 8, 1), 200)):
        state = jax.eval_shape(vae(Spec(shape, 2), latent_dim=20).init, KEY, {})
        encoder = state.variables["encoder"]["params"]
        assert encoder["Dense_0"]["kernel"].shape == (np.prod(shape), width)
        assert encoder["Dense_1"]["kernel"].shape == (width, 40)


def test_bf16_networks_keep_float32_params_and_losses():
    model = vae(IMAGE, hidden=(7,), precision="bf16")
    x = jnp.zeros((4, 6, 6, 1))
    state = jax.jit(model.init)(KEY, {"image": x})
    after, metrics = jax.jit(model.update)(KEY, state, {"image": x[None]})
    assert {leaf.dtype for leaf in jax.tree.leaves(after.variables)} == {jnp.dtype("float32")}
    assert metrics["vae/loss"].dtype == jnp.float32
    text = jax.jit(model.update).lower(KEY, state, {"image": x[None]}).as_text()
    assert "bf16" in text and "dot_general" in text


def test_a_convolutional_vae_learns():
    spec = Spec((7, 5, 1), 2)
    model = vae(spec, architecture="conv", hidden=(4, 8), learning_rate=1e-2)
    left = jnp.broadcast_to((jnp.arange(5) < 2)[:, None], (4, 7, 5, 1)).astype(jnp.float32)
    x = jnp.concatenate([left, 1 - left])
    state = jax.jit(model.init)(KEY, {"image": x})
    update, losses = jax.jit(model.update), []
    for step in range(60):
        state, metrics = update(jax.random.fold_in(KEY, step), state, {"image": x[None]})
        losses.append(float(metrics["vae/loss"]))
    assert losses[-1] < 0.5 * losses[0]
    latents = model.encode(KEY, state.variables, x)
    assert model.decode(KEY, state.variables, latents).shape == x.shape


@pytest.mark.parametrize(
    "spec, options, message",
    [
        (IMAGE, {"kl": "analytical"}, "kl must be one of analytic, sampled"),
        (IMAGE, {"latent_dim": 0}, "latent_dim must be at least 1, got 0"),
        (IMAGE, {"optimizer": "sgd"}, "optimizer must be one of adam, adagrad"),
        (IMAGE, {"architecture": "resnet"}, "architecture must be one of mlp, gated, conv"),
        (IMAGE, {"precision": "fp16"}, "precision must be one of float32, bf16"),
        (Spec((4,), 2), {"architecture": "conv"}, "needs images"),
        (Spec((4, 4, 1), 256), {"likelihood": "bernoulli"}, "not a likelihood"),
        (Spec((4,)), {"variance": "tiny"}, "variance must be"),
        (Spec((4,)), {"variance": -1.0}, "variance must be"),
        (IMAGE, {"variance": 0.1}, "variance is an option of likelihood 'gaussian'"),
    ],
)
def test_what_does_not_fit_is_refused(spec, options, message):
    with pytest.raises(ValueError, match=message):
        vae(spec, **options)
