"""Networks of pairs (x, z): values by hand, both inputs matter, convolutions where asked for."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import JointDiscriminator, TrunkEncoder

KEY = jax.random.key(0)
X, Z = jnp.asarray([[1.0, -2.0]]), jnp.asarray([[3.0]])


def leaky(x):
    return np.where(x > 0, x, 0.2 * x)


def test_the_joint_logit_by_hand():
    """z through a layer of its own, then beside x, then two pieces of maxout, then the logit."""
    module = JointDiscriminator((1,), (1,), pieces=2)
    variables = module.init(KEY, X, Z, train=False)
    judge = "MlpDiscriminator_0"
    own = {
        "Dense_0": {"kernel": jnp.full((1, 1), -2.0), "bias": jnp.zeros(1)},
        judge: {
            "Dense_0": {
                "kernel": jnp.asarray([[1.0, 0.0], [0.0, 1.0], [1.0, -1.0]]),
                "bias": jnp.zeros(2),
            },
            "logit_head": {"kernel": jnp.full((1, 1), 2.0), "bias": jnp.ones(1)},
        },
    }
    same = jax.tree.map(jnp.shape, own) == jax.tree.map(jnp.shape, variables["params"])
    assert same, "the layers are these"
    z = leaky(-2.0 * 3.0)
    expected = 2 * max(1.0 + z, -2.0 - z) + 1
    found = module.apply({"params": own}, X, Z, train=False)
    np.testing.assert_allclose(found["logit"], [expected], rtol=1e-6)
    assert found["features"].shape == (1, 1)


def test_an_encoder_by_hand():
    module = TrunkEncoder(1, (2,))
    params = {
        "Dense_0": {"kernel": jnp.eye(2), "bias": jnp.asarray([0.0, 1.0])},
        "Dense_1": {"kernel": jnp.asarray([[1.0], [10.0]]), "bias": jnp.asarray([0.5])},
    }
    found = module.apply({"params": params}, X, train=False)
    np.testing.assert_allclose(found, [[1.0 - 10 * 0.2 + 0.5]], rtol=1e-6)


@pytest.mark.parametrize("norm", ["batch", "none"])
def test_norms_are_of_all_layers_but_the_first(norm):
    """Of dense layers and of convolutions, in the encoder and in the discriminator."""
    images = jnp.zeros((2, 16, 16, 1))
    for width, x in ((0, images[:, :2, :2]), (2, images)):
        encoder = TrunkEncoder(3, (4, 4, 4), width, norm)
        judge = JointDiscriminator((4, 4), width=width, norm=norm)
        shapes = jax.eval_shape(lambda m=encoder, x=x: m.init(KEY, x, train=False))
        assert len(shapes.get("batch_stats", {})) == (norm == "batch") * (1 if width else 2)
        inputs = (x, jnp.zeros((2, 3)))
        shapes = jax.eval_shape(lambda m=judge, i=inputs: m.init(KEY, *i, train=False))
        own = len(jax.tree.leaves(shapes.get("batch_stats", {})))
        assert own == (norm == "batch") * 2 * (2 if width else 1)


def test_dropout_is_in_training_alone():
    module = JointDiscriminator((64,), input_dropout_rate=0.5, dropout_rate=0.5)
    variables = module.init(KEY, X, Z, train=False)
    logit = lambda key, train: module.apply(
        variables, X, Z, train=train, rngs={"dropout": jax.random.key(key)}
    )["logit"]
    assert logit(0, True) != logit(1, True) and logit(0, False) == logit(1, False)
