"""Autoencoders by hand: losses, tied weights, penalties in place, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax import autoencoders
from genjax.core import Spec

GREY, VECTOR = Spec((3, 3, 1), 17), Spec((5,))
KEY = jax.random.key(0)


def trained(model, spec, batch_size=4):
    """Variables at random, biases included, and a batch in [0, 1]."""
    batch = {spec.entry: jax.random.uniform(jax.random.key(1), (batch_size, *spec.shape))}
    shapes = jax.eval_shape(model.init, KEY, batch).variables
    rng = np.random.default_rng(0)
    return jax.tree.map(lambda s: rng.normal(0, 0.5, s.shape).astype(s.dtype), shapes), batch


def dense(params, index):
    kernel, bias = (np.asarray(params[f"Dense_{index}"][name]) for name in ("kernel", "bias"))
    return lambda x: x @ kernel + bias


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def test_a_deep_autoencoder_by_hand():
    model = autoencoders.autoencoder(GREY, code_dim=2, hidden=(4,), activation="tanh")
    variables, batch = trained(model, GREY)
    x = np.asarray(batch["image"]).reshape(4, 9)
    there, back = variables["encoder"]["params"], variables["decoder"]["params"]
    z = dense(there, 1)(np.tanh(dense(there, 0)(x)))
    y = sigmoid(dense(back, 1)(np.tanh(dense(back, 0)(z))))
    np.testing.assert_allclose(model.encode(KEY, variables, batch["image"]), z, rtol=1e-5)
    np.testing.assert_allclose(
        model.decode(KEY, variables, jnp.asarray(z)).reshape(4, 9), y, rtol=1e-5
    )
    values = model.evaluate(KEY, variables, batch)
    np.testing.assert_allclose(values["squared_error"], ((x - y) ** 2).sum(axis=1), rtol=1e-5)
    np.testing.assert_array_equal(values["negative_loss"], -values["squared_error"])


def test_cross_entropy_by_hand_and_at_extremes():
    model = autoencoders.autoencoder(GREY, hidden=(), loss="cross_entropy")
    variables, batch = trained(model, GREY)
    x = np.asarray(batch["image"], np.float64)
    y = np.asarray(
        model.decode(KEY, variables, model.encode(KEY, variables, batch["image"])), np.float64
    )
    expected = -(x * np.log(y) + (1 - x) * np.log(1 - y)).reshape(4, -1).sum(axis=1)
    found = -model.evaluate(KEY, variables, batch)["negative_loss"]
    np.testing.assert_allclose(found, expected, rtol=1e-5)
    far = jax.tree.map(lambda leaf: 1e3 * leaf, variables)
    assert np.isfinite(model.evaluate(KEY, far, batch)["negative_loss"]).all()


@pytest.mark.parametrize("hidden", [(), (4, 3)])
def test_tied_weights_are_one_and_the_same(hidden):
    """The decoder has biases alone, and applies the encoder's kernels transposed, last one first."""
    model = autoencoders.autoencoder(VECTOR, hidden=hidden, activation="sigmoid", tied=True)
    variables, batch = trained(model, VECTOR)
    there, back = variables["encoder"]["params"], variables["decoder"]["params"]
    assert all(name.startswith("bias_") for name in back)
    z = np.asarray(model.encode(KEY, variables, batch["vector"]))
    y = z
    for index in range(len(hidden) + 1):
        y = sigmoid(y) if index else y
        kernel = np.asarray(there[f"Dense_{len(hidden) - index}"]["kernel"])
        y = y @ kernel.T + np.asarray(back[f"bias_{index}"])
    np.testing.assert_allclose(model.decode(KEY, variables, jnp.asarray(z)), y, rtol=1e-5)


def test_the_penalty_of_a_sparse_code_is_in_the_loss():
    """The gradient of a turn sees it: with a weight, the loss is larger by just the penalties."""
    losses = {}
    for weight in (0.0, 2.0):
        model = autoencoders.sparse_autoencoder(
            VECTOR, code_dim=6, sparsity_weight=weight, rate=0.1, weight_decay=0.0
        )
        variables, batch = trained(model, VECTOR)
        state = jax.jit(model.init)(KEY, batch)._replace(variables=variables)
        batches = {"vector": batch["vector"][None]}
        losses[weight] = float(jax.jit(model.update)(KEY, state, batches)[1]["autoencoder/loss"])
    mean = np.asarray(model.encode(KEY, variables, batch["vector"]), np.float64).mean(axis=0)
    kl = (0.1 * np.log(0.1 / mean) + 0.9 * np.log(0.9 / (1 - mean))).sum()
    np.testing.assert_allclose(losses[2.0] - losses[0.0], 2 * kl, rtol=1e-4)


def test_l1_and_top_k_codes():
    model = autoencoders.sparse_autoencoder(VECTOR, penalty="l1", code_dim=6, sparsity_weight=0.5)
    variables, batch = trained(model, VECTOR)
    code = np.asarray(model.encode(KEY, variables, batch["vector"]))
    values = model.evaluate(KEY, variables, batch)
    extra = -values["negative_loss"] - values["squared_error"]
    np.testing.assert_allclose(extra, 0.5 * np.abs(code).sum(axis=1), rtol=1e-4)
    np.testing.assert_allclose(values["active"], (code != 0).mean(axis=1), rtol=1e-6)
    model = autoencoders.sparse_autoencoder(VECTOR, penalty="top_k", code_dim=6, num_active=2)
    variables, batch = trained(model, VECTOR)
    assert ((model.encode(KEY, variables, batch["vector"]) != 0).sum(axis=1) == 2).all()


@pytest.mark.parametrize("hidden", [(), (4,)])
def test_the_contraction_is_that_of_its_own_code(hidden):
    model = autoencoders.contractive_autoencoder(
        VECTOR, code_dim=3, hidden=hidden, contraction_weight=0.7
    )
    variables, batch = trained(model, VECTOR)
    one = lambda x: model.encode(KEY, variables, x[None])[0]
    norms = [(np.asarray(jax.jacfwd(one)(x)) ** 2).sum() for x in batch["vector"]]
    values = model.evaluate(KEY, variables, batch)
    np.testing.assert_allclose(values["contraction"], norms, rtol=1e-4)
    extra = -values["negative_loss"] - values["squared_error"]
    np.testing.assert_allclose(extra, 0.7 * np.array(norms), rtol=1e-3)


def test_a_denoiser_is_asked_for_the_clean_example():
    """The loss is between what comes of the spoilt example and the example; without noise, its own."""
    losses = {}
    for noise in (0.0, 1.0):
        model = autoencoders.denoising_autoencoder(
            VECTOR, corruption="masking", noise=noise, hidden=(), code_dim=3
        )
        variables, batch = trained(model, VECTOR)
        losses[noise] = -model.evaluate(KEY, variables, batch)["negative_loss"]
    x = batch["vector"]
    rebuilt = lambda x: model.decode(KEY, variables, model.encode(KEY, variables, x))
    np.testing.assert_allclose(losses[0.0], ((x - rebuilt(x)) ** 2).sum(axis=1), rtol=1e-5)
    of_zeros = ((x - rebuilt(jnp.zeros_like(x))) ** 2).sum(axis=1)
    np.testing.assert_allclose(losses[1.0], of_zeros, rtol=1e-5)


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 28, 1), (32, 32, 3), (7, 5, 1), (9, 10, 3)])
def test_convolutions_give_back_any_size(shape):
    model = autoencoders.convolutional_autoencoder(Spec(shape, 256))
    batch = {"image": jnp.zeros((2, *shape))}
    variables = jax.eval_shape(model.init, KEY, batch).variables
    through = lambda v, x: model.decode(KEY, v, model.encode(KEY, v, x))
    assert jax.eval_shape(through, variables, batch["image"]).shape == (2, *shape)


@pytest.mark.parametrize(
    "make, options, message",
    [
        ("autoencoder", {"activation": "gelu"}, "activation must be one of linear, relu"),
        ("autoencoder", {"code_dim": 0}, "code_dim must be at least 1, got 0"),
        ("autoencoder", {"loss": "cross_entropy"}, "needs data in .0, 1. and output 'sigmoid'"),
        ("autoencoder", {"output": "tanh"}, "output must be one of linear, sigmoid, got 'tanh'"),
        ("sparse_autoencoder", {"penalty": "l2"}, "penalty must be one of kl, l1, top_k"),
        ("sparse_autoencoder", {"rate": 0.0}, "rate must be above 0 and below 1"),
        ("sparse_autoencoder", {"weight_decay": -1.0}, "must be at least 0"),
        (
            "sparse_autoencoder",
            {"penalty": "top_k", "num_active": 101},
            "num_active must be from 1 to code_dim 100, got 101",
        ),
        ("contractive_autoencoder", {"contraction_weight": -1.0}, "must be at least 0, got -1.0"),
        ("denoising_autoencoder", {"noise": -0.1}, "noise must be from 0"),
        ("convolutional_autoencoder", {}, "needs images, got examples of shape .5,."),
    ],
)
def test_refusals_are_one_line(make, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        autoencoders.MODELS[make](VECTOR, **options)
    assert "\n" not in str(caught.value)


def test_convolutional_refusals():
    for options, message in (
        ({"channels": ()}, "at least 1, got 16 and ()"),
        ({"code_dim": 0}, "at least 1, got 0 and"),
        ({"precision": "f16"}, "precision must be one of float32, bf16, got 'f16'"),
    ):
        with pytest.raises(ValueError, match=message.replace("(", r"\(").replace(")", r"\)")):
            autoencoders.convolutional_autoencoder(GREY, **options)
