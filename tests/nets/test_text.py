"""The text encoder reads order and ignores padding; text joins the image's features at each place."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import (
    ImageTrunk,
    MlpGenerator,
    TextDiscriminator,
    TextEncoder,
    TextGenerator,
)

KEY = jax.random.key(0)


def codes(*captions, length=18):
    return jnp.asarray([list(c.encode().ljust(length, b"\0")) for c in captions], jnp.int32)


def test_order_counts_and_the_symbol_of_padding_does_not():
    encoder = TextEncoder(5, width=4)
    text = codes("ab cd", "cd ab", "ab cd")
    variables = jax.jit(lambda: encoder.init(KEY, text, train=False))()
    embed = jax.jit(lambda variables: encoder.apply(variables, text, train=False))
    found = embed(variables)
    assert found.shape == (3, 5)
    np.testing.assert_array_equal(found[0], found[2])
    assert np.abs(found[0] - found[1]).max() > 1e-3
    table = variables["params"]["Embed_0"]["embedding"]
    moved = {"params": {**variables["params"], "Embed_0": {"embedding": table.at[0].add(9.0)}}}
    np.testing.assert_array_equal(embed(moved), found)


def test_the_encoder_by_numpy():
    """Windows of 4, maxima of 3, twice; then the mean of a GRU's states (Cho et al., 2014)."""
    encoder, text = TextEncoder(5, width=4), codes("ab cd ef", "the whole of it")
    start = jax.eval_shape(lambda: encoder.init(KEY, text, train=False))
    draw = np.random.default_rng(0).normal
    variables = jax.tree.map(lambda leaf: draw(size=leaf.shape).astype(np.float32), start)
    params = variables["params"]
    x = params["Embed_0"]["embedding"][np.asarray(text)] * (np.asarray(text) > 0)[..., None]
    for name in ("Conv_0", "Conv_1"):
        length = x.shape[1]
        x = np.pad(x, ((0, 0), (1, 2), (0, 0)))
        taps = [x[:, i : i + length] @ params[name]["kernel"][i] for i in range(4)]
        x = np.maximum(sum(taps) + params[name]["bias"], 0)
        x = np.max([x[:, i::3] for i in range(3)], axis=0)
    (gru,) = (layer for name, layer in params.items() if name.startswith("GRU"))
    of = lambda name, v: v @ gru[name]["kernel"] + gru[name].get("bias", 0)
    sigmoid = lambda v: 1 / (1 + np.exp(-v))
    h, states = np.zeros((2, 4)), []
    for v in x.swapaxes(0, 1):
        reset = sigmoid(of("ir", v) + of("hr", h))
        kept = sigmoid(of("iz", v) + of("hz", h))
        h = (1 - kept) * np.tanh(of("in", v) + reset * of("hn", h)) + kept * h
        states.append(h)
    assert len(states) == 2
    expected = np.mean(states, axis=0) @ params["Dense_0"]["kernel"] + params["Dense_0"]["bias"]
    found = jax.jit(lambda v: encoder.apply(v, text, train=False))(variables)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-4)


def test_a_text_of_another_rank_or_too_short_is_refused():
    for text in (codes("a", length=8), codes("a")[0]):
        with pytest.raises(ValueError, match="T at least 9"):
            jax.eval_shape(lambda text=text: TextEncoder(2).init(KEY, text, train=False))


def test_text_enters_by_a_projection_beside_z_and_beside_the_images_features():
    """Both networks by NumPy, with dense layers."""
    draw = np.random.default_rng(0).normal
    z, t, x = (draw(size=(3, size)).astype(np.float32) for size in (2, 4, 5))
    leaky = lambda v: np.where(v > 0, v, 0.2 * v)
    linear = lambda layer, v: v @ layer["kernel"] + layer["bias"]

    def drawn(net, first):
        start = jax.eval_shape(lambda: net.init(KEY, first, t, train=False))
        variables = jax.tree.map(lambda leaf: draw(size=leaf.shape).astype(np.float32), start)
        return net.apply(variables, first, t, train=False), variables["params"]

    found, params = drawn(TextGenerator(MlpGenerator((5,), ()), projection=3), z)
    beside = np.concatenate([z, leaky(linear(params["Dense_0"], t))], axis=1)
    expected = np.tanh(linear(params["generator"]["Dense_0"], beside))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)

    heads, params = drawn(TextDiscriminator(ImageTrunk(hidden=(4,)), projection=3, joint=6), x)
    features = leaky(linear(params["trunk"]["Dense_0"], x))
    both = np.concatenate([features, leaky(linear(params["Dense_0"], t))], axis=1)
    expected = linear(params["Dense_2"], leaky(linear(params["Dense_1"], both)))[:, 0]
    np.testing.assert_allclose(heads["logit"], expected, rtol=1e-4, atol=1e-4)


def test_a_discriminators_convolutions_come_before_the_text():
    """The trunk's parameters see the image's channels alone; the joint layer sees both."""
    net = TextDiscriminator(ImageTrunk(width=2), projection=3, joint=5)
    x, t = jnp.zeros((2, 16, 16, 3)), jnp.zeros((2, 7))
    variables = jax.eval_shape(lambda: net.init(KEY, x, t, train=False))
    trunk = variables["params"]["trunk"]
    assert [trunk[f"Conv_{i}"]["kernel"].shape for i in (0, 1)] == [(4, 4, 3, 2), (4, 4, 2, 4)]
    assert [name for name in trunk if "Norm" in name] == ["BatchNorm_0"]  # not of the first
    assert variables["params"]["Dense_1"]["kernel"].shape == (4 + 3, 5)
    assert variables["params"]["Dense_2"]["kernel"].shape == (4 * 4 * 5, 1)
