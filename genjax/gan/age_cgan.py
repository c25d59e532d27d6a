"""Age-cGAN of Antipov et al., 2017: a face at another age, and still the same person.

A curriculum (arXiv:1702.01983). A conditional GAN learns p(x | y), y the age group; then an encoder E
learns, with G fixed, to read z off G's own images, of which alone z is known:

    E minimises  E_{z, y} |E(G(z, y)) - z|^2

A face x of age y is inverted by descent from E's guess, with a face recognition network FR that is
fixed, and then drawn at another age:

    z* = argmin_z |FR(G(z, y)) - FR(x)|,  from z_0 = E(x);    x' = G(z*, y')

There is no auxiliary classifier: this is not AC-GAN.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Player, Spec, Stage, carry_over, check_at_least, check_name, game
from genjax.gan.joint_inference import squared_error
from genjax.gan.latent_search import latent_search
from genjax.gan.networks import generator_and_discriminator, reader
from genjax.gan.recognition import norm, recognition_game
from genjax.gan.two_players import network_range, two_players
from genjax.losses import non_saturating
from genjax.nets import normal_noise

SEARCHES = ("identity", "pixels")


def age_cgan(
    spec: Spec,
    *,
    latent_dim: int = 100,
    identity_rounds: int = 1000,
    adversarial_rounds: int = 10_000,
    identity_features: Callable[[jax.Array], jax.Array] | None = None,
    search: str = "identity",
    search_steps: int = 300,
    search_learning_rate: float = 0.05,
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    learning_rate: float = 2e-4,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> tuple[Stage, ...]:
    """Age-cGAN (Antipov, Baccouche & Dugelay, 2017, arXiv:1702.01983); `condition` is the age group.

    `search` gives z* of a face and its age, `encode` z_0, and `decode` draws either at any age. The
    paper trains the GAN for 100 epochs of 110,000 faces and E on 100,000 pairs, and takes FaceNet as
    FR. Here FR is learned first, as a classifier of the persons that the entry `identity` (one-hot)
    names, whose last features are compared; or it is given. The paper's descent is L-BFGS of 50
    iterations, here it is Adam. The label enters G beside z and D beside the image, nowhere else.

    `evaluate` gives `identity_distance` and `squared_error` (a mean over pixels) of G(z_0, y), a face
    at its own age.

    Args:
        spec: of images in [0, 1] with age groups as labels, and an `identity` (or `identity_features`).
        latent_dim: numbers in z, from N(0, I).
        identity_rounds, adversarial_rounds: of FR and of the GAN; E has those that are left.
        identity_features: FR, images [B, H, W, C] in [0, 1] -> [B, ...]; None to learn it.
        search: `identity`, or `pixels`: the squared error, the paper's baseline.
        search_steps, search_learning_rate: of each z's Adam.
        architecture: `dcgan` as in the paper, `mlp`, or none to choose by the data: of all networks.
        hidden: widths of the MLPs' hidden layers; by the data if not given.
        width: of DCGAN; by the size of the image if not given.
        learning_rate, first_moment: of the Adams of G, D and E.
        ema_decay: of the averaged generator that E and the search see; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: if there are no images with labels and identities, or for what does not fit.
    """
    _check(spec, identity_rounds, adversarial_rounds, identity_features, search)
    look = {"architecture": architecture, "hidden": hidden, "width": width, "precision": precision}
    generator, discriminator = generator_and_discriminator(
        spec, latent_dim, num_classes=spec.num_classes, label_once=True, **look
    )
    encoder = reader(spec, {"code": latent_dim}, **look)
    noise = normal_noise(latent_dim)
    inward, outward = network_range(spec)
    see, recognition = _recognition(spec, identity_features, look)
    identity = {} if recognition is None else {"identity": recognition.start}
    adam = optax.adam(learning_rate, first_moment)
    adversarial = two_players(
        spec,
        generator,
        discriminator,
        noise,
        adversary=non_saturating(),
        generator_optimizer=adam,
        discriminator_optimizer=adam,
        conditional=True,
        ema_decay=ema_decay,
        networks=identity,
    )

    def draw(variables, z, label):
        """G(z, y) in the networks' range, in evaluation mode."""
        return generator.apply(variables["generator"], z, label, train=False)[0]

    def invert(key, variables, batch):
        z, label = noise.sample(key, len(batch["label"])), batch["label"]
        own, updates = encoder.apply(variables["encoder"], draw(variables, z, label), train=True)
        error = jnp.square(own["code"] - z)
        return error.sum(1).mean(), Aux({"error": error.mean()}, {"encoder": updates})

    def encode(key, variables, x, label):
        del label  # E is not told the age
        return encoder.apply(variables["encoder"], inward(x), train=False)[0]["code"]

    def apart(variables, z, x, label):
        """What the search descends, [B]; x in the networks' range."""
        made = draw(variables, z, label)
        if search == "pixels":
            return squared_error(made, x)
        return norm(see(variables, made) - jax.lax.stop_gradient(see(variables, x)))

    def descend(key, variables, x, label):
        return latent_search(
            lambda variables, z: apart(variables, z, inward(x), label),
            variables,
            encode(key, variables, x, label),
            optimizer=optax.adam(search_learning_rate),
            steps=search_steps,
        )

    def evaluate(key, variables, batch):
        x, label = batch["image"], batch["label"]
        made = draw(variables, encode(key, variables, x, label), label)
        error = squared_error(outward(made), x)
        distance = norm(see(variables, made) - see(variables, inward(x)))
        return {"identity_distance": distance, "squared_error": error}

    own = {"generator": generator.start, "discriminator": discriminator.start}
    final = game(
        {**own, "encoder": encoder.start, **identity},
        [Player(("encoder",), invert, adam)],
        sample=adversarial.sample,
        encode=encode,
        decode=adversarial.decode,
        search=descend,
        evaluate=evaluate,
        latents=adversarial.latents,
        condition="label",
    )

    last = Stage(final, None, carry_over(final))
    if recognition is None:
        return Stage(adversarial, adversarial_rounds), last
    return (
        Stage(recognition_game(spec, recognition), identity_rounds),
        Stage(adversarial, adversarial_rounds, carry_over(adversarial)),
        last,
    )


def _recognition(spec, identity_features, look):
    """(variables, x in the networks' range) -> features; and the network, if it is to be learned."""
    if identity_features is not None:
        return lambda variables, x: identity_features(0.5 * (x + 1)), None
    net = reader(spec, {"class": spec.extras["identity"][0]}, **look)

    def see(variables, x):
        return net.apply(variables["identity"], x, train=False)[0]["features"]

    return see, net


def _check(spec, identity_rounds, adversarial_rounds, identity_features, search):
    if spec.entry != "image" or spec.num_classes is None:
        raise ValueError("age_cgan needs images with age groups as labels, and this data has none")
    if identity_features is None and len(spec.extras.get("identity", ())) != 1:
        raise ValueError(
            "age_cgan needs to learn who is who from an entry `identity` (one-hot), and this data has "
            "none: pass identity_features, a network that tells faces apart"
        )
    check_at_least(1, identity_rounds=identity_rounds, adversarial_rounds=adversarial_rounds)
    check_name("search", search, SEARCHES)
