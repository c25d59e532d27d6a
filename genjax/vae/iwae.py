"""The importance-weighted autoencoder of Burda, Grosse and Salakhutdinov, 2015 (arXiv:1509.00519).

The networks of the VAE under a bound that k draws make tighter:

    loss = -L_k = -E log (1/k) sum_i w_i,  w_i = p(x, z_i) / q(z_i|x),  z_i ~ q(z|x)

(equation 8). The doubly reparameterised gradient of Tucker, Lawson, Gu and Maddison, 2018
(arXiv:1810.04152, equation 8) trains the encoder through the draws alone, with squared weights:

    grad_phi = E sum_i v_i^2 (d log w_i / d z_i) (d z_i / d phi),  v_i = w_i / sum_j w_j

the same in expectation, but its signal does not drown in noise as k grows.
"""

import jax
import jax.numpy as jnp
import optax
from jax.lax import stop_gradient

from genjax.core import Aux, Model, Player, Spec, check_at_least, check_name
from genjax.losses import (
    gaussian_log_prob,
    gaussian_sample,
    importance_weighted_bound,
    standard_normal_log_prob,
)
from genjax.vae.latent_model import (
    gaussian_latents,
    latent_model,
    multi_sample_bound,
    negative_elbo,
    sampled_terms,
)
from genjax.vae.networks import gaussian_encoder_and_decoder


def iwae(
    spec: Spec,
    *,
    num_samples: int = 5,
    gradient: str = "standard",
    latent_dim: int = 50,
    architecture: str = "mlp",
    hidden: tuple[int, ...] | None = (200, 200),
    likelihood: str | None = None,
    learning_rate: float = 1e-3,
    schedule_rounds: int | None = None,
    importance_samples: int = 1000,
    precision: str = "float32",
) -> Model:
    """Importance-weighted autoencoder (Burda et al., 2015, arXiv:1509.00519).

    `evaluate` gives L_k as `bound`, and the bound of one draw as `elbo`, which falls as k grows while
    `log_prob`, the estimate of the likelihood itself, improves: judge this model by that. The
    defaults are the paper's one-layer model (tanh, 50 latents; Adam with epsilon 1e-4) for one of its
    k, 1, 5 and 50. Two things of its code are left out: Glorot's initialisation, and output biases at
    the data's mean. The head gives a log-variance, as the text has it; the code's a log-deviation.

    Args:
        spec: of vectors, or images in [0, 1].
        num_samples: k; 1 is the VAE with the KL sampled.
        gradient: `standard` or `dreg`, the doubly reparameterised one.
        latent_dim: dimensions of z.
        architecture, hidden, likelihood, importance_samples, precision: as in `vae`.
        learning_rate: of Adam, at the start.
        schedule_rounds: rounds over which the rate falls to a tenth as in the paper: stage i of eight,
            0 to 7, has 3^i of 3280 parts of them and the rate 10^(-i/7). None: constant.

    Raises:
        ValueError: for fewer than one draw, an unknown gradient, or what `vae` refuses.
    """
    check_name("gradient", gradient, ("standard", "dreg"))
    encoder, decoder = gaussian_encoder_and_decoder(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        likelihood=likelihood,
        precision=precision,
    )
    latents = gaussian_latents(encoder, decoder, latent_dim)
    terms = sampled_terms(latents)

    def doubly_reparameterised(key, variables, x):
        """L_k [B], with the other gradient."""
        mean, log_variance = encoder.posterior(variables, x)
        keys = jax.random.split(key, num_samples)
        z = jax.vmap(lambda k: gaussian_sample(k, mean, log_variance))(keys)

        def log_weights(z):
            """[k, B]; the encoder acts only through z."""
            log_q = lambda z: gaussian_log_prob(z, *map(stop_gradient, (mean, log_variance)))
            one = lambda z: (
                decoder.log_prob(variables, z, x) + standard_normal_log_prob(z) - log_q(z)
            )
            return jax.vmap(one)(z)

        values, pull = jax.vjp(log_weights, stop_gradient(z))
        shares = stop_gradient(jax.nn.softmax(values, axis=0))
        (slope,) = pull(jnp.square(shares))
        encoders = jnp.sum(stop_gradient(slope) * z, axis=(0, 2))
        decoders = jnp.sum(shares * values, axis=0)
        bound = stop_gradient(importance_weighted_bound(values))
        surrogate = encoders + decoders
        return bound + surrogate - stop_gradient(surrogate)

    def dreg(key, variables, batch):
        value = doubly_reparameterised(key, variables, batch[spec.entry]).mean()
        return -value, Aux({"bound": value})

    standard = negative_elbo(spec, terms, num_samples=num_samples)
    networks = {**encoder.networks, **decoder.networks}
    objective = standard if gradient == "standard" else dreg
    optimizer = optax.adam(_rate(learning_rate, schedule_rounds), eps=1e-4)
    return latent_model(
        spec,
        networks,
        [Player(tuple(networks), objective, optimizer, name="iwae")],
        latents,
        decoder,
        encode=lambda variables, x: encoder.posterior(variables, x)[0],
        bound=multi_sample_bound(terms, num_samples),
        importance_samples=importance_samples,
    )


def _rate(start: float, rounds: int | None):
    if rounds is None:
        return start
    check_at_least(8, schedule_rounds=rounds)
    ends = [round(rounds * (3**i - 1) / 2 / 3280) for i in range(1, 8)]
    return optax.piecewise_constant_schedule(start, {end: 10 ** (-1 / 7) for end in ends})
