"""The residual pair: channels and sizes of the published networks, sum pooling, BigGAN's conditions."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import ConditionalBatchNorm, ResnetDiscriminator, ResnetGenerator, double, halve
from genjax.nets.convolution import conv

KEY = jax.random.key(0)
LABEL = jnp.array([0, 1])


def num_parameters(module, *inputs):
    start = lambda key: module.init(key, *inputs, train=False)
    leaves = jax.tree.leaves(jax.eval_shape(start, KEY)["params"])
    return sum(int(np.prod(leaf.shape)) for leaf in leaves)


def test_biggan_of_128_pixels_has_the_published_number_of_parameters():
    """70,433,988 and 87,982,370: the counts that the tests of google/compare_gan's BigGAN assert."""
    up, down = [96 * c for c in (16, 16, 8, 4, 2, 1)], [96 * c for c in (1, 2, 4, 8, 16, 16)]
    options = {"num_classes": 1000, "attention_level": 1, "num_iterations": 1, "orthogonal": True}
    generator = ResnetGenerator((128, 128, 3), up, embedding_dim=128, **options)
    discriminator = ResnetDiscriminator(down, 5, **options)
    label = jnp.zeros(1, jnp.int32)
    of_generator = num_parameters(generator, jnp.zeros((1, 120)), label)
    of_discriminator = num_parameters(discriminator, jnp.zeros((1, 128, 128, 3)), label)
    assert of_generator == 70_433_988
    assert of_discriminator == 87_982_370


@pytest.mark.parametrize("size", [(8, 8), (28, 28), (6, 5), (36, 30), (128, 128)])
def test_every_size_by_shapes(size):
    shape, steps = (*size, 3), max(1, int(np.log2(min(size) / 4)))
    generator = ResnetGenerator(shape, [8] * (1 + steps), attention_level=1)
    discriminator = ResnetDiscriminator([8] * (1 + steps), steps, attention_level=1)
    made, _ = jax.eval_shape(
        lambda key: generator.init_with_output(key, jnp.zeros((2, 5)), train=False), KEY
    )
    assert made.shape == (2, *shape)
    heads, _ = jax.eval_shape(
        lambda key: discriminator.init_with_output(key, jnp.zeros((2, *shape)), train=False), KEY
    )
    assert heads["logit"].shape == (2,) and heads["features"].shape == (2, 8)


def test_features_are_summed_over_places():
    """Constant maps: an image of four times the places has four times the features."""
    module = ResnetDiscriminator([4, 4], 0, num_iterations=0)
    small, large = jnp.zeros((1, 4, 4, 1)), jnp.zeros((1, 8, 8, 1))
    variables = jax.jit(lambda key: module.init(key, small, train=False))(KEY)
    biased = jax.tree.map(lambda leaf: leaf * (leaf.ndim > 1), variables["params"])
    bias = jnp.array([1.0, 2.0, -1.0, 0.5])
    for name in biased:
        if name.startswith("SpectralConv"):
            biased[name]["kernel"] = jnp.zeros_like(biased[name]["kernel"])
            biased[name]["bias"] = bias
    features = [
        module.apply({"params": biased}, x, train=False)["features"][0] for x in (small, large)
    ]
    np.testing.assert_allclose(features[1], 4 * features[0], rtol=1e-6)
    assert float(features[0][1]) >= 16 * 2.0 and features[0][2] == 0


def drawn(module, *inputs):
    """(what it makes of the inputs, its params), of params drawn anew, so that no bias is 0."""
    start = jax.eval_shape(lambda: module.init(KEY, *inputs, train=False))
    rng = np.random.default_rng(0)
    draw = lambda leaf: jnp.asarray(rng.normal(0, 0.5, size=leaf.shape), jnp.float32)
    variables = {**start, "params": jax.tree.map(draw, start["params"])}
    if "batch_stats" in start:  # a mean of 0 and a variance of 1
        one = lambda path, leaf: jnp.full(leaf.shape, float("var" in jax.tree_util.keystr(path)))
        variables["batch_stats"] = jax.tree_util.tree_map_with_path(one, start["batch_stats"])
    return jax.jit(lambda v: module.apply(v, *inputs, train=False))(variables), variables["params"]


def layer_of(params):
    """`(number, x) -> y`, its convolutions."""
    layers = lambda number: params[f"SpectralConv_{number}"]
    return lambda number, x: (
        conv(x, layers(number)["kernel"]) + layers(number)["bias"][None, None, None]
    )


def test_the_discriminators_blocks_are_the_papers():
    """No ReLU before the first 3x3, one before all others and at the end; block 2 keeps its x."""
    x = jax.random.normal(KEY, (2, 4, 4, 1))
    heads, params = drawn(ResnetDiscriminator([3, 3], 1, num_iterations=0), x)
    layer, relu = layer_of(params), jax.nn.relu
    h = halve(layer(2, x)) + halve(layer(1, relu(layer(0, x))))
    h = h + layer(4, relu(layer(3, relu(h))))
    np.testing.assert_allclose(heads["features"], relu(h).sum((1, 2)), rtol=1e-4, atol=1e-4)


def test_the_generators_block_is_the_papers():
    """[norm, ReLU, double, 3x3, norm, ReLU, 3x3] + [double, 1x1], norm, ReLU, 3x3, tanh."""
    z = jax.random.normal(KEY, (2, 5))
    found, params = drawn(ResnetGenerator((8, 8, 1), (3, 3)), z)
    layer = layer_of(params)

    def settled(number, x):
        gain, shift = (
            jax.tree.leaves(params[f"BatchNorm_{number}"]["BatchNorm_0"][name])[0][None, None, None]
            for name in ("scale", "bias")
        )
        return jax.nn.relu(x * gain / np.sqrt(1 + 1e-5) + shift)

    dense = params["SpectralDense_0"]
    x = (z @ dense["kernel"] + dense["bias"][None]).reshape(2, 4, 4, 3)
    y = layer(1, settled(1, layer(0, double(settled(0, x)))))
    x = y + layer(2, double(x))
    expected = jnp.tanh(layer(3, settled(2, x)))
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)


def test_a_blocks_norms_are_given_the_labels_embedding_and_the_blocks_piece():
    module = ResnetGenerator((16, 16, 1), (2, 2, 2), num_classes=2, embedding_dim=4)
    z, given = jax.random.normal(KEY, (2, 9)), []

    def watch(next_method, args, kwargs, context):
        if isinstance(context.module, ConditionalBatchNorm) and context.method_name == "__call__":
            given.append(args[1])
        return next_method(*args, **kwargs)

    @jax.jit
    def run(key):
        with nn.intercept_methods(watch):
            variables = module.init(key, z, LABEL, train=False)
        return given, variables["params"]["shared_embedding"]["embedding"]

    conditions, table = run(KEY)
    for condition, piece in zip(
        conditions, (z[:, 3:6], z[:, 3:6], z[:, 6:], z[:, 6:]), strict=True
    ):
        np.testing.assert_array_equal(condition, np.concatenate([table[LABEL], piece], axis=1))


def test_kernels_start_by_glorot_with_a_gain_in_3x3_windows_or_orthogonal():
    x = jnp.zeros((1, 8, 8, 32))
    start = lambda orthogonal: ResnetDiscriminator([32], 1, orthogonal=orthogonal).init(
        KEY, x, train=False
    )
    for orthogonal, params in (
        (of, jax.jit(start, static_argnums=0)(of)["params"]) for of in (0, 1)
    ):
        for number, variance in ((0, 2 / 288), (1, 2 / 288), (2, 1 / 32)):
            kernel = np.asarray(params[f"SpectralConv_{number}"]["kernel"])
            if orthogonal:
                matrix = kernel.reshape(-1, 32)
                np.testing.assert_allclose(matrix.T @ matrix, np.eye(32), atol=1e-4)
            else:
                np.testing.assert_allclose(kernel.var(), variance, rtol=0.15)


def test_each_piece_of_z_reaches_its_block_alone():
    """The second of two pieces changes the images, though the first map stays; so does the label."""
    module = ResnetGenerator((8, 8, 1), (8, 8), num_classes=2, embedding_dim=4)
    z = jax.random.normal(KEY, (2, 6))
    other = z.at[:, 3:].set(0.0)

    @jax.jit
    def run(key):
        variables = module.init(key, z, LABEL, train=False)
        apply = lambda z, label: module.apply(variables, z, label, train=False)
        return variables, apply(z, LABEL), apply(other, LABEL), apply(z, 1 - LABEL)

    variables, *images = run(KEY)
    assert variables["params"]["SpectralDense_0"]["kernel"].shape[0] == 3
    assert all(np.abs(images[0] - each).max() > 1e-3 for each in images[1:])
    assert np.abs(images[0]).max() <= 1


def test_what_does_not_fit_is_refused():
    z = jnp.zeros((2, 7))
    with pytest.raises(ValueError, match="of 8x8 has 2 maps: got channels"):
        ResnetGenerator((8, 8, 1), (8, 8, 8)).init(KEY, z, train=False)
    with pytest.raises(ValueError, match="7 latents are not 2 pieces"):
        ResnetGenerator((8, 8, 1), (8, 8), 2, 4).init(KEY, z, LABEL, train=False)
