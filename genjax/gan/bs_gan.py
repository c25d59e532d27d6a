"""BGAN of Hjelm et al., 2018: a generator of discrete examples, taught by importance weights.

A discriminator's logit is f = log p / q at its optimum, so that e^f turns fakes into data. The
generator gives the parameters of g(x | z), of independent elements; of M examples drawn for each z
(arXiv:1702.08431)

    D minimises  E[-log D(x)] + E[-log(1 - D(x~))],            x~ ~ g(. | z)
    G minimises  -E_z sum_m w_m log g(x_m | z),                w = softmax over m of f(x_m), as it is

No gradient passes through examples. The continuous form, for what is no count, is a GAN whose generator
minimises f^2 / 2: it seeks the boundary where D is 1/2.
"""

import jax
import optax

from genjax.core import Aux, Ema, Model, Player, Spec, game
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.two_players import network_range, noise_latents, two_players
from genjax.losses import (
    bernoulli,
    boundary_seeking,
    categorical,
    effective_sample_size,
    importance_weighted_log_prob,
    importance_weights,
    logit_metrics,
)
from genjax.nets import named_noise


def bs_gan(
    spec: Spec,
    *,
    discrete: bool | None = None,
    num_draws: int = 20,
    latent_dim: int = 64,
    prior: str = "normal",
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    learning_rate: float = 1e-4,
    discriminator_learning_rate: float | None = None,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """Boundary-seeking GAN (Hjelm, Jacob, Che, Trischler, Cho & Bengio, 2018, arXiv:1702.08431).

    In the discrete form `sample` draws bits or levels, `decode` gives their means, and
    `latents.log_likelihood` is log g(x | z), so that the likelihood of data can be estimated. The
    metric `effective_draws` is 1 / sum_m w_m^2, from 1 (one draw has all the weight) to M.

    The weights are normalised over the draws of each z. So g, whose elements are independent given z,
    learns from how good a draw is among its like alone: where no element by itself says anything of
    that (parity), there is no gradient. The form by the score function, with one normaliser that is a
    running mean, is not here. The discriminator has no batch norm, which would mix the draws.

    Args:
        spec: of vectors or images; bits, levels and images in [0, 1].
        discrete: whether g is a distribution of levels: Bernoulli of two, categorical of more (the
            paper has 16). None: of bits; other data takes the continuous form.
        num_draws: M.
        latent_dim: numbers in z.
        prior: of z, `normal` or `uniform` in [-1, 1].
        architecture: `mlp`, `dcgan` (the paper's), or none to choose by the data.
        hidden: widths of the MLPs' hidden layers; by the data if not given.
        width: of DCGAN; by the size of the image if not given.
        learning_rate, first_moment: of both Adams.
        discriminator_learning_rate: of the discriminator's, if it differs.
        ema_decay: of the averaged generator that samples; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for fewer than 2 draws, the discrete form of continuous data, an unknown name, or
            DCGAN for what is no image.
    """
    if num_draws < 2:
        raise ValueError(
            f"num_draws must be at least 2, for weights are of draws compared, got {num_draws}"
        )
    if discrete and spec.num_levels is None:
        raise ValueError(
            "bs_gan's discrete form needs data of counted levels, and this is continuous: leave "
            "discrete out"
        )
    counts = spec.num_levels == 2 if discrete is None else discrete
    likelihood = None
    if counts:
        likelihood = bernoulli() if spec.num_levels == 2 else categorical(spec.num_levels)
    num_parameters = likelihood.num_parameters if counts else 0
    look = {"architecture": architecture, "hidden": hidden, "width": width, "precision": precision}
    generator, discriminator = generator_and_discriminator(
        spec, latent_dim, discriminator_norm="none", num_parameters=num_parameters, **look
    )
    noise = named_noise(prior, latent_dim)
    rate = learning_rate if discriminator_learning_rate is None else discriminator_learning_rate
    generator_optimizer = optax.adam(learning_rate, first_moment)
    discriminator_optimizer = optax.adam(rate, first_moment)
    adversary = boundary_seeking()
    if not counts:
        return two_players(
            spec,
            generator,
            discriminator,
            noise,
            adversary=adversary,
            generator_optimizer=generator_optimizer,
            discriminator_optimizer=discriminator_optimizer,
            ema_decay=ema_decay,
        )
    inward, _ = network_range(spec)
    shape = likelihood.parameter_shape(tuple(spec.shape))

    def parameters(key, variables, z, train):
        """Of g(x | z), [B, *shape, P], and the generator's updates."""
        out, updates = generator.apply(variables["generator"], z, train=train, key=key)
        return out.reshape(len(z), *shape), updates

    def judge(key, variables, x, train=True):
        heads, _ = discriminator.apply(variables["discriminator"], inward(x), train=train, key=key)
        return heads["logit"]

    def discriminate(key, variables, batch):
        key_latents, key_network, key_draw, key_real, key_fake = jax.random.split(key, 5)
        real = batch[spec.entry]
        z = noise.sample(key_latents, len(real))
        of_fakes, _ = parameters(key_network, variables, z, train=True)
        fake = likelihood.sample(key_draw, of_fakes)
        on_real, on_fake = judge(key_real, variables, real), judge(key_fake, variables, fake)
        loss = adversary.discriminator(on_real, on_fake).mean()
        return loss, Aux(logit_metrics(on_real, on_fake))

    def generate(key, variables, batch):
        key_latents, key_network, key_draw, key_judge = jax.random.split(key, 4)
        num = len(batch[spec.entry])
        z = noise.sample(key_latents, num)
        of_fakes, updates = parameters(key_network, variables, z, train=True)
        keys = jax.random.split(key_draw, num_draws)
        x = jax.vmap(lambda key: likelihood.sample(key, of_fakes))(keys)
        x = jax.lax.stop_gradient(x)
        log_probs = jax.vmap(lambda x: likelihood.log_prob(of_fakes, x))(x)
        logits = judge(key_judge, variables, x.reshape(-1, *spec.shape)).reshape(num_draws, num)
        loss = importance_weighted_log_prob(logits, log_probs).mean()
        draws = effective_sample_size(importance_weights(logits)).mean()
        return loss, Aux({"effective_draws": draws}, {"generator": updates})

    def decode(key, variables, z):
        return likelihood.mean(parameters(key, variables, z, train=False)[0])

    def draw(key, variables, z):
        key_network, key_draw = jax.random.split(key)
        return likelihood.sample(key_draw, parameters(key_network, variables, z, train=False)[0])

    def sample(key, variables, num, condition=None):
        del condition  # there is none
        key_latents, key_draw = jax.random.split(key)
        return draw(key_draw, variables, noise.sample(key_latents, num))

    def log_likelihood(variables, z, x):
        return likelihood.log_prob(parameters(None, variables, z, train=False)[0], x)

    def evaluate(key, variables, batch):
        return {"logit": judge(key, variables, batch[spec.entry], train=False)}

    return game(
        {"generator": generator.start, "discriminator": discriminator.start},
        [
            Player(("discriminator",), discriminate, discriminator_optimizer),
            Player(("generator",), generate, generator_optimizer),
        ],
        ema=None if ema_decay is None else Ema(("generator",), ema_decay),
        sample=sample,
        decode=decode,
        evaluate=evaluate,
        latents=noise_latents(noise)._replace(log_likelihood=log_likelihood, draw=draw),
    )
