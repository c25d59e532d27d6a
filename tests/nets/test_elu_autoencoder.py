"""The autoencoder that judges: shapes of its networks, and what is in it and what is not."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.nets import (
    AutoencoderDiscriminator,
    DecoderGenerator,
    EluDecoder,
    EluEncoder,
    EluMlpDecoder,
    Mlp,
)

KEY = jax.random.key(0)


@pytest.mark.parametrize("shape, halvings", [((32, 32, 3), 2), ((28, 20, 1), 2), ((9, 7, 1), 1)])
def test_convolutions_of_any_size(shape, halvings):
    """Encoder of n, 2n, 3n channels; the map that is left has ceil(side / 2^halvings) a side."""
    x = jnp.zeros((2, *shape))
    encoder = EluEncoder(4, 6, halvings)
    variables = jax.eval_shape(encoder.init, KEY, x)["params"]
    assert jax.eval_shape(encoder.apply, {"params": variables}, x).shape == (2, 6)
    widths = [each["kernel"].shape[-1] for name, each in variables.items() if "Conv" in name]
    assert max(widths) == 4 * (halvings + 1) and len(widths) == 1 + 2 * (halvings + 1) + halvings
    left = np.prod([-(-side // 2**halvings) for side in shape[:2]]) * 4 * (halvings + 1)
    assert variables["Dense_0"]["kernel"].shape == (left, 6)
    decoder = EluDecoder(4, shape, halvings)
    z = jnp.zeros((2, 6))
    drawn, variables = jax.eval_shape(decoder.init_with_output, KEY, z)
    assert drawn.shape == (2, *shape)
    assert len([name for name in variables["params"] if "Conv" in name]) == 2 * (halvings + 1) + 1


def test_a_dense_autoencoder_and_its_generator_by_numpy():
    encoder, decoder = Mlp((5,), 2, nn.elu), EluMlpDecoder((5,), (3, 1))
    judge = AutoencoderDiscriminator(encoder, decoder)
    x = jax.random.normal(KEY, (4, 3, 1))
    found, variables = judge.init_with_output(KEY, x, train=True)
    assert set(variables) == {"params"}  # nothing is normalised

    def dense(params, x):
        elu = lambda x: np.where(x > 0, x, np.expm1(x))
        hidden = elu(x @ params["Dense_0"]["kernel"] + params["Dense_0"]["bias"])
        return hidden @ params["Dense_1"]["kernel"] + params["Dense_1"]["bias"]

    params = jax.device_get(variables["params"])
    code = dense(params["encoder"], np.asarray(x).reshape(4, 3))
    np.testing.assert_allclose(found["code"], code, atol=1e-5)
    rebuilt = dense(params["decoder"]["Mlp_0"], code).reshape(4, 3, 1)
    np.testing.assert_allclose(found["reconstruction"], rebuilt, atol=1e-5)
    generator = DecoderGenerator(EluMlpDecoder((5,), (3, 1)))
    drawn = generator.apply({"params": {"decoder": params["decoder"]}}, code, train=True)
    np.testing.assert_allclose(drawn, rebuilt, atol=1e-5)
