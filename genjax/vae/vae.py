"""The variational autoencoder of Kingma and Welling, 2013, "Auto-Encoding Variational Bayes".

An encoder q(z|x) = N(z; mu(x), diag sigma^2(x)) and a decoder p(x|z), trained as one player:

    loss = -E_q[log p(x|z)] + KL(q(z|x) || N(0, I)),  z = mu + sigma epsilon,  epsilon ~ N(0, I)

(arXiv:1312.6114, equations 7, 8 and 10), per example in nats, summed over pixels, mean over the batch.
"""

import optax

from genjax.core import Model, Player, Spec, check_name
from genjax.vae.latent_model import (
    analytic_terms,
    gaussian_latents,
    latent_model,
    negative_elbo,
    sampled_terms,
)
from genjax.vae.networks import gaussian_encoder_and_decoder


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
        architecture: `mlp` (the paper's, tanh), `gated` (dense layers with gates) or `conv` (images;
            stride-2 convolutions, ReLU).
        hidden: widths of the hidden layers, mirrored in the decoder: dense layers, or channels of the
            convolutions of `conv`. None: (500,) from 784 inputs on and (200,) below, as the paper
            has it for MNIST and Frey Face; (300, 300) for `gated`, (100, 100) below 560 inputs;
            (32, 64) for `conv`.
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
    encoder, decoder = gaussian_encoder_and_decoder(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        likelihood=likelihood,
        variance=variance,
        initial_std=initial_std,
        precision=precision,
    )
    check_name("kl", kl, ("analytic", "sampled"))
    optimizers = {"adam": optax.adam, "adagrad": optax.adagrad}
    check_name("optimizer", optimizer, tuple(optimizers))
    latents = gaussian_latents(encoder, decoder, latent_dim)
    terms = analytic_terms(encoder, decoder) if kl == "analytic" else sampled_terms(latents)
    networks = {**encoder.networks, **decoder.networks}
    bound = negative_elbo(spec, terms)

    def objective(key, variables, batch):
        loss, aux = bound(key, variables, batch)
        if weight_decay:
            params = {name: variables[name]["params"] for name in networks}
            loss += 0.5 * weight_decay * optax.tree.norm(params, squared=True)
        return loss, aux

    player = Player(tuple(networks), objective, optimizers[optimizer](learning_rate), name="vae")
    return latent_model(
        spec,
        networks,
        [player],
        latents,
        decoder,
        encode=lambda variables, x: encoder.posterior(variables, x)[0],
        terms=terms,
        importance_samples=importance_samples,
        importance_chunk=importance_chunk,
        pixel_noise=pixel_noise,
    )
