"""BEGAN of Berthelot, Schumm and Metz, 2017: an autoencoder judges, and a controller keeps the balance.

With L(v) = mean |v - D(v)|, the error of an autoencoder D (arXiv:1703.10717, section 3.3):

    D minimises  E L(x) - k E L(G(z))
    G minimises  E L(G(z))
    k moves by   lambda_k (gamma E L(x) - E L(G(z))), kept in [0, 1]

so that E L(G(z)) / E L(x) comes to rest at gamma: lower for good pictures, higher for diverse ones. The
measure M = E L(x) + |gamma E L(x) - E L(G(z))| falls as the game goes on.
"""

import jax.numpy as jnp
import optax

from genjax.core import Aux, Ema, Model, Player, Spec, check_above, game
from genjax.gan.autoencoding import generator_and_autoencoder
from genjax.gan.two_players import generator_functions, network_range, noise_latents
from genjax.losses import convergence_measure, next_fake_weight, reconstruction_energy
from genjax.nets import uniform_noise


def began(
    spec: Spec,
    *,
    diversity_ratio: float = 0.5,
    controller_rate: float = 1e-3,
    exponent: float = 1.0,
    latent_dim: int = 64,
    code_dim: int | None = None,
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    learning_rate: float = 1e-4,
    first_moment: float = 0.5,
    halve_every: int = 100_000,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """BEGAN (Berthelot, Schumm & Metz, 2017, arXiv:1703.10717).

    `evaluate` gives the `energy` L of each example. Metrics of the discriminator's turn are
    `real_energy`, `fake_energy`, their `ratio`, `fake_weight` (k) and `convergence` (M).

    The paper halves the rates where M stalls; a well-known port does so every 100,000 rounds, and so is
    it here. k moves at the end of the discriminator's turn, by the energies of its minibatch, so that
    both are of one step; in the port the fakes' is of the generator's turn. Neither network is bounded:
    samples are cut off at the ends of the data's range.

    Args:
        spec: of vectors or images; bits and images in [0, 1].
        diversity_ratio: gamma, above 0; the paper's figures have 0.3 to 0.7.
        controller_rate: lambda_k; runs of a few thousand rounds need some 20 times the paper's.
        exponent: eta of the error, 1 or 2.
        latent_dim: numbers in z, uniform in [-1, 1].
        code_dim: numbers in the autoencoder's code; None: as many, as in the paper.
        architecture: `mlp`, `conv` (the paper's), or none to choose by the data.
        hidden: widths of the MLP encoder; the decoders mirror it. By the data if not given.
        width: n of the convolutions; by the size of the image if not given.
        learning_rate, first_moment: of both Adams.
        halve_every: rounds.
        ema_decay: of the averaged generator that samples; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for a ratio, rate or number of rounds that is not above 0, or an architecture that
            does not fit.
    """
    check_above(
        0, diversity_ratio=diversity_ratio, controller_rate=controller_rate, halve_every=halve_every
    )
    generator, discriminator = generator_and_autoencoder(
        spec,
        latent_dim,
        code_dim or latent_dim,
        architecture=architecture,
        hidden=hidden,
        width=width,
        precision=precision,
    )
    noise = uniform_noise(latent_dim)
    inward, _ = network_range(spec)
    decode, sample = generator_functions(spec, generator, noise)
    rate = optax.exponential_decay(learning_rate, halve_every, 0.5, staircase=True)

    def fakes(key, variables, num, train=True):
        return generator.apply(variables["generator"], noise.sample(key, num), train=train)[0]

    def energies(variables, x):
        heads, _ = discriminator.apply(variables["discriminator"], x, train=True)
        return reconstruction_energy(x, heads["reconstruction"], exponent=exponent)

    def discriminate(key, variables, batch):
        x = inward(batch[spec.entry])
        real = energies(variables, x).mean()
        fake = energies(variables, fakes(key, variables, len(x))).mean()
        weight = variables["extra"]["fake_weight"]
        moved = next_fake_weight(weight, real, fake, ratio=diversity_ratio, rate=controller_rate)
        metrics = {
            "real_energy": real,
            "fake_energy": fake,
            "ratio": fake / jnp.maximum(real, 1e-12),
            "fake_weight": weight,
            "convergence": convergence_measure(real, fake, ratio=diversity_ratio),
        }
        return real - weight * fake, Aux(metrics, {"extra": {"fake_weight": moved}})

    def generate(key, variables, batch):
        return energies(variables, fakes(key, variables, len(batch[spec.entry]))).mean(), Aux()

    def evaluate(key, variables, batch):
        return {"energy": energies(variables, inward(batch[spec.entry]))}

    return game(
        {
            "generator": generator.start,
            "discriminator": discriminator.start,
            "extra": lambda key, batch: {"fake_weight": jnp.zeros(())},
        },
        [
            Player(("discriminator",), discriminate, optax.adam(rate, first_moment)),
            Player(("generator",), generate, optax.adam(rate, first_moment)),
        ],
        ema=None if ema_decay is None else Ema(("generator",), ema_decay),
        sample=sample,
        decode=decode,
        evaluate=evaluate,
        latents=noise_latents(noise),
    )
