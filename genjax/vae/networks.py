"""q(z|x) and p(x|z) as networks: what the systems of this family are made of."""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from genjax.core import Spec, check_at_least
from genjax.losses import factor_log_probs
from genjax.nets import beside, encoder_and_decoder
from genjax.vae.observation import observation


class Encoder(NamedTuple):
    """q(z|x) = N(mu(x), diag sigma^2(x)).

    Attributes:
        networks: how they start, for `game`.
        posterior: `(variables, x[, label]) -> (mean, log-variance)`, [B, D] each, float32; and the
            context [B, context_dim] where there is one.
    """

    networks: Mapping[str, Callable[..., Any]]
    posterior: Callable[..., tuple[jax.Array, jax.Array]]


class Decoder(NamedTuple):
    """p(x|z); every function takes the label last where the model is conditional.

    Attributes:
        networks: how they start, for `game`.
        log_prob: `(variables, z, x) -> [B]`, nats.
        mean: `(variables, z) -> E[x|z]`, [B, *shape].
        sample: `(key, variables, z) -> x`, [B, *shape].
        log_factors: as in `Latents`; None where nobody asks for it.
    """

    networks: Mapping[str, Callable[..., Any]]
    log_prob: Callable[..., jax.Array]
    mean: Callable[..., jax.Array]
    sample: Callable[..., jax.Array]
    log_factors: Callable[..., jax.Array] | None = None


def gaussian_encoder_and_decoder(
    spec: Spec,
    latent_dim: int,
    *,
    architecture: str = "mlp",
    hidden: tuple[int, ...] | None = None,
    likelihood: str | None = None,
    variance: str | float = "learned",
    initial_std: float | None = None,
    activation: Callable[[jax.Array], jax.Array] = jnp.tanh,
    precision: str = "float32",
    num_classes: int = 0,
    context_dim: int = 0,
) -> tuple[Encoder, Decoder]:
    """The networks `encoder` and `decoder` of one stochastic layer (and `noise`, a shared variance).

    Args:
        spec: of vectors, or images in [0, 1].
        latent_dim: D, dimensions of z.
        architecture, hidden, initial_std, activation, precision: as in
            `genjax.nets.encoder_and_decoder`.
        likelihood, variance: as in `genjax.vae.observation`.
        num_classes: of the label that both networks read, one-hot beside their input; 0 for none.
        context_dim: further outputs of the encoder, for a flow.

    Raises:
        ValueError: for what does not fit, or fewer than one latent.
    """
    check_at_least(1, latent_dim=latent_dim)
    observed, noise = observation(spec, likelihood, variance)
    outputs = observed(noise).parameter_shape(spec.shape)
    encoder, decoder = encoder_and_decoder(
        spec.shape,
        2 * latent_dim + context_dim,
        math.prod(outputs),
        architecture=architecture,
        hidden=hidden,
        initial_std=initial_std,
        activation=activation,
        precision=precision,
    )

    def read(x, label=None):
        """What the encoder is given; a dense one needs the label once, not at every pixel."""
        x = x if architecture == "conv" else x.reshape(len(x), -1)
        return beside(x, label, num_classes)

    def posterior(variables, x, *label):
        outputs = encoder.apply(variables["encoder"], read(x, *label))
        ends = [latent_dim, 2 * latent_dim] if context_dim else [latent_dim]
        return jnp.split(outputs.astype(jnp.float32), ends, axis=-1)

    def parameters(variables, z, label=None):
        """z [n, latent_dim] -> parameters of p(x|z), [n, ...], float32."""
        given = decoder.apply(variables["decoder"], beside(z, label, num_classes))
        return given.astype(jnp.float32).reshape(len(z), *outputs)

    def p_x(variables):
        return observed(variables.get("noise"))

    def log_prob(variables, z, x, *label):
        return p_x(variables).log_prob(parameters(variables, z, *label), x)

    def log_factors(variables, z, x, *label):
        return factor_log_probs(p_x(variables), parameters(variables, z, *label), x)

    def mean(variables, z, *label):
        return p_x(variables).mean(parameters(variables, z, *label))

    def sample(key, variables, z, *label):
        return p_x(variables).sample(key, parameters(variables, z, *label))

    x, z = jnp.zeros((1, *spec.shape)), jnp.zeros((1, latent_dim))
    label = jnp.zeros(1, jnp.int32) if num_classes else None
    decoders = {
        "decoder": lambda key, batch: decoder.init(key, beside(z, label, num_classes)),
        **({} if noise is None else {"noise": lambda key, batch: noise}),
    }
    return (
        Encoder(
            {"encoder": lambda key, batch: encoder.init(key, read(x, label))},
            posterior,
        ),
        Decoder(decoders, log_prob, mean, sample, log_factors),
    )
