"""Networks' shapes and starts, and a batch norm that means the same on one device and on many."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import DATA_AXIS
from genjax.nets import (
    BatchNorm,
    ConvDecoder,
    ConvEncoder,
    GatedMlp,
    Mlp,
    encoder_and_decoder,
)

KEY = jax.random.key(0)


def test_mlp_equals_its_layers():
    x = jax.random.normal(KEY, (3, 2, 4))
    mlp = Mlp((5,), 2)
    variables = mlp.init(KEY, x)
    first, last = (variables["params"][f"Dense_{i}"] for i in (0, 1))
    hidden = np.tanh(x.reshape(3, 8) @ first["kernel"] + first["bias"][None])
    np.testing.assert_allclose(
        mlp.apply(variables, x), hidden @ last["kernel"] + last["bias"][None], rtol=1e-5, atol=1e-6
    )


def test_gated_mlp_equals_its_layers_and_starts_as_he():
    """(A x + b) sigmoid(C x + d) in NumPy; not tanh of the value, not the gate's logits."""
    x = jax.random.normal(KEY, (3, 2, 4))
    gated = GatedMlp((300,), 2)
    variables = gated.init(KEY, x)
    first, last = (variables["params"][f"Dense_{i}"] for i in (0, 1))
    assert np.std(first["kernel"]) == pytest.approx(np.sqrt(2 / 8), rel=0.1)
    first = {**first, "bias": jax.random.normal(KEY, (600,))}
    variables = {"params": {"Dense_0": first, "Dense_1": last}}
    value, gate = np.split(x.reshape(3, 8) @ first["kernel"] + first["bias"][None], 2, axis=-1)
    expected = value / (1 + np.exp(-gate)) @ last["kernel"] + last["bias"][None]
    np.testing.assert_allclose(gated.apply(variables, x), expected, rtol=1e-4, atol=1e-5)
    assert np.isfinite(gated.apply(variables, 1e4 * x)).all()


def test_gated_pair_has_the_papers_widths():
    encoder, decoder = encoder_and_decoder((784,), 80, 784, architecture="gated")
    assert encoder == GatedMlp((300, 300), 80) and decoder == GatedMlp((300, 300), 784)
    assert encoder_and_decoder((4,), 2, 4, architecture="gated", hidden=(3, 2))[1].hidden == (2, 3)


def test_initial_std_is_that_of_weights_and_biases():
    params = Mlp((300,), 300, initial_std=0.1).init(KEY, jnp.zeros((1, 300)))["params"]
    for leaf in jax.tree.leaves(params):
        assert np.std(leaf) == pytest.approx(0.1, rel=0.15)


@pytest.mark.parametrize("shape", [(8, 8, 1), (28, 20, 3), (7, 5, 2)])
def test_convolutional_pair_fits_any_image(shape):
    encoder, decoder = ConvEncoder((4, 6), 9, 3), ConvDecoder((6, 4), 9, shape)
    x = jnp.zeros((2, *shape))
    codes = jax.eval_shape(lambda: encoder.init_with_output(KEY, x)[0])
    images = jax.eval_shape(lambda: decoder.init_with_output(KEY, jnp.zeros((2, 3)))[0])
    assert codes.shape == (2, 3) and images.shape == (2, *shape)


def test_encoder_and_decoder_mirror_each_other():
    encoder, decoder = encoder_and_decoder((4,), 6, 12, hidden=(3, 2))
    assert encoder.hidden == (3, 2) and decoder.hidden == (2, 3)
    assert encoder.features == 6 and decoder.features == 12
    with pytest.raises(ValueError, match="initial_std is an option of architecture 'mlp'"):
        encoder_and_decoder((4, 4, 1), 2, 16, architecture="conv", initial_std=0.1)


def test_batch_norm_is_linens_on_one_device():
    x = jax.random.normal(KEY, (6, 3)) * 2 + 1
    ours, linens = BatchNorm(), nn.BatchNorm(momentum=0.9)
    variables = ours.init(KEY, x, train=True)
    y, updated = ours.apply(variables, x, train=True, mutable=["batch_stats"])
    np.testing.assert_allclose(y.mean(0), 0.0, atol=1e-6)
    np.testing.assert_allclose(y.std(0), 1.0, rtol=1e-4)
    theirs = linens.init(KEY, x, use_running_average=False)
    _, expected = linens.apply(theirs, x, use_running_average=False, mutable=["batch_stats"])
    np.testing.assert_allclose(
        updated["batch_stats"]["BatchNorm_0"]["mean"], expected["batch_stats"]["mean"], rtol=1e-6
    )
    at_rest = ours.apply({**variables, **updated}, x, train=False)
    assert not np.allclose(at_rest, y)


def test_batch_norm_over_shards_is_batch_norm_over_the_batch():
    x = jax.random.normal(KEY, (8, 3)) * 2 + 1
    norm = BatchNorm()
    variables = norm.init(KEY, x, train=True)
    apply = lambda x: norm.apply(variables, x, train=True, mutable=["batch_stats"])
    whole, whole_stats = apply(x)
    shards, stats = jax.vmap(apply, axis_name=DATA_AXIS)(x.reshape(4, 2, 3))
    np.testing.assert_allclose(shards.reshape(8, 3), whole, rtol=1e-4, atol=1e-5)
    for one, other in zip(jax.tree.leaves(stats), jax.tree.leaves(whole_stats), strict=True):
        np.testing.assert_allclose(one[0], other, rtol=1e-5)
    apart, _ = jax.vmap(apply)(x.reshape(4, 2, 3))  # without the axis's name: shards by themselves
    assert not np.allclose(apart.reshape(8, 3), whole, atol=0.1)
