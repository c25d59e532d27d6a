"""Two domains' networks: which layers are common, and that the rest is each one's own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import CoupledDiscriminator, CoupledGenerator
from genjax.nets.coupled import check_shared

KEY = jax.random.key(0)
SHAPES = (8, 8, 1), (8, 8, 3)
X, Y = jnp.zeros((2, 8, 8, 1)), jnp.zeros((3, 8, 8, 3))


def layers(module, *inputs):
    """Names of the layers with parameters, from their shapes alone."""
    return set(jax.eval_shape(lambda: module.init(KEY, *inputs, train=False))["params"])


def test_the_generator_shares_its_first_layers_and_the_discriminator_its_last():
    """All but the heads, all but the first convolution; or as many as are asked for."""
    z = jnp.zeros((2, 5))
    found = layers(CoupledGenerator(*SHAPES, 4), z)
    assert {name for name in found if "own" in name} == set()
    assert {"heads_0", "heads_1"} < found and any(name.startswith("shared_1") for name in found)
    found = layers(CoupledGenerator(*SHAPES, 4, num_shared=1), z)
    assert {name[:5] for name in found if "own" in name} == {"own_0", "own_1"}
    assert not any(name.startswith("shared_1") for name in found)
    found = layers(CoupledDiscriminator(4, 8), X, Y)
    # A convolution each; the dense layer and the logit in common.
    assert found == {"own_0_0", "own_1_0", "shared_0", "shared_1"}
    assert not any("shared" in name for name in layers(CoupledDiscriminator(4, 8, 1, 0), X, Y))


def test_a_domain_is_judged_by_its_own_first_and_the_common_last_layers():
    """Own convolutions of constant outputs 1 and 2, 4x4x1 each, summed up by the common layers."""
    module = CoupledDiscriminator(1, 1)
    variables = module.init(KEY, X, Y, train=False)["params"]
    params = jax.tree.map(jnp.zeros_like, variables)
    for number in (0, 1):
        params[f"own_{number}_0"]["bias"] = jnp.asarray([1.0 + number])
    params["shared_0"]["kernel"] = jnp.ones((16, 1))
    params["shared_1"] = {"kernel": jnp.full((1, 1), 0.5), "bias": jnp.asarray([-1.0])}
    first, second = module.apply({"params": params}, X, Y, train=False)
    np.testing.assert_allclose(first["logit"], [7.0] * 2, rtol=1e-6)
    np.testing.assert_allclose(second["logit"], [15.0] * 3, rtol=1e-6)


def test_domains_differ_by_their_heads_alone():
    """With the first domain's head a negative of the second's, so are the images."""
    module = CoupledGenerator((8, 8, 1), (8, 8, 1), 4)
    z = jax.random.normal(KEY, (3, 5))
    variables = module.init(KEY, z, train=False)
    negative = jax.tree.map(jnp.negative, variables["params"]["heads_0"])
    variables["params"]["heads_1"] = negative
    x, y = module.apply(variables, z, train=False)
    assert x.shape == (3, 8, 8, 1) and jnp.abs(x).max() > 1e-3
    np.testing.assert_allclose(x, -y, atol=1e-6)


def test_how_many_layers_can_be_shared():
    check_shared(0, 2)
    check_shared(2, 2)
    with pytest.raises(ValueError, match="of 2 layers 0 to 2 can be shared, got 3"):
        check_shared(3, 2)
