"""The beta-TCVAE of Chen, Li, Grosse and Duvenaud, 2018 (arXiv:1802.04942).

The KL of the bound is the sum of what the code tells of the example, the total correlation of its
dimensions, and each dimension's own divergence; only the second is what entangles them:

    loss = -E_q[log p(x|z)] + alpha I(z; n) + beta KL(q(z) || prod_d q(z_d))
           + gamma sum_d KL(q(z_d) || p(z_d))

(equation 4), with q(z), the mean of the posteriors of all examples, estimated from the minibatch.
"""

import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Player, Spec
from genjax.losses import gaussian_sample, kl_terms
from genjax.vae.latent_model import analytic_terms, gaussian_latents, latent_model
from genjax.vae.networks import gaussian_encoder_and_decoder


def beta_tc_vae(
    spec: Spec,
    *,
    beta: float = 6.0,
    alpha: float = 1.0,
    gamma: float = 1.0,
    num_examples: int | None = None,
    stratified: bool = False,
    latent_dim: int = 10,
    architecture: str = "mlp",
    hidden: tuple[int, ...] | None = None,
    likelihood: str | None = None,
    learning_rate: float = 1e-3,
    importance_samples: int = 1000,
    precision: str = "float32",
) -> Model:
    """beta-TCVAE (Chen et al., 2018, arXiv:1802.04942).

    `evaluate` is of the plain bound. The estimate of q(z) is from the minibatch at hand, so a larger
    one serves it; where devices train on shares of their own (pmap), each takes its share.

    Args:
        spec: of vectors, or images in [0, 1].
        beta: weight of the total correlation; 6 for the paper's dSprites.
        alpha: weight of the mutual information.
        gamma: weight of the dimension-wise KL.
        num_examples: size of the training set, for the reported terms, and for the stratified estimate;
            None takes the minibatch for the whole.
        stratified: whether minibatches are weighed by the paper's stratified sampling (Appendix C.2).
        latent_dim: dimensions of z.
        architecture, hidden, likelihood, learning_rate, importance_samples, precision: as in `vae`.

    Raises:
        ValueError: if the stratified estimate is not told the number of examples, or for what `vae`
            refuses.
    """
    if stratified and num_examples is None:
        raise ValueError("stratified needs num_examples, the size of the training set")
    encoder, decoder = gaussian_encoder_and_decoder(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        likelihood=likelihood,
        precision=precision,
    )

    def objective(key, variables, batch):
        x = batch[spec.entry]
        mean, log_variance = encoder.posterior(variables, x)
        z = gaussian_sample(key, mean, log_variance)
        reconstruction = decoder.log_prob(variables, z, x).mean()
        terms = kl_terms(z, mean, log_variance, num_examples=num_examples, stratified=stratified)
        information, correlation, divergence = (term.mean() for term in terms)
        loss = alpha * information + beta * correlation + gamma * divergence - reconstruction
        metrics = {name: jnp.mean(term) for name, term in terms._asdict().items()}
        elbo = reconstruction - information - correlation - divergence
        return loss, Aux({"elbo": elbo, "reconstruction": reconstruction, **metrics})

    networks = {**encoder.networks, **decoder.networks}
    return latent_model(
        spec,
        networks,
        [Player(tuple(networks), objective, optax.adam(learning_rate), name="vae")],
        gaussian_latents(encoder, decoder, latent_dim),
        decoder,
        encode=lambda variables, x: encoder.posterior(variables, x)[0],
        terms=analytic_terms(encoder, decoder),
        importance_samples=importance_samples,
    )
