"""Wasserstein GAN of Arjovsky, Chintala and Bottou, 2017 (arXiv:1701.07875).

    critic:     minimises E_z[f(G(z))] - E_x[f(x)], its weights clipped into [-c, c] after every turn
    generator:  minimises -E_z[f(G(z))]

Where f may be any K-Lipschitz function, the critic's optimum is K times the earth mover's distance of
data and model, which falls as samples get better; K is not known.
"""

import jax.numpy as jnp
import optax

from genjax.core import Model, Spec
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.two_players import two_players
from genjax.losses import clip_parameters, wasserstein
from genjax.nets import named_noise

_BURST, _FIRST_ROUNDS, _EVERY = 100, 25, 500  # the authors' code


def wgan(
    spec: Spec,
    *,
    clip: float = 0.01,
    critic_turns: int = 5,
    bursts: bool = False,
    latent_dim: int = 100,
    prior: str = "normal",
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    learning_rate: float = 5e-5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """WGAN with clipped weights (Arjovsky, Chintala & Bottou, 2017, arXiv:1701.07875).

    RMSProp, for momentum made the critic unstable (section 4.3). The critic here is not normalised: a
    clipped gain of 0.01 would shrink its signal layer by layer (the authors' DCGAN keeps batch norm).

    Args:
        spec: of vectors or images; bits and images in [0, 1].
        clip: c.
        critic_turns: minibatches of the critic in a round.
        bursts: whether it takes 100 turns in the first 25 rounds and in every 500th, as in the authors'
            code: the first ones are then near its optimum. A round then holds 100 minibatches.
        latent_dim: numbers in z.
        prior: of z, `normal` or `uniform`.
        architecture: `mlp`, `dcgan`, or none to choose by the data.
        hidden: widths of an MLP's hidden layers; the authors' have 512. By the data if not given.
        width: of DCGAN; by the size of the image if not given.
        learning_rate: of both RMSProps.
        ema_decay: of the averaged generator that samples; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for a clip that is not positive, an unknown name, or DCGAN for what is no image.
    """
    generator, critic = generator_and_discriminator(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        width=width,
        discriminator_norm="none",
        precision=precision,
    )

    def turns(step):
        burst = (step < _FIRST_ROUNDS) | (step % _EVERY == 0)
        return jnp.where(burst, _BURST, critic_turns)

    optimizer = optax.rmsprop(learning_rate, decay=0.99)
    return two_players(
        spec,
        generator,
        critic,
        named_noise(prior, latent_dim),
        adversary=wasserstein(),
        generator_optimizer=optimizer,
        discriminator_optimizer=optax.chain(optimizer, clip_parameters(clip)),
        discriminator_turns=turns if bursts else critic_turns,
        max_discriminator_turns=max(_BURST, critic_turns) if bursts else None,
        ema_decay=ema_decay,
    )
