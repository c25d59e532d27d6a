"""Sub-pixel convolutions: the shuffle by loops, shapes of any size, and that they see no more."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import SubPixelNet, SuperResolutionResNet, pixel_shuffle, pixel_unshuffle

KEY = jax.random.key(0)


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_pixel_shuffle_by_loops(scale):
    """torch.nn.PixelShuffle's definition, channel c * s^2 + u * s + v to place (u, v) of channel c."""
    x = np.random.default_rng(0).normal(size=(2, 3, 4, 2 * scale**2)).astype(np.float32)
    expected = np.zeros((2, 3 * scale, 4 * scale, 2), np.float32)
    for i in range(3 * scale):
        for j in range(4 * scale):
            for c in range(2):
                channel = c * scale**2 + (i % scale) * scale + j % scale
                expected[:, i, j, c] = x[:, i // scale, j // scale, channel]
    np.testing.assert_array_equal(pixel_shuffle(jnp.asarray(x), scale), expected)


def test_pixel_shuffle_needs_channels():
    with pytest.raises(ValueError, match="square of scale 2 does not divide 6 channels"):
        pixel_shuffle(jnp.zeros((1, 2, 2, 6)), 2)


@pytest.mark.parametrize("scale", [2, 4])
def test_any_size_is_enlarged(scale):
    espcn = SubPixelNet(scale, (8, 4), 1)
    resnet = SuperResolutionResNet(scale, 3, channels=8, num_blocks=2)
    of_espcn = jax.eval_shape(espcn.init, KEY, jnp.zeros((1, 4, 4, 1)))
    start = lambda key, x: resnet.init(key, x, train=False)
    of_resnet = jax.eval_shape(start, KEY, jnp.zeros((1, 4, 4, 3)))
    for height, width in ((1, 1), (5, 3), (8, 12)):
        x = jnp.zeros((2, height, width, 3))
        found = jax.eval_shape(espcn.apply, of_espcn, x[..., :1])
        assert found.shape == (2, scale * height, scale * width, 1)
        found = jax.eval_shape(lambda v, x: resnet.apply(v, x, train=False), of_resnet, x)
        assert found.shape == (2, scale * height, scale * width, 3)


def test_the_paper_has_a_million_and_a_half_parameters():
    """Table-sized SRResNet: 9x9 and 3x3 kernels, batch norms and PReLUs counted by hand."""
    resnet = SuperResolutionResNet(4, 3)
    start = lambda key, x: resnet.init(key, x, train=False)
    params = jax.eval_shape(start, KEY, jnp.zeros((1, 8, 8, 3)))["params"]
    first, last = 81 * 3 * 64 + 64 + 1, 81 * 64 * 3 + 3
    block = 2 * (9 * 64 * 64 + 2 * 64) + 1
    doubling = 9 * 64 * 256 + 256 + 1
    expected = first + 16 * block + 9 * 64 * 64 + 2 * 64 + 2 * doubling + last
    assert sum(leaf.size for leaf in jax.tree.leaves(params)) == expected


def test_what_starts_at_zero_is_zero():
    net = SubPixelNet(2, (4,), 1, start_at_zero=True)
    x = jax.random.normal(KEY, (2, 4, 5, 1))
    found, _ = jax.jit(lambda key: net.init_with_output(key, x))(KEY)
    assert found.shape == (2, 8, 10, 1) and (found == 0).all()


def test_the_shuffle_has_an_inverse():
    x = jax.random.normal(KEY, (2, 3, 5, 12))
    np.testing.assert_array_equal(pixel_unshuffle(pixel_shuffle(x, 2), 2), x)
