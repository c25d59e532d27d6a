"""The adversarial autoencoder's discriminator against a density ratio in closed form."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats

from genjax import data
from genjax.core import Spec
from genjax.training import Config, fit
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
        discriminator_learning_rate=1e-3,
        generator_learning_rate=0.0,
        discriminator_width=64,
    )
    to_codes = lambda noise: mean.astype(np.float32)[None] + noise * std.astype(np.float32)[None]
    draw = lambda key, num: to_codes(jax.random.normal(key, (num, 2)))
    key_init, key_train, key_test = jax.random.split(jax.random.key(0), 3)
    state = jax.jit(model.init)(key_init, {"vector": draw(key_init, 4)})
    encoder = {"params": {"Dense_0": {"kernel": jnp.eye(2), "bias": jnp.zeros(2)}}}
    state = state._replace(variables={**state.variables, "encoder": encoder})

    def round_(state, key):
        key_data, key_round = jax.random.split(key)
        state, _ = model.update(key_round, state, {"vector": draw(key_data, 1000)[None]})
        return state, None

    keys = jax.random.split(key_train, 2000)
    state, _ = jax.jit(lambda state: jax.lax.scan(round_, state, keys))(state)
    x = np.asarray(draw(key_test, 2000))
    evaluate = jax.jit(model.evaluate)
    logits = evaluate(key_test, state.variables, {"vector": jnp.asarray(x)})["prior_logit"]
    truth = (stats.norm.logpdf(x) - stats.norm.logpdf(x, mean, std)).sum(1)
    error = float(np.sqrt(np.mean((np.asarray(logits) - truth) ** 2)))
    print(f"root mean square error {error:.3f} nats, of a deviation of {truth.std():.3f}")
    assert error < 0.15 * truth.std()


def test_codes_of_digits_match_the_prior_and_without_the_generator_do_not():
    """Mean and covariance of all training codes near 0 and I; far off if nobody plays the generator.

    Two adversaries do not come to rest: from step to step the worst entry moves by a tenth or two.

    Sees a generator that trains the wrong network, or with the discriminator's labels.
    """
    dataset = data.load("digits")
    images = jnp.asarray(dataset.eval_transform(None, dataset.train.arrays())["image"])
    distances = {}
    for rate, steps in ((2e-4, 4000), (0.0, 1000)):
        model = adversarial_autoencoder(dataset.spec, generator_learning_rate=rate)
        fitted = fit(model, dataset, Config(steps=steps, eval_every=steps))
        z = np.asarray(jax.jit(model.encode)(None, fitted.state.variables, images))
        mean = np.abs(z.mean(0)).max()
        covariance = np.abs(np.cov(z.T) - np.eye(z.shape[1])).max()
        distances[rate] = max(mean, covariance)
        print(f"generator's rate {rate}: mean {mean:.3f}, covariance {covariance:.3f}")
    assert distances[2e-4] < 0.4
    assert distances[0.0] > 1.0
