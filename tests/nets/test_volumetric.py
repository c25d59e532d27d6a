"""3D-GAN's networks: the paper's sizes, occupancy at the doors, pooled features."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.nets import VoxelDiscriminator, VoxelGenerator, num_grid_halvings

KEY = jax.random.key(0)


def test_the_papers_layers():
    generator, discriminator = VoxelGenerator((64, 64, 64, 1)), VoxelDiscriminator()
    z, x = jnp.zeros((1, 200)), jnp.zeros((1, 64, 64, 64, 1))
    start = lambda module, x: jax.eval_shape(lambda: module.init(KEY, x, train=False))["params"]
    up, down = start(generator, z), start(discriminator, x)
    kernels = [up[f"ConvTranspose_{k}"]["kernel"].shape for k in range(4)]
    assert kernels == [(4, 4, 4, a, b) for a, b in ((512, 256), (256, 128), (128, 64), (64, 1))]
    # The first layer, 4x4x4 on one voxel, as a matrix; no biases beside batch norm's.
    assert up["Dense_0"]["kernel"].shape == (200, 4 * 4 * 4 * 512)
    assert all(list(up[name]) == ["kernel"] for name in up if "Norm" not in name)
    kernels = [down[f"Conv_{k}"]["kernel"].shape for k in range(4)]
    assert kernels == [(4, 4, 4, a, b) for a, b in ((1, 64), (64, 128), (128, 256), (256, 512))]
    assert sum("BatchNorm" in name for name in down) == 3  # not of the first, not of the last
    heads = jax.eval_shape(lambda: discriminator.init_with_output(KEY, x, train=False))[0]
    assert heads["logit"].shape == (1,) and heads["shape_features"].shape == (1, 7168)


def test_sides_are_those_asked_for_and_outputs_are_between_the_ends():
    generator = VoxelGenerator((9, 12, 8, 1), width=2)
    x, _ = jax.jit(lambda: generator.init_with_output(KEY, jnp.ones((2, 3)), train=False))()
    assert x.shape == (2, 9, 12, 8, 1) and np.abs(x).max() < 1
    assert [num_grid_halvings((n, n, n, 1)) for n in (4, 8, 15, 16, 32, 64)] == [1, 1, 1, 2, 3, 4]


def test_empty_space_is_zero_to_the_first_layer():
    """-1 at the door; the first convolution, which has no bias, makes nothing of it."""
    module, x = VoxelDiscriminator(width=2), -jnp.ones((2, 8, 8, 8, 1))
    heads, _ = jax.jit(lambda: module.init_with_output(KEY, x, train=False))()
    np.testing.assert_array_equal(heads["features"], 0)
    np.testing.assert_array_equal(heads["shape_features"].shape, (2, 16))
