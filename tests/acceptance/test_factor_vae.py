"""FactorVAE's discriminator against a total correlation in closed form."""

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import Spec
from genjax.vae import factor_vae
from tests.acceptance.games import falling

CORRELATION = 0.9


def test_the_discriminator_finds_the_total_correlation_of_a_gaussian():
    """TC of N(0, R) is -1/2 log|R|: 0.8304 nats for a correlation of .9, within 10 per cent.

    The encoder is frozen at z = x with hardly any noise, so that codes are the data. Sees a shuffle of
    whole rows (0), a logit of the wrong sign, a discriminator shown the same codes twice.
    """
    model = factor_vae(
        Spec((2,)),
        latent_dim=2,
        hidden=(),
        learning_rate=0.0,
        discriminator_width=64,
        discriminator_learning_rate=falling((1e-3, 1e-4), 1500),
        gamma=35.0,
    )
    factor = np.linalg.cholesky([[1, CORRELATION], [CORRELATION, 1]]).astype(np.float32).T
    draw = lambda key, num: jax.random.normal(key, (num, 2)) @ factor
    key_init, key_train, key_test = jax.random.split(jax.random.key(0), 3)
    state = jax.jit(model.init)(key_init, {"vector": draw(key_init, 4)})
    identity = {"kernel": jnp.eye(2, 4), "bias": jnp.asarray([0.0, 0.0, -20.0, -20.0])}
    encoder = {"params": {"Dense_0": identity}}
    state = state._replace(variables={**state.variables, "encoder": encoder})

    def round_(state, key):
        key_data, key_round = jax.random.split(key)
        return model.update(key_round, state, {"vector": draw(key_data, 1000)[None]})

    keys = jax.random.split(key_train, 2000)
    state = jax.jit(lambda state: jax.lax.scan(round_, state, keys)[0])(state)
    x = draw(key_test, 20_000)
    values = jax.jit(model.evaluate)(key_test, state.variables, {"vector": x})
    found = float(values["total_correlation"].mean())
    truth = -0.5 * np.log(1 - CORRELATION**2)
    print(f"total correlation {found:.4f}, in closed form {truth:.4f}")
    assert abs(found - truth) < 0.1 * truth
