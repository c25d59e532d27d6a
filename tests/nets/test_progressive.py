"""ProGAN's networks: each level starts as the one before, and ends without its image layers."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import ProgressiveDiscriminator, ProgressiveGenerator, double, halve, lerp
from genjax.nets.progressive import level_width

RNG = np.random.default_rng(0)
Z = RNG.normal(size=(4, 6)).astype(np.float32)
X = RNG.normal(size=(4, 8, 8, 2)).astype(np.float32)
NETWORKS = {
    "generator": (lambda level: ProgressiveGenerator(level, (4, 4), 2, 8), Z, Z),
    "discriminator": (lambda level: ProgressiveDiscriminator(level, (4, 4), 8), X[:, ::2, ::2], X),
}


def both_levels(name):
    """(module, params) of levels 0 and 1 that share the layers that they have in common."""
    make, *inputs = NETWORKS[name]
    found, known = [], {}
    for level, given in enumerate(inputs):
        module = make(level)
        start = functools.partial(module.init, jax.random.key(0), given, 1.0, train=False)
        shapes = jax.eval_shape(start)["params"]
        for layer, of_layer in shapes.items():
            draw = lambda leaf: RNG.normal(size=leaf.shape).astype(np.float32)
            known.setdefault(layer, jax.tree.map(draw, of_layer))
        found.append((module, {layer: known[layer] for layer in shapes}))
    return found


@pytest.mark.parametrize("name", NETWORKS)
def test_a_level_fades_from_the_one_before_to_its_own(name):
    """At alpha 0 G(z) = double(old G(z)) and D(x) = old D(halve(x)), and at .1 no longer.

    At alpha 1 the old image layers have gradient 0 and all others have not; at 0 the newest ones.
    """
    (old, of_old), (new, of_new) = both_levels(name)
    is_generator = name == "generator"
    given = Z if is_generator else X
    image = "to_image" if is_generator else "from_image"
    answer = lambda out: out if is_generator else out["logit"]

    @jax.jit
    def run(params, alpha):
        return answer(new.apply({"params": params}, given, alpha, train=True))

    before = given if is_generator else halve(given)
    expected = answer(old.apply({"params": of_old}, before, 1.0, train=True))
    expected = double(expected) if is_generator else expected
    np.testing.assert_allclose(run(of_new, 0.0), expected, atol=1e-5)
    assert np.abs(run(of_new, 0.1) - expected).max() > 1e-3

    gradient = jax.jit(jax.grad(lambda params, alpha: jnp.sin(run(params, alpha)).sum()))
    newest = {layer for layer in of_new if layer in ("up_1", "conv_1", "down_1")}
    for alpha, silent in ((1.0, {f"{image}_0"}), (0.0, {f"{image}_1"} | newest)):
        leaves = gradient(of_new, alpha)
        still = {layer for layer in leaves if not np.any(leaves[layer]["kernel"])}
        assert still == silent


def scaled(layer, gain):
    """Kernel by He's constant, and bias."""
    kernel = layer["kernel"]
    return gain * kernel / np.sqrt(np.prod(kernel.shape[:-1])), layer["bias"]


def test_the_first_level_by_numpy():
    """Gains sqrt 2, a quarter of it where z enters, 1 of the last layers; norms in one alone."""
    (generator, of_generator), _ = both_levels("generator")
    (discriminator, of_discriminator), _ = both_levels("discriminator")
    leaky = lambda x: np.where(x > 0, x, 0.2 * x)
    unit = lambda x: x / np.sqrt(np.square(x).mean(-1, keepdims=True))
    usual = np.sqrt(2)

    def dense(params, name, x, gain=usual):
        kernel, bias = scaled(params[name], gain)
        return x @ kernel.reshape(x.shape[-1], -1) + bias

    def conv(params, x):
        kernel, bias = scaled(params["conv_0"], usual)
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        windows = [
            padded[:, i : i + 4, j : j + 4] @ kernel[i, j] for i in range(3) for j in range(3)
        ]
        return leaky(sum(windows) + bias)

    x = dense(of_generator, "dense", unit(Z), usual / 4).reshape(4, 4, 4, 8)
    x = unit(conv(of_generator, unit(leaky(x))))
    expected = dense(of_generator, "to_image_0", x, 1.0)
    found = jax.jit(lambda z: generator.apply({"params": of_generator}, z, 1.0, train=True))(Z)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)

    x = X[:, ::2, ::2]
    h = leaky(dense(of_discriminator, "from_image_0", x))
    h = np.concatenate([h, np.full((4, 4, 4, 1), h.std(0).mean(), h.dtype)], axis=-1)
    h = conv(of_discriminator, h).reshape(4, -1)
    h = leaky(dense(of_discriminator, "dense", h))
    expected = dense(of_discriminator, "logit", h, 1.0)[:, 0]
    judge = jax.jit(lambda x: discriminator.apply({"params": of_discriminator}, x, 1.0, train=True))
    np.testing.assert_allclose(judge(x)["logit"], expected, rtol=1e-3, atol=1e-3)


def test_widths_and_lerp():
    """The paper's 512 up to 32x32, then 256, 128, 64, 32, 16 at 1024x1024 (table 2)."""
    assert [level_width(512, level) for level in range(9)] == [512] * 4 + [256, 128, 64, 32, 16]
    assert lerp(jnp.array(2.0), jnp.array(4.0), 0.25) == 2.5
