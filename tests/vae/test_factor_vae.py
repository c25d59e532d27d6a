"""FactorVAE: the shuffle, both players' losses, and what is refused."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from genjax.core import Spec
from genjax.vae import factor_vae, vae
from genjax.vae.factor_vae import permute_dimensions

KEY = jax.random.key(3)
VECTOR = Spec((6,), 2)


def test_dimensions_are_shuffled_each_by_itself():
    z = jnp.arange(200.0).reshape(50, 4)
    shuffled = np.asarray(permute_dimensions(KEY, z))
    np.testing.assert_array_equal(np.sort(shuffled, axis=0), z)
    orders = (shuffled // 4).T
    assert all((orders[i] != orders[j]).any() for i in range(4) for j in range(i))
    with pytest.raises(ValueError, match="codes are"):
        permute_dimensions(KEY, z[0])


def test_the_players_train_their_own_networks_by_their_own_losses():
    model = factor_vae(VECTOR, hidden=(), latent_dim=2, discriminator_width=3, gamma=7.0)
    x = jnp.asarray(np.random.default_rng(0).integers(0, 2, (8, 6)), jnp.float32)
    state = jax.jit(model.init)(KEY, {"vector": x})
    after, metrics = jax.jit(model.update)(KEY, state, {"vector": x[None]})
    expected = 7 * metrics["vae/total_correlation"] - metrics["vae/elbo"]
    np.testing.assert_allclose(metrics["vae/loss"], expected, rtol=1e-5)
    # One of zeros cannot tell: its loss is log 2, its logit 0, and the VAE is the plain one.
    zeros = jax.tree.map(jnp.zeros_like, state.variables["discriminator"])
    state = state._replace(variables={**state.variables, "discriminator": zeros})
    after, metrics = jax.jit(model.update)(KEY, state, {"vector": x[None]})
    np.testing.assert_allclose(metrics["discriminator/loss"], np.log(2), rtol=1e-6)
    assert metrics["vae/total_correlation"] == 0
    plain = vae(VECTOR, hidden=(), latent_dim=2)
    start = plain.init(KEY, {"vector": x})
    start = start._replace(variables={n: state.variables[n] for n in ("encoder", "decoder")})
    expected, _ = jax.jit(plain.update)(KEY, start, {"vector": x[None]})
    for name in ("encoder", "decoder"):
        pairs = zip(
            jax.tree.leaves(after.variables[name]),
            jax.tree.leaves(expected.variables[name]),
            strict=True,
        )
        assert all(np.allclose(a, b, atol=1e-6) for a, b in pairs)
    values = jax.jit(model.evaluate)(KEY, after.variables, {"vector": x})
    assert values["total_correlation"].shape == (8,)


@pytest.mark.parametrize(
    "options, message",
    [
        ({"gamma": -1.0}, "gamma must be at least 0"),
        ({"discriminator_width": 0}, "discriminator_width 1, got 10.0, 0"),
        ({"architecture": "conv"}, "needs images"),
    ],
)
def test_what_does_not_fit_is_refused(options, message):
    with pytest.raises(ValueError, match=message):
        factor_vae(VECTOR, **options)


def test_a_minibatch_of_one_is_refused():
    model = factor_vae(VECTOR)
    x = jnp.zeros((1, 6))
    with pytest.raises(ValueError, match="it needs two examples"):
        jax.eval_shape(
            model.update, KEY, jax.jit(model.init)(KEY, {"vector": x}), {"vector": x[None]}
        )
