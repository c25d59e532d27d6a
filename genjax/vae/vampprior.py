"""The VAE with a VampPrior: Tomczak and Welling, 2017, "VAE with a VampPrior" (arXiv:1705.07120).

The best prior for a bound is the aggregate of its posteriors; a mixture of the posteriors of K learned
pseudo-inputs u_k stands in for it:

    p(z) = 1/K sum_k q(z|u_k),   loss = -E_q[log p(x|z) - log q(z|x) + log p(z)]

(equation 9), the last two at the same draw, for the mixture has no closed form.
"""

import jax
import jax.numpy as jnp
import optax

from genjax.core import Latents, Model, Player, Spec, check_at_least
from genjax.losses import gaussian_mixture_log_prob, gaussian_sample
from genjax.vae.latent_model import (
    gaussian_posterior,
    latent_model,
    negative_elbo,
    sampled_terms,
    warm_up,
)
from genjax.vae.networks import gaussian_encoder_and_decoder

_LOG_VARIANCES = (-6.0, 2.0)  # between which the authors' code keeps those of the encoder


def vampprior(
    spec: Spec,
    *,
    num_pseudo_inputs: int = 500,
    pseudo_input_mean: float = 0.05,
    pseudo_input_std: float = 0.01,
    latent_dim: int = 40,
    architecture: str = "gated",
    hidden: tuple[int, ...] | None = None,
    likelihood: str | None = None,
    learning_rate: float = 5e-4,
    warm_up_rounds: int = 1000,
    importance_samples: int = 1000,
    precision: str = "float32",
) -> Model:
    """VAE with a VampPrior (Tomczak & Welling, 2017, arXiv:1705.07120).

    With `num_pseudo_inputs` 0 it is their baseline, the same networks and training with the prior
    N(0, I). As in their code each tensor's gradient is divided by its own norm before Adam sees it, and
    the KL is weighed in over the first rounds (there 100 epochs). `log_prob` is the importance-sampled
    estimate. Pseudo-inputs are those of images in [0, 1], kept there; a vector's may lie anywhere.

    Args:
        spec: of vectors, or images in [0, 1].
        num_pseudo_inputs: K; 0 for the standard normal prior.
        pseudo_input_mean: of pixels of pseudo-inputs at the start; the paper's for MNIST, and 0.5 for
            Frey faces.
        pseudo_input_std: of the same; 0.02 for Frey faces.
        latent_dim: dimensions of z.
        architecture, hidden, likelihood, importance_samples, precision: as in `vae`.
        learning_rate: of Adam.
        warm_up_rounds: over which the weight of the KL rises from 0 to 1.

    Raises:
        ValueError: for a negative number of pseudo-inputs, or what `vae` refuses.
    """
    check_at_least(0, num_pseudo_inputs=num_pseudo_inputs)
    encoder, decoder = gaussian_encoder_and_decoder(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        likelihood=likelihood,
        precision=precision,
    )

    def start(key, batch):
        noise = jax.random.normal(key, (num_pseudo_inputs, *spec.shape))
        return {"params": {"pixels": pseudo_input_mean + pseudo_input_std * noise}}

    def exemplars(variables):
        """u [K, *shape]."""
        pixels = variables["pseudo_inputs"]["params"]["pixels"]
        return jnp.clip(pixels, 0.0, 1.0) if spec.entry == "image" else pixels

    def q(variables, x):
        mean, log_variance = encoder.posterior(variables, x)
        return mean, jnp.clip(log_variance, *_LOG_VARIANCES)

    def components(variables):
        """Means and log-variances of the prior's components, [K, latent_dim] each."""
        if num_pseudo_inputs:
            return q(variables, exemplars(variables))
        return (jnp.zeros((1, latent_dim)),) * 2

    def prior(key, variables, num):
        key_component, key_noise = jax.random.split(key)
        means, log_variances = components(variables)
        chosen = jax.random.randint(key_component, (num,), 0, len(means))
        return gaussian_sample(key_noise, means[chosen], log_variances[chosen])

    latents = Latents(
        (latent_dim,),
        prior=prior,
        posterior=gaussian_posterior(q),
        log_prior=lambda variables, z: gaussian_mixture_log_prob(z, *components(variables)),
        log_likelihood=decoder.log_prob,
        draw=decoder.sample,
        log_factors=decoder.log_factors,
    )
    networks = {**encoder.networks, **decoder.networks}
    if num_pseudo_inputs:
        networks["pseudo_inputs"] = start
    trained = tuple(networks)
    objective = negative_elbo(spec, sampled_terms(latents))
    optimizer = optax.chain(_normalized_tensors(), optax.adam(learning_rate))
    return latent_model(
        spec,
        {**networks, **warm_up(warm_up_rounds)},
        [Player(trained, objective, optimizer, name="vae")],
        latents,
        decoder,
        encode=lambda variables, x: encoder.posterior(variables, x)[0],
        importance_samples=importance_samples,
        exemplars=exemplars if num_pseudo_inputs else None,
    )


def _normalized_tensors() -> optax.GradientTransformation:
    """Each tensor of a gradient divided by its own norm."""
    return optax.stateless(
        lambda gradient, _: jax.tree.map(lambda g: g / (jnp.linalg.norm(g) + 1e-12), gradient)
    )
