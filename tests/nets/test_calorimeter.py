"""CaloGAN's networks: cells on another grid, attention, energy as a factor, sums without parameters."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import ShowerDiscriminator, ShowerGenerator, attend, resize_cells, split_layers

KEY = jax.random.key(0)
LAYERS = ((3, 8), (4, 4), (4, 2))


def test_cells_are_the_means_of_what_they_cover():
    x = jnp.arange(8.0).reshape(1, 2, 4, 1)
    np.testing.assert_allclose(resize_cells(x, (2, 2))[0, ..., 0], [[0.5, 2.5], [4.5, 6.5]])
    np.testing.assert_allclose(resize_cells(x, (4, 1))[0, :, 0, 0], [1.5, 1.5, 5.5, 5.5])
    thirds = resize_cells(x[:, :, :1], (3, 1))[0, :, 0, 0]  # rows 0 and 4, of one and a half cells
    np.testing.assert_allclose(thirds, [0.0, 2.0, 4.0])


def test_attention_begins_with_a_layers_own_map():
    class Net(nn.Module):
        @nn.compact
        def __call__(self, own, above):
            return attend(own, above)

    own, above = jnp.full((1, 2, 2, 1), 3.0), jnp.full((1, 2, 2, 1), 7.0)
    variables = Net().init(KEY, own, above)
    flat = jax.tree.map(jnp.zeros_like, variables)
    params = flat["params"]["LocallyConnected_0"]
    start = variables["params"]["LocallyConnected_0"]["bias"]
    np.testing.assert_array_equal(start, np.broadcast_to([0.0, -10.0], (2, 2, 2)))
    np.testing.assert_allclose(Net().apply(flat, own, above), 5.0)  # no scores: half of each
    params["bias"] = start
    np.testing.assert_allclose(Net().apply(flat, own, above), 3.0, atol=1e-3)


def test_a_generators_noise_is_scaled_by_the_energy_and_showers_are_not_negative():
    generator = ShowerGenerator(LAYERS, 0, (2, 2, 2))
    z, asked = jax.random.normal(KEY, (2, 4)), jnp.array([[50.0, 0.0], [100.0, 0.0]])
    variables = jax.jit(lambda: generator.init(KEY, z, asked, train=False))()
    apply = jax.jit(lambda z, asked: generator.apply(variables, z, asked, train=False))
    assert apply(z, asked).shape == (2, 48) and apply(z, asked).min() >= 0
    np.testing.assert_allclose(apply(2 * z, asked), apply(z, 2 * asked), rtol=1e-5)


def test_a_discriminators_energy_is_the_sum_and_its_likeness_is_of_the_batch():
    module = ShowerDiscriminator(LAYERS, 2, hidden=2, kernels=(3, 2))
    x = jax.random.uniform(KEY, (4, 48))
    asked = jnp.stack([x.sum(1) + jnp.array([0.0, 1.0, -6.0, 4.0]), jnp.zeros(4)], axis=1)
    run = jax.jit(lambda x: module.init_with_output(KEY, x, asked, train=False)[0])
    heads = run(x)
    assert heads["logit"].shape == (4,) and heads["class"].shape == (4, 2)
    np.testing.assert_allclose(heads["energy"], x.sum(1), rtol=1e-5)
    hand = heads["features"][:, -6 - 7 * 3 : -7 * 3]
    np.testing.assert_allclose(hand[:, 0], x[:, :24].sum(1) / 10, rtol=1e-5)
    np.testing.assert_allclose(hand[:, 3], x.sum(1) / 100, rtol=1e-5)
    np.testing.assert_allclose(hand[:, 4], [0, 1, 6, 4], atol=1e-4)
    np.testing.assert_allclose(hand[:, 5], [0, 0, 10, 0])  # more than 5 GeV wrong
    alike = run(jnp.tile(x[:1], (4, 1)))["features"][:, -7 * 3 :]
    np.testing.assert_allclose(alike, np.tanh(3.0), rtol=1e-5)  # three others at distance 0


def test_cells_are_split_in_order():
    parts = split_layers(jnp.arange(10.0)[None], ((2, 3), (2, 2)))
    np.testing.assert_array_equal(parts[1][0, ..., 0], [[6, 7], [8, 9]])
    with pytest.raises(ValueError, match="have 10 cells, got 9"):
        split_layers(jnp.zeros((1, 9)), ((2, 3), (2, 2)))
