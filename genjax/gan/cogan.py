"""CoGAN of Liu and Tuzel, 2016: pairs of two domains, learned from images that are in no pairs.

Two GANs, one a domain, have the first layers of their generators in common and the last ones of their
discriminators, and are given the same z (arXiv:1606.07536, equation 2; f the logits):

    discriminators:  sum over domains d of  softplus(-f_d(x_d)) + softplus(f_d(G_d(z)))
    generators:      sum over domains d of  softplus(-f_d(G_d(z)))

Each domain has its own data, in any order. (G_1(z), G_2(z)) is a pair because what z says is decided in
layers that do not know the domain, and what follows them is too small to say another thing.
"""

import jax.numpy as jnp
import optax

from genjax.core import Aux, Ema, Model, Player, Spec, game
from genjax.gan.domains import find_domains
from genjax.gan.two_players import noise_latents
from genjax.losses import non_saturating
from genjax.nets import (
    CoupledDiscriminator,
    CoupledGenerator,
    check_shared,
    named_noise,
    network,
    num_halvings,
)


def cogan(
    spec: Spec,
    *,
    latent_dim: int = 100,
    prior: str = "uniform",
    width: int | None = None,
    hidden: int | None = None,
    map_channels: int | None = None,
    generator_shared: int | None = None,
    discriminator_shared: int | None = None,
    weight_decay: float = 5e-4,
    learning_rate: float = 2e-4,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """CoGAN (Liu & Tuzel, 2016, arXiv:1606.07536): `sample_pairs` draws two images of one z.

    No term compares the images of a pair, nor those in one row of a minibatch: of paired data
    (`target`) the pairs are not used. `sample` and `decode` give the first domain's (`image`).

    The paper's networks for 28x28 have up to 1024 channels, and a last shared map of 128, which a 6x6
    layer a domain reads. On small images a wide map lets each head draw a content of its own, and
    nothing is paired: here that map has few channels. Convolutions of stride 2 are in the place of max
    pooling. The part for domain adaptation, with labels, is not here.

    Args:
        spec: of images with `unpaired` images of another domain, or with `target`, of the same size.
        latent_dim: numbers in z.
        prior: of z, `uniform` in [-1, 1] or `normal`.
        width: channels of the first discriminator layer, and of the map before the generator's last
            doubling. None: 64 from 32x32 on, 32 below.
        hidden: units of the discriminators' dense layer. None: the paper's 500 from 28x28 on, or 128.
        map_channels: of the last map before the heads. None: the paper's 128 from 64x64 on, 2 below.
        generator_shared: layers of the generators that are common, from the first on; 0 unties them.
            None: all but the heads.
        discriminator_shared: the same of the discriminators, from the last on. None: all but the first.
        weight_decay: of all weights, added to the gradient.
        learning_rate, first_moment: of both Adams.
        ema_decay: of the averaged generators that sample; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for data of one domain, or more shared layers than there are.
    """
    domain = find_domains("cogan", spec, paired=False)
    noise = named_noise(prior, latent_dim)
    side = min(spec.shape[:2])
    width = (64 if side >= 32 else 32) if width is None else width
    hidden = (500 if side >= 28 else 128) if hidden is None else hidden
    map_channels = (128 if side >= 64 else 2) if map_channels is None else map_channels
    num_layers = num_halvings(spec.shape)
    for shared, total in (
        (generator_shared, 1 + num_layers),
        (discriminator_shared, 2 + num_layers),
    ):
        if shared is not None:
            check_shared(shared, total)
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
    shapes = tuple(spec.shape), tuple(domain.shape)
    generator = network(
        CoupledGenerator(*shapes, width, map_channels, generator_shared, dtype),
        jnp.zeros((1, latent_dim)),
    )
    discriminator = network(
        CoupledDiscriminator(width, hidden, num_layers, discriminator_shared, dtype),
        *(jnp.zeros((1, *shape)) for shape in shapes),
    )
    adversary = non_saturating()

    def fakes(key, variables, num):
        return generator.apply(variables["generator"], noise.sample(key, num), train=True)

    def judge(variables, images, train=True):
        heads, _ = discriminator.apply(variables["discriminator"], *images, train=train)
        return [head["logit"] for head in heads]

    def discriminate(key, variables, batch):
        fake, _ = fakes(key, variables, len(batch["image"]))
        real = [2 * batch[entry] - 1 for entry in ("image", domain.entry)]
        on_real, on_fake = judge(variables, real), judge(variables, fake)
        both = list(zip(on_real, on_fake, strict=True))
        metrics = {
            "real_logit": sum(on_real).mean() / 2,
            "fake_logit": sum(on_fake).mean() / 2,
            "accuracy": sum((r > 0).mean() + (f < 0).mean() for r, f in both) / 4,
        }
        return sum(adversary.discriminator(*pair).mean() for pair in both), Aux(metrics)

    def generate(key, variables, batch):
        fake, updates = fakes(key, variables, len(batch["image"]))
        on_fake = judge(variables, fake)
        loss = sum(adversary.generator(logit, logit).mean() for logit in on_fake)
        return loss, Aux({}, {"generator": updates})

    def decode_pair(variables, z):
        images, _ = generator.apply(variables["generator"], z, train=False)
        return tuple(0.5 * (image + 1) for image in images)

    def decode(key, variables, z):
        del key
        return decode_pair(variables, z)[0]

    def sample_pairs(key, variables, num):
        return decode_pair(variables, noise.sample(key, num))

    def sample(key, variables, num, condition=None):
        del condition  # of a class it knows nothing
        return sample_pairs(key, variables, num)[0]

    def evaluate(key, variables, batch):
        del key
        real = [2 * batch[entry] - 1 for entry in ("image", domain.entry)]
        logit, other = judge(variables, real, train=False)
        return {"logit": logit, "other_logit": other}

    def optimizer():
        adam = optax.adam(learning_rate, first_moment)
        return optax.chain(optax.add_decayed_weights(weight_decay), adam)

    return game(
        {"generator": generator.start, "discriminator": discriminator.start},
        [
            Player(("discriminator",), discriminate, optimizer()),
            Player(("generator",), generate, optimizer()),
        ],
        ema=None if ema_decay is None else Ema(("generator",), ema_decay),
        sample=sample,
        decode=decode,
        sample_pairs=sample_pairs,
        evaluate=evaluate,
        latents=noise_latents(noise),
    )
