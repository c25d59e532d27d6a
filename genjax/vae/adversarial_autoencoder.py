"""The adversarial autoencoder of Makhzani, Shlens, Jaitly, Goodfellow and Frey, 2015.

An autoencoder whose codes a discriminator D tells from draws of a prior p(z) = N(0, sigma^2 I), and
whose encoder learns to be taken for the prior. A game of three (arXiv:1511.05644, section 2):

    autoencoder:    E |x - decoder(encoder(x))|^2               by encoder and decoder
    discriminator:  -E_p[log D(z)] - E_x[log(1 - D(encoder(x)))]     by D
    generator:      -E_x[log D(encoder(x))]                     by the encoder (non-saturating)

in that order, a turn each: the paper's reconstruction phase, then its regularisation phase.
"""

import flax.linen as nn
import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Player, Spec, check_at_least
from genjax.nets import Mlp
from genjax.vae.deterministic import autoencoder, autoencoder_model


def adversarial_autoencoder(
    spec: Spec,
    *,
    latent_dim: int = 8,
    prior_std: float = 1.0,
    architecture: str = "mlp",
    hidden: tuple[int, ...] | None = None,
    discriminator_width: int = 200,
    learning_rate: float = 2e-4,
    discriminator_learning_rate: float = 2e-4,
    generator_learning_rate: float = 2e-4,
    precision: str = "float32",
) -> Model:
    """Adversarial autoencoder (Makhzani et al., 2015, arXiv:1511.05644), of a deterministic encoder.

    No likelihood: `log_prob` is None, and the decoder's output is the example. `evaluate` gives
    `squared_error` and `prior_logit`, by the discriminator the log-odds that a code is a draw of the
    prior: 0 where it cannot tell, and log p(z) / q(z) at its optimum.

    The paper trains by gradient descent with momentum; here each player has an Adam, those of the
    adversaries with a first moment of 0.5. The three rates are equal: a faster autoencoder keeps its
    codes off the prior.

    Args:
        spec: of vectors, or images in [0, 1].
        latent_dim: numbers in a code; the paper has 8 for MNIST, 15 for faces.
        prior_std: sigma, standard deviation of the prior; the paper has 5 for MNIST, 10 for faces.
        discriminator_width: units in each of the discriminator's two hidden layers; the paper's 1000.
        learning_rate: of the autoencoder.
        discriminator_learning_rate: of the discriminator.
        generator_learning_rate: of the encoder as it plays the generator.
        architecture, hidden, precision: as in `vae`.

    Raises:
        ValueError: for no unit, or what does not fit.
    """
    check_at_least(1, discriminator_width=discriminator_width)
    parts = autoencoder(
        spec,
        latent_dim,
        prior_std=prior_std,
        architecture=architecture,
        hidden=hidden,
        precision=precision,
    )
    discriminator = Mlp(
        (discriminator_width,) * 2,
        1,
        activation=nn.relu,
        dtype=jnp.bfloat16 if precision == "bf16" else jnp.float32,
    )

    def prior_logit(variables, z):
        """log-odds that z is a draw of the prior, [B]; in units of it, whatever its deviation."""
        logits = discriminator.apply(variables["discriminator"], z / prior_std)
        return logits[:, 0].astype(jnp.float32)

    def reconstruct(key, variables, batch):
        x = batch[spec.entry]
        error = parts.squared_error(variables, parts.encode(variables, x), x)
        return error.mean(), Aux()

    def discriminate(key, variables, batch):
        codes = parts.encode(variables, batch[spec.entry])
        on_draws = prior_logit(variables, parts.prior(key, len(codes)))
        on_codes = prior_logit(variables, codes)
        loss = (nn.softplus(-on_draws) + nn.softplus(on_codes)).mean()  # log 4 where it is fooled
        return loss, Aux({"accuracy": 0.5 * ((on_draws > 0).mean() + (on_codes < 0).mean())})

    def generate(key, variables, batch):
        codes = parts.encode(variables, batch[spec.entry])
        return nn.softplus(-prior_logit(variables, codes)).mean(), Aux()

    adversary = lambda rate: optax.adam(rate, b1=0.5)
    return autoencoder_model(
        spec,
        parts,
        latent_dim,
        [
            Player(
                ("encoder", "decoder"), reconstruct, optax.adam(learning_rate), name="autoencoder"
            ),
            Player(("discriminator",), discriminate, adversary(discriminator_learning_rate)),
            Player(("encoder",), generate, adversary(generator_learning_rate), name="generator"),
        ],
        {"discriminator": lambda key, batch: discriminator.init(key, jnp.zeros((1, latent_dim)))},
        lambda variables, z: {"prior_logit": prior_logit(variables, z)},
    )
