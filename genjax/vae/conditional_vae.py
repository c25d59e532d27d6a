"""The conditional VAE of Sohn, Lee and Yan, 2015, "Learning Structured Output Representation".

Everything is given the label y, the prior too:

    loss = -E_q[log p(x|y, z)] + KL(q(z|x, y) || p(z|y))

(equation 4; there y is the image and x what it is conditional on). With the prior N(0, I) for every
label it is the generative half of M2, Kingma et al., 2014 (arXiv:1406.5298, equation 6).
"""

import jax.numpy as jnp
import optax

from genjax.core import Latents, Model, Player, Spec, check_name
from genjax.losses import gaussian_kl_between, gaussian_log_prob, gaussian_sample
from genjax.nets import Mlp
from genjax.vae.latent_model import gaussian_posterior, latent_model, negative_elbo
from genjax.vae.networks import gaussian_encoder_and_decoder


def conditional_vae(
    spec: Spec,
    *,
    prior: str = "learned",
    latent_dim: int = 10,
    architecture: str = "mlp",
    hidden: tuple[int, ...] | None = None,
    likelihood: str | None = None,
    learning_rate: float = 1e-3,
    importance_samples: int = 1000,
    precision: str = "float32",
) -> Model:
    """Conditional VAE (Sohn et al., 2015, NeurIPS; Kingma et al., 2014, arXiv:1406.5298).

    Figures are of p(x|y). `sample` takes labels [num] as its condition, and draws them uniformly where
    there are none; `log_prob`, `encode` and `decode` take labels [B] last.

    Args:
        spec: of vectors, or images in [0, 1], with classes.
        prior: `learned`, p(z|y) = N(mu(y), diag sigma^2(y)), or `standard`, N(0, I) for every label.
        latent_dim: dimensions of z.
        architecture, hidden, likelihood, learning_rate, importance_samples, precision: as in `vae`.

    Raises:
        ValueError: for data without labels, or what `vae` refuses.
    """
    if spec.num_classes is None:
        raise ValueError(
            "conditional_vae needs labels, and this data has none: take a set with labels "
            "(y_train in a file, a folder a class), or --model=vae"
        )
    check_name("prior", prior, ("learned", "standard"))
    encoder, decoder = gaussian_encoder_and_decoder(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        likelihood=likelihood,
        precision=precision,
        num_classes=spec.num_classes,
    )
    table = Mlp((), 2 * latent_dim)  # of a one-hot label: a row of its kernel and a bias
    networks = {**encoder.networks, **decoder.networks}
    if prior == "learned":
        networks["prior"] = lambda key, batch: table.init(key, jnp.zeros((1, spec.num_classes)))

    def p_z(variables, label):
        """Mean and log-variance of p(z|y), [B, latent_dim] each."""
        if prior == "standard":
            return (jnp.zeros((len(label), latent_dim)),) * 2
        one_hot = jnp.eye(spec.num_classes)[label]
        return jnp.split(table.apply(variables["prior"], one_hot), 2, axis=-1)

    def terms(key, variables, x, label):
        q = encoder.posterior(variables, x, label)
        reconstruction = decoder.log_prob(variables, gaussian_sample(key, *q), x, label)
        return reconstruction, gaussian_kl_between(*q, *p_z(variables, label))

    latents = Latents(
        (latent_dim,),
        prior=lambda key, variables, num, label: gaussian_sample(key, *p_z(variables, label)),
        posterior=gaussian_posterior(encoder.posterior),
        log_prior=lambda variables, z, label: gaussian_log_prob(z, *p_z(variables, label)),
        log_likelihood=decoder.log_prob,
        draw=decoder.sample,
        log_factors=decoder.log_factors,
    )
    objective = negative_elbo(spec, terms, condition="label")
    return latent_model(
        spec,
        networks,
        [Player(tuple(networks), objective, optax.adam(learning_rate), name="vae")],
        latents,
        decoder,
        encode=lambda variables, x, label: encoder.posterior(variables, x, label)[0],
        terms=terms,
        importance_samples=importance_samples,
        condition="label",
    )
