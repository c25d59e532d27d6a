"""The adversarial autoencoder's discriminator against a density ratio in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats

from genjax.core import Spec
from genjax.vae import adversarial_autoencoder


def test_the_discriminators_logit_is_the_log_density_ratio():
    """Codes of N((1, -.5), diag(.5, 1.2)^2) against the prior: logit = log p(z) - log q(z).

    Encoder and decoder are frozen at z = x. Sees sides swapped (the sign), a discriminator that is
    given one side only, a prior of another deviation.
    """
    mean, std = np.array([1.0, -0.5]), np.array([0.5, 1.2])
    model = adversarial_autoencoder(
        Spec((2,)),
        latent_dim=2,
        hidden=(),
        learning_rate=0.0,
        generator_learning_rate=0.0,
        discriminator_width=64,
    )
    to_codes = lambda noise: mean.astype(np.float32)[None] + noise * std.astype(np.float32)[None]
    draw = lambda key, num: to_codes(jax.random.normal(key, (num, 2)))
    key_init, key_train, key_test = jax.random.split(jax.random.key(0), 3)
    state = model.init(key_init, {"vector": draw(key_init, 4)})
    encoder = {"params": {"Dense_0": {"kernel": jnp.eye(2), "bias": jnp.zeros(2)}}}
    state = state._replace(variables={**state.variables, "encoder": encoder})

    def round_(state, key):
        key_data, key_round = jax.random.split(key)
        state, _ = model.update(key_round, state, {"vector": draw(key_data, 1000)[None]})
        return state, None

    keys = jax.random.split(key_train, 2000)
    state, _ = jax.jit(lambda state: jax.lax.scan(round_, state, keys))(state)
    x = np.asarray(draw(key_test, 2000))
    logits = model.evaluate(key_test, state.variables, {"vector": jnp.asarray(x)})["prior_logit"]
    truth = (stats.norm.logpdf(x) - stats.norm.logpdf(x, mean, std)).sum(1)
    error = float(np.sqrt(np.mean((np.asarray(logits) - truth) ** 2)))
    print(f"root mean square error {error:.3f} nats, of a deviation of {truth.std():.3f}")
    assert error < 0.15 * truth.std()
