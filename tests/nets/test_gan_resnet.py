"""The residual pair: channels and sizes of the published networks, sum pooling, BigGAN's conditions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import ResnetDiscriminator, ResnetGenerator

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
