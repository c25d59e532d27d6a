"""The game of adversarially learned inference: pairs of an example and a code are told apart.

With x a data point and z_x its code, z a draw of the prior and x_z = G(z), f = logit of D:

    D:        -log D(x, z_x) - log(1 - D(x_z, z))
    E and G:  -log(1 - D(x, z_x)) - log D(x_z, z)

E and G are one player: both terms train both. At the optimum the two joint distributions are one, and
E inverts G, although nothing compares x with G(E(x)).
"""

import math

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Ema, Model, Player, Spec, check_name, game
from genjax.gan.networks import chosen, encoder_for, generator_and_discriminator
from genjax.gan.two_players import (
    gaussian_latents,
    generator_functions,
    network_range,
    noise_latents,
)
from genjax.losses import gaussian_sample, logit_metrics, non_saturating
from genjax.nets import JointDiscriminator, named_noise, network


def joint_inference(
    spec: Spec,
    *,
    stochastic: bool,
    latent_dim: int,
    prior: str,
    optimizer: optax.GradientTransformation,
    discriminator_optimizer: optax.GradientTransformation,
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    maxout_pieces: int = 1,
    input_dropout_rate: float = 0.0,
    dropout_rate: float = 0.0,
    norm: str = "batch",
    discriminator_norm: str = "none",
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """The Model of that game; a round is a turn of D, then one of E and G, each on draws of its own.

    `encode` gives the code without noise, `decode` is G; `evaluate` gives each example's `logit` of
    (x, z_x) and `squared_error`, the mean over its elements of (x - G(E(x)))^2, in the data's range.

    Args:
        spec: of vectors or images; bits and images in [0, 1].
        stochastic: whether z_x is a draw of N(mu(x), sigma(x)^2), reparametrised, or mu(x).
        latent_dim, prior: as in `named_noise`.
        optimizer: of E and G.
        discriminator_optimizer: of D.
        architecture, hidden, width: as in `generator_and_discriminator`; D's dense layers, after the
            convolutions of DCGAN, have these `hidden` too. None: (1024, 1024) from 28x28 on.
        norm: of E and G, `batch` or `none`.
        maxout_pieces, input_dropout_rate, dropout_rate, discriminator_norm: of D, see
            `JointDiscriminator`.
        ema_decay: of averaged E and G, which sample and encode; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for an unknown name, or DCGAN for what is no image.
    """
    check_name("norm", norm, ("batch", "none"))
    noise = named_noise(prior, latent_dim)
    if hidden is None and math.prod(spec.shape) >= 784:
        hidden = (1024, 1024)  # of BiGAN for MNIST, and of ALI's D
    architecture, hidden, width = chosen(spec, architecture, hidden, width)
    look = {"architecture": architecture, "hidden": hidden, "width": width, "precision": precision}
    encoder = encoder_for(spec, latent_dim * (2 if stochastic else 1), norm=norm, **look)
    generator, _ = generator_and_discriminator(
        spec, latent_dim, mlp_batch_norm=norm == "batch", generator_norm=norm, **look
    )
    convolutional = architecture == "dcgan"
    judge_of_both = JointDiscriminator(
        hidden,
        hidden if convolutional else (),
        width if convolutional else 0,
        discriminator_norm,
        maxout_pieces,
        input_dropout_rate,
        dropout_rate,
        jnp.bfloat16 if precision == "bf16" else jnp.float32,
    )
    discriminator = network(judge_of_both, jnp.zeros((1, *spec.shape)), jnp.zeros((1, latent_dim)))
    inward, _ = network_range(spec)
    adversary = non_saturating()

    def moments(variables, x, train=False):
        """(mean, log-variance or None), and the updates."""
        codes, updates = encoder.apply(variables["encoder"], inward(x), train=train)
        return (jnp.split(codes, 2, axis=1) if stochastic else (codes, None)), updates

    def read(key, variables, x, train=False):
        (mean, log_variance), updates = moments(variables, x, train)
        return (gaussian_sample(key, mean, log_variance) if stochastic else mean), updates

    def judged(key, variables, batch):
        """Logits of (x, z_x) and (x_z, z), updates of the discriminator, of the others."""
        key_code, key_latents, key_data, key_fake = jax.random.split(key, 4)
        x = batch[spec.entry]
        z_x, of_encoder = read(key_code, variables, x, train=True)
        z = noise.sample(key_latents, len(x))
        x_z, of_generator = generator.apply(variables["generator"], z, train=True)
        own = variables["discriminator"]
        on_data, updates = discriminator.apply(own, inward(x), z_x, train=True, key=key_data)
        own = {**own, **updates}  # one after the other: their batch statistics do not mix
        on_prior, updates = discriminator.apply(own, x_z, z, train=True, key=key_fake)
        logits = [heads["logit"] for heads in (on_data, on_prior)]
        others = {"encoder": of_encoder, "generator": of_generator}
        return *logits, {"discriminator": updates}, others

    def discriminate(key, variables, batch):
        on_data, on_prior, updates, _ = judged(key, variables, batch)
        loss = adversary.discriminator(on_data, on_prior).mean()
        return loss, Aux(logit_metrics(on_data, on_prior), updates)

    def infer_and_generate(key, variables, batch):
        on_data, on_prior, _, updates = judged(key, variables, batch)
        # The discriminator's loss with the sides exchanged, whole: E is to look like the prior's side.
        return adversary.discriminator(on_prior, on_data).mean(), Aux({}, updates)

    def encode(key, variables, x):
        del key
        return moments(variables, x)[0][0]

    def evaluate(key, variables, batch):
        x = batch[spec.entry]
        z_x, _ = read(key, variables, x)
        heads, _ = discriminator.apply(variables["discriminator"], inward(x), z_x, train=False)
        error = squared_error(x, decode(None, variables, encode(None, variables, x)))
        return {"logit": heads["logit"], "squared_error": error}

    decode, sample = generator_functions(spec, generator, noise)
    if stochastic:
        latents = gaussian_latents(noise, lambda variables, x: tuple(moments(variables, x)[0]))
    else:
        point = lambda key, variables, x: (encode(key, variables, x), None)
        latents = noise_latents(noise)._replace(posterior=point)
    if prior != "normal":
        latents = latents._replace(moments=None)
    both = ("encoder", "generator")
    return game(
        {
            "encoder": encoder.start,
            "generator": generator.start,
            "discriminator": discriminator.start,
        },
        [
            Player(("discriminator",), discriminate, discriminator_optimizer),
            Player(both, infer_and_generate, optimizer),
        ],
        ema=None if ema_decay is None else Ema(both, ema_decay),
        sample=sample,
        encode=encode,
        decode=decode,
        evaluate=evaluate,
        latents=latents,
    )


def squared_error(x: jax.Array, y: jax.Array) -> jax.Array:
    """Mean over the elements of each example of (x - y)^2: [B, ...] twice to [B]."""
    return jnp.square(x - y).reshape(len(x), -1).mean(1)
