"""VAEs with two or more layers of latents, z_1 at the data to z_L at the top, with ladder inference.

    p(x, z) = p(x|z_1) p(z_1|z_2) ... p(z_L),   loss = -E_q[log p(x, z) - log q(z|x)]

`ladder` (Soenderby, Raiko, Maaloee, Soenderby and Winther, 2016, arXiv:1602.02282, equations 11 to 19):
a deterministic pass d_1(x), d_2(d_1), ... upwards gives Gaussians that are multiplied with the
generative ones on the way down, q(z_i|z_{i+1}, x) = N(z_i; d_i) p(z_i|z_{i+1}), normalised.
`bottom_up` (Burda et al., 2015, arXiv:1509.00519, section 5): q(z_1|x) q(z_2|z_1) ..., by samples.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from genjax.core import Latents, Model, Player, Spec, check_name
from genjax.losses import gaussian_log_prob, gaussian_product, gaussian_sample
from genjax.nets import Mlp
from genjax.vae.latent_model import (
    latent_model,
    multi_sample_bound,
    negative_elbo,
    sampled_terms,
    warm_up,
)
from genjax.vae.networks import Decoder, gaussian_encoder_and_decoder


class Rung(nn.Module):
    """Two tanh layers and a Gaussian's head: [B, ...] -> (features, mean, log-variance).

    Attributes:
        width: of the layers, and number of features.
        latent_dim: of the Gaussian.
    """

    width: int
    latent_dim: int

    @nn.compact
    def __call__(self, x: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
        """x [B, ...], flattened."""
        features = nn.tanh(Mlp((self.width,), self.width)(x))
        mean, log_variance = jnp.split(nn.Dense(2 * self.latent_dim)(features), 2, axis=-1)
        return features, mean, log_variance


def hierarchical_vae(
    spec: Spec,
    *,
    inference: str = "ladder",
    latent_dims: tuple[int, ...] = (32, 16),
    hidden: tuple[int, ...] = (200, 100),
    num_samples: int = 1,
    warm_up_rounds: int = 1000,
    likelihood: str | None = None,
    learning_rate: float = 1e-3,
    importance_samples: int = 1000,
) -> Model:
    """Hierarchical VAE, or ladder VAE (Soenderby et al., 2016, arXiv:1602.02282; Burda et al., 2015).

    The latents of an example are those of all layers, z_1 first, in one vector. The ladder's paper
    has five layers of 64 to 4 latents, leaky rectifiers and batch normalisation; the tanh layers here
    are Burda's, whose two-layer model is `--set inference=bottom_up --set latent_dims=100,50
    --set hidden=200,100 --set num_samples=50`.

    Args:
        spec: of vectors, or images in [0, 1].
        inference: `ladder` or `bottom_up`.
        latent_dims: of each layer, that next to the data first.
        hidden: width of the two hidden layers that each of them has in either direction.
        num_samples: k of the bound L_k that trains; 1 is the VAE's.
        warm_up_rounds: over which the weight of the KL rises from 0 to 1; the paper's 200 epochs keep
            the upper layers in use.
        likelihood, learning_rate, importance_samples: as in `vae`.

    Raises:
        ValueError: for fewer than two layers, other widths than layers, or what `vae` refuses.
    """
    check_name("inference", inference, ("ladder", "bottom_up"))
    if len(latent_dims) < 2 or len(hidden) != len(latent_dims) or min(latent_dims) < 1:
        raise ValueError(
            f"latent_dims needs two or more layers, and hidden a width for each, "
            f"got {latent_dims} and {hidden}"
        )
    layers = range(len(latent_dims))
    ups = [Rung(hidden[i], latent_dims[i]) for i in layers]
    downs = [Rung(hidden[i + 1], latent_dims[i]) for i in layers[:-1]]
    width = hidden[0]
    _, bottom = gaussian_encoder_and_decoder(
        spec, latent_dims[0], hidden=(width, width), likelihood=likelihood
    )

    def p_z(variables, i, above):
        """Mean and log-variance of p(z_i | z_{i+1} = above)."""
        return downs[i].apply(variables[f"prior_{i + 1}"], above)[1:]

    def up(variables, i, x):
        return ups[i].apply(variables[f"encoder_{i + 1}"], x)

    infer = (_ladder if inference == "ladder" else _bottom_up)(len(latent_dims), up, p_z)

    def posterior(key, variables, x):
        keys = jax.random.split(key, len(layers))
        z, log_q = infer(lambda i, *q: gaussian_sample(keys[i], *q), variables, x)
        return jnp.concatenate(z, axis=-1), log_q

    def encode(variables, x):
        return jnp.concatenate(infer(lambda i, mean, _: mean, variables, x)[0], axis=-1)

    def prior(key, variables, num):
        key_top, *keys = jax.random.split(key, len(layers))
        z = [jax.random.normal(key_top, (num, latent_dims[-1]))]
        for i in reversed(layers[:-1]):
            z = [gaussian_sample(keys[i], *p_z(variables, i, z[0])), *z]
        return jnp.concatenate(z, axis=-1)

    def log_prior(variables, z):
        parts = split(z)
        top = jnp.zeros_like(parts[-1])
        total = gaussian_log_prob(parts[-1], top, top)
        for i in layers[:-1]:
            total += gaussian_log_prob(parts[i], *p_z(variables, i, parts[i + 1]))
        return total

    def split(z):
        ends = [sum(latent_dims[: i + 1]) for i in layers[:-1]]
        return jnp.split(z, ends, axis=-1)

    decoder = Decoder(
        bottom.networks,
        log_prob=lambda variables, z, x: bottom.log_prob(variables, split(z)[0], x),
        mean=lambda variables, z: bottom.mean(variables, split(z)[0]),
        sample=lambda key, variables, z: bottom.sample(key, variables, split(z)[0]),
    )
    latents = Latents(
        (sum(latent_dims),),
        prior=prior,
        posterior=posterior,
        log_prior=log_prior,
        log_likelihood=decoder.log_prob,
        draw=decoder.sample,
    )
    networks = dict(decoder.networks)
    inputs = [spec.shape, *((d,) for d in (hidden if inference == "ladder" else latent_dims))]
    for i in layers:
        networks[f"encoder_{i + 1}"] = _start(ups[i], inputs[i])
    for i in layers[:-1]:
        networks[f"prior_{i + 1}"] = _start(downs[i], (latent_dims[i + 1],))
    terms = sampled_terms(latents)
    objective = negative_elbo(spec, terms, num_samples=num_samples)
    return latent_model(
        spec,
        {**networks, **warm_up(warm_up_rounds)},
        [Player(tuple(networks), objective, optax.adam(learning_rate), name="vae")],
        latents,
        decoder,
        encode=encode,
        bound=multi_sample_bound(terms, num_samples) if num_samples > 1 else None,
        importance_samples=importance_samples,
    )


def _ladder(num_layers: int, up, p_z):
    """`(draw, variables, x) -> ([z_1, ...], log q(z|x) [B])`; `draw(i, mean, log_variance)` is z_i."""

    def infer(draw, variables, x):
        rungs, below = [], x
        for i in range(num_layers):
            below, *rung = up(variables, i, below)
            rungs.append(rung)
        z, log_q = [], 0.0
        for i in reversed(range(num_layers)):
            q = gaussian_product(*rungs[i], *p_z(variables, i, z[0])) if z else rungs[i]
            z = [draw(i, *q), *z]
            log_q += gaussian_log_prob(z[0], *q)
        return z, log_q

    return infer


def _bottom_up(num_layers: int, up, p_z):
    """As `_ladder`, upwards through the draws; the generative Gaussians play no part."""
    del p_z

    def infer(draw, variables, x):
        z, log_q, below = [], 0.0, x
        for i in range(num_layers):
            _, *q = up(variables, i, below)
            below = draw(i, *q)
            log_q += gaussian_log_prob(below, *q)
            z.append(below)
        return z, log_q

    return infer


def _start(network: nn.Module, shape: tuple[int, ...]):
    return lambda key, batch: network.init(key, jnp.zeros((1, *shape)))
