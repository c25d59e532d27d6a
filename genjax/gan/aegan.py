"""AEGAN of Luo et al., 2017: a trained generator is inverted by the encoder of an autoencoder.

A curriculum of two (arXiv:1703.10094). First any GAN; then its generator G stands still, as the decoder
of an autoencoder whose encoder, the inverse generator, learns to reconstruct what G makes:

    encoder minimises  E_z |G(E(G(z))) - G(z)|^2

The distance is of images. That of codes, |E(G(z)) - z|^2, asks for more than can be had where G maps
different z to one image.
"""

import optax

from genjax.core import Aux, Player, Spec, Stage, carry_over, check_at_least, check_name, game
from genjax.gan.joint_inference import squared_error
from genjax.gan.networks import chosen, encoder_for, generator_and_discriminator
from genjax.gan.two_players import generator_functions, network_range, noise_latents, two_players
from genjax.losses import non_saturating
from genjax.nets import named_noise

DISTANCES = ("image", "code")


def aegan(
    spec: Spec,
    *,
    gan_rounds: int = 10_000,
    distance: str = "image",
    latent_dim: int = 100,
    prior: str = "uniform",
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    learning_rate: float = 2e-4,
    first_moment: float = 0.5,
    encoder_learning_rate: float = 1e-3,
    precision: str = "float32",
) -> tuple[Stage, ...]:
    """AEGAN (Luo, Xu, Tang & Lv, 2017, arXiv:1703.10094): codes of images, by a generator's inverse.

    The encoder never sees data: what it is given and what it is to give back are both G's. `evaluate`
    gives `squared_error`, the mean over an example's elements of (x - G(E(x)))^2, and `negative_error`,
    which chooses the checkpoint.

    The GAN is DCGAN, as in the paper, of images from 12x12 on; the encoder is its discriminator's trunk
    with a linear head. No code of the authors is known: the encoder's rate and the lengths of the
    stages are not theirs.

    Args:
        spec: of vectors or images; bits and images in [0, 1].
        gan_rounds: of the first stage; the second takes what is left of the run.
        distance: `image`, or `code` for the regression of z, to see what it lacks.
        latent_dim: numbers in z.
        prior: of z, `uniform` in [-1, 1] or `normal`.
        architecture: `mlp`, `dcgan` or none to choose by the data.
        hidden: widths of the MLPs' hidden layers; by the data if not given.
        width: of DCGAN; by the size of the image if not given.
        learning_rate, first_moment: of the GAN's Adams.
        encoder_learning_rate: of the encoder's Adam.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for an unknown name, no round, or DCGAN for what is no image.
    """
    check_name("distance", distance, DISTANCES)
    check_at_least(1, gan_rounds=gan_rounds)
    noise = named_noise(prior, latent_dim)
    architecture, hidden, width = chosen(spec, architecture, hidden, width)
    look = {"architecture": architecture, "hidden": hidden, "width": width, "precision": precision}
    generator, discriminator = generator_and_discriminator(spec, latent_dim, **look)
    norm = "batch" if architecture == "dcgan" else "none"
    encoder = encoder_for(spec, latent_dim, norm=norm, **look)
    inward, _ = network_range(spec)
    decode, sample = generator_functions(spec, generator, noise)

    def read(variables, x, train):
        """Codes of x, in the networks' range, and the updates."""
        return encoder.apply(variables["encoder"], x, train=train)

    def generated(variables, z):
        return generator.apply(variables["generator"], z, train=False)[0]

    def invert(key, variables, batch):
        z = noise.sample(key, len(batch[spec.entry]))
        x = generated(variables, z)
        code, updates = read(variables, x, True)
        of_images = squared_error(generated(variables, code), x).mean()
        of_codes = squared_error(code, z).mean()
        loss = of_images if distance == "image" else of_codes
        return loss, Aux({"image": of_images, "code": of_codes}, {"encoder": updates})

    def encode(key, variables, x):
        del key
        return read(variables, inward(x), False)[0]

    def evaluate(key, variables, batch):
        x = batch[spec.entry]
        error = squared_error(x, decode(None, variables, encode(None, variables, x)))
        return {"squared_error": error, "negative_error": -error}

    optimizer = optax.adam(learning_rate, first_moment)
    adversarial = two_players(
        spec,
        generator,
        discriminator,
        noise,
        adversary=non_saturating(),
        generator_optimizer=optimizer,
        discriminator_optimizer=optimizer,
    )
    inverse = game(
        {"encoder": encoder.start, "generator": generator.start},
        [Player(("encoder",), invert, optax.adam(encoder_learning_rate))],
        sample=sample,
        encode=encode,
        decode=decode,
        evaluate=evaluate,
        select="negative_error",
        latents=noise_latents(noise),
    )

    return Stage(adversarial, gan_rounds), Stage(inverse, None, carry_over(inverse))
