"""The variational autoencoder of Kingma and Welling, 2013, "Auto-Encoding Variational Bayes".

An encoder q(z|x) = N(z; mu(x), diag sigma^2(x)) and a decoder p(x|z), trained as one player:

    loss = -E_q[log p(x|z)] + KL(q(z|x) || N(0, I)),  z = mu + sigma epsilon,  epsilon ~ N(0, I)

(arXiv:1312.6114, equations 7, 8 and 10), per example in nats, summed over pixels, mean over the batch.
"""

import math

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Player, Spec, game
from genjax.losses import (
    gaussian_kl,
    gaussian_log_prob,
    importance_log_likelihood,
    standard_normal_log_prob,
)
from genjax.nets import encoder_and_decoder
from genjax.vae.observation import observation


def vae(
    spec: Spec,
    *,
    latent_dim: int = 2,
    architecture: str = "mlp",
    hidden: tuple[int, ...] | None = None,
    likelihood: str | None = None,
    variance: str | float = "learned",
    kl: str = "analytic",
    optimizer: str = "adam",
    learning_rate: float = 1e-3,
    weight_decay: float = 0.0,
    initial_std: float | None = None,
    pixel_noise: bool = False,
    importance_samples: int = 1000,
    importance_chunk: int = 50,
    precision: str = "float32",
) -> Model:
    """Variational autoencoder (Kingma & Welling, 2013, arXiv:1312.6114).

    `log_prob` is the importance-sampled estimate with `importance_samples` draws from q, a lower
    bound in expectation; `encode` gives the posterior's mean, `decode` the mean of p(x|z); `evaluate`
    gives `elbo` = `reconstruction` - `kl` from one draw of z.

    The paper's own experiment: --set optimizer=adagrad, learning_rate 0.01, 0.02 or 0.1, weight_decay
    one over the number of training examples, initial_std 0.1 (or 0.01: "N(0, 0.01)" can be read as
    either), latent_dim 3 to 200. The defaults are Adam and linen's initialisation, as in most work
    since, and two latents, whose manifold can be drawn (the paper's Figure 4).

    Args:
        spec: of vectors, or images in [0, 1].
        latent_dim: dimensions of z.
        architecture: `mlp` (the paper's, tanh) or `conv` (images; stride-2 convolutions, ReLU).
        hidden: widths of the hidden layers, mirrored in the decoder: dense layers of `mlp`, channels of
            the convolutions of `conv`. None: (500,) from 784 inputs on and (200,) below, as the paper
            has it for MNIST and Frey Face; (32, 64) for `conv`.
        likelihood: p(x|z), a name that `genjax.losses.for_spec` knows. None: Bernoulli for bits,
            Gaussian with learned variances for continuous data, discretised logistic otherwise. The
            paper's Frey faces are `gaussian`, with means squashed into [0, 1].
        variance: of a Gaussian p(x|z): `learned` (one for each element, by the decoder), `shared` (one
            number, trained like a weight, as in probabilistic PCA), or its fixed value, above 0.
        kl: `analytic` (equation 10) or `sampled` (log q(z|x) - log p(z) at the same draw).
        optimizer: `adam` or `adagrad`.
        learning_rate: of the optimizer.
        weight_decay: lambda of a penalty lambda/2 |params|^2 in the loss.
        initial_std: of all params at the start; None is linen's default.
        pixel_noise: whether `sample` draws from p(x|z); else it gives the mean, as the paper's figures.
        importance_samples: draws of `log_prob`.
        importance_chunk: draws held in memory at a time.
        precision: of the networks: `float32` or `bf16`.

    Raises:
        ValueError: for an unknown name, or a spec that the architecture or likelihood does not fit.
    """
    for option, value in (("latent_dim", latent_dim), ("importance_samples", importance_samples)):
        if value < 1:
            raise ValueError(f"{option} must be at least 1, got {value}")
    observed, noise = observation(spec, likelihood, variance)
    outputs = observed(noise).parameter_shape(spec.shape)
    encoder, decoder = encoder_and_decoder(
        spec.shape,
        2 * latent_dim,
        math.prod(outputs),
        architecture=architecture,
        hidden=hidden,
        initial_std=initial_std,
        precision=precision,
    )
    _check_name("kl", kl, ("analytic", "sampled"))
    optimizers = {"adam": optax.adam, "adagrad": optax.adagrad}
    _check_name("optimizer", optimizer, tuple(optimizers))

    def p_x(variables):
        return observed(variables.get("noise"))

    def posterior(variables, x):
        """x [B, *shape] -> mean and log-variance of q(z|x), [B, latent_dim] each, float32."""
        outputs = encoder.apply(variables["encoder"], x).astype(jnp.float32)
        return jnp.split(outputs, 2, axis=-1)

    def parameters(variables, z):
        """z [n, latent_dim] -> parameters of p(x|z), [n, ...], float32."""
        return decoder.apply(variables["decoder"], z).astype(jnp.float32).reshape(len(z), *outputs)

    def terms(key, variables, x):
        """The bound's two terms for each example, from one draw of z: [B] each, nats."""
        mean, log_variance = posterior(variables, x)
        z = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape)
        reconstruction = p_x(variables).log_prob(parameters(variables, z), x)
        if kl == "analytic":
            return reconstruction, gaussian_kl(mean, log_variance)
        log_ratio = gaussian_log_prob(z, mean, log_variance) - standard_normal_log_prob(z)
        return reconstruction, log_ratio

    def objective(key, variables, batch):
        reconstruction, divergence = terms(key, variables, batch[spec.entry])
        elbo = jnp.mean(reconstruction - divergence)
        penalty = 0.0
        if weight_decay:
            params = {name: variables[name]["params"] for name in networks}
            penalty = 0.5 * weight_decay * optax.tree.norm(params, squared=True)
        metrics = {"elbo": elbo, "reconstruction": reconstruction.mean(), "kl": divergence.mean()}
        return penalty - elbo, Aux(metrics)

    def evaluate(key, variables, batch):
        reconstruction, divergence = terms(key, variables, batch[spec.entry])
        return {
            "elbo": reconstruction - divergence,
            "reconstruction": reconstruction,
            "kl": divergence,
        }

    def log_prob(key, variables, x):
        mean, log_variance = posterior(variables, x)

        def log_weight(key):
            z = mean + jnp.exp(0.5 * log_variance) * jax.random.normal(key, mean.shape)
            return (
                p_x(variables).log_prob(parameters(variables, z), x)
                + standard_normal_log_prob(z)
                - gaussian_log_prob(z, mean, log_variance)
            )

        return importance_log_likelihood(
            key, log_weight, importance_samples, chunk=importance_chunk
        )

    def encode(key, variables, x):
        del key
        return posterior(variables, x)[0]

    def decode(key, variables, z):
        del key
        return p_x(variables).mean(parameters(variables, z))

    def sample(key, variables, num, condition=None):
        if condition is not None:
            raise ValueError("vae is unconditional: it takes no condition")
        key_latent, key_pixels = jax.random.split(key)
        given = parameters(variables, jax.random.normal(key_latent, (num, latent_dim)))
        if pixel_noise:
            return p_x(variables).sample(key_pixels, given)
        return p_x(variables).mean(given)

    networks = {
        "encoder": lambda key, batch: encoder.init(key, jnp.zeros((1, *spec.shape))),
        "decoder": lambda key, batch: decoder.init(key, jnp.zeros((1, latent_dim))),
    }
    if noise is not None:
        networks["noise"] = lambda key, batch: noise
    player = Player(tuple(networks), objective, optimizers[optimizer](learning_rate), name="vae")
    return game(
        networks,
        [player],
        sample=sample,
        log_prob=log_prob,
        encode=encode,
        decode=decode,
        evaluate=evaluate,
        select="elbo",
    )


def _check_name(option, value, names):
    if value not in names:
        raise ValueError(f"{option} must be one of {', '.join(names)}, got {value!r}")
