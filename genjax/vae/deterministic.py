"""A deterministic autoencoder whose codes are to have a prior: what systems that match them share."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import jax

from genjax.core import Latents, Model, Player, Spec, game
from genjax.nets import Autoencoder, deterministic_autoencoder, encoder_and_decoder


class Matched(NamedTuple):
    """The autoencoder, and the prior that its codes are to have.

    Attributes:
        networks, encode, decode, squared_error: as in `genjax.nets.Autoencoder`.
        prior: `(key, num) -> z`, draws of N(0, std^2 I).
    """

    networks: Mapping[str, Callable[..., Any]]
    encode: Callable[..., jax.Array]
    decode: Callable[..., jax.Array]
    squared_error: Callable[..., jax.Array]
    prior: Callable[[jax.Array, int], jax.Array]


def autoencoder(
    spec: Spec,
    latent_dim: int,
    *,
    prior_std: float = 1.0,
    architecture: str = "mlp",
    hidden: tuple[int, ...] | None = None,
    precision: str = "float32",
) -> Matched:
    """The networks of a deterministic autoencoder, and the prior of its codes.

    Args:
        spec: of vectors, or images in [0, 1].
        latent_dim: D, numbers in a code.
        prior_std: standard deviation of the prior.
        architecture, hidden, precision: as in `genjax.nets.encoder_and_decoder`.

    Raises:
        ValueError: for what does not fit, fewer than one latent, or a deviation that is not above 0.
    """
    if latent_dim < 1 or not prior_std > 0:
        raise ValueError(
            f"latent_dim must be at least 1 and prior_std above 0, got {latent_dim} and {prior_std}"
        )
    encoder, decoder = encoder_and_decoder(
        spec.shape,
        latent_dim,
        math.prod(spec.shape),
        architecture=architecture,
        hidden=hidden,
        precision=precision,
    )
    parts: Autoencoder = deterministic_autoencoder(spec, latent_dim, encoder, decoder)
    prior = lambda key, num: prior_std * jax.random.normal(key, (num, latent_dim))
    return Matched(*parts, prior)


def autoencoder_model(
    spec: Spec,
    parts: Matched,
    latent_dim: int,
    players: Sequence[Player],
    networks: Mapping[str, Callable[..., Any]],
    judge: Callable[..., Mapping[str, jax.Array]] | None = None,
) -> Model:
    """The game of `players` with what a deterministic autoencoder can do.

    Its decoder has no likelihood, so the model has no `log_prob`; nor a `select`, for the error alone
    does not say how well the codes match the prior. `evaluate` gives `squared_error`.

    Args:
        spec: of the data.
        parts: the autoencoder.
        latent_dim: numbers in a code.
        players: for `game`.
        networks: for `game`, besides the autoencoder's.
        judge: `(variables, z) -> {name: [B]}`, what else `evaluate` says of codes.
    """

    def sample(key, variables, num, condition=None):
        if condition is not None:
            raise ValueError("the model is unconditional: it takes no condition")
        return parts.decode(variables, parts.prior(key, num))

    def evaluate(key, variables, batch):
        x = batch[spec.entry]
        z = parts.encode(variables, x)
        values = {"squared_error": parts.squared_error(variables, z, x)}
        return values if judge is None else {**values, **judge(variables, z)}

    latents = Latents(
        (latent_dim,),
        prior=lambda key, variables, num: parts.prior(key, num),
        posterior=lambda key, variables, x: (parts.encode(variables, x), None),
    )
    return game(
        {**parts.networks, **networks},
        players,
        sample=sample,
        encode=lambda key, variables, x: parts.encode(variables, x),
        decode=lambda key, variables, z: parts.decode(variables, z),
        evaluate=evaluate,
        latents=latents,
    )
