"""CaloGAN of Paganini et al., 2017: showers of particles in a calorimeter, for the energy asked for.

G makes all layers of a shower of noise that is scaled by the energy E; D sees the shower, E, and how
alike its minibatch is. With p = sigmoid(D's logit) and E_tot(x) the sum of x's cells
(arXiv:1705.02355):

    D minimises  -E[log p(x)] - E[log(1 - p(G(z, E)))]  + v CE(class)
    G minimises  -E[log p(G(z, E))] + w E|E_tot(G(z, E)) - E| + v CE(class)

with w = 0.05 a GeV and v = 0.2.
"""

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Player, Spec, check_name, game
from genjax.gan.two_players import noise_latents
from genjax.losses import logit_metrics, non_saturating
from genjax.nets import ShowerDiscriminator, ShowerGenerator, network, normal_noise


def calogan(
    spec: Spec,
    *,
    latent_dim: int = 1024,
    energy_weight: float = 0.05,
    class_weight: float = 0.2,
    class_flip_rate: float = 0.3,
    generator_turns: int = 2,
    architecture: str = "local",
    hidden: int = 64,
    generator_widths: tuple[int, ...] = (36, 16, 6),
    discriminator_widths: tuple[int, ...] = (64, 16, 8, 8),
    kernels: tuple[int, ...] = (10, 10),
    learning_rate: float = 2e-4,
    discriminator_learning_rate: float = 2e-5,
    first_moment: float = 0.5,
    precision: str = "float32",
) -> Model:
    """CaloGAN (Paganini, de Oliveira & Nachman, 2017, arXiv:1705.02355); `condition` is the incidence.

    The layers' shapes are those of the entries `layer_0`, `layer_1`, ... that lie beside the vectors of
    cells; `incidence` [B, 2] is the energy in GeV and the class. Fakes are asked for what the minibatch
    has. Of one kind of particle there is no class term, as in the paper, which trains a GAN for each;
    with several it is the code's option.

    The code takes a step of D on real examples and another on fakes; here both losses make one step.
    E_tot has no parameters, so that its error is a term of G alone; D sees it among its inputs.

    Args:
        spec: of showers: vectors with `incidence` and `layer_0`, ...
        latent_dim: numbers in z, normal.
        energy_weight: w, per GeV.
        class_weight: v.
        class_flip_rate: how often D is told another class of a fake than was asked for.
        generator_turns: of G in a round.
        architecture: `local`, the paper's convolutions and locally connected layers, or `mlp`: a dense
            layer for each layer of the calorimeter in their place, for tests and tiny showers, with the
            same attention and D's other inputs.
        hidden: units of the MLPs.
        generator_widths: channels, see `ShowerGenerator`.
        discriminator_widths: channels, see `ShowerDiscriminator`.
        kernels: of minibatch discrimination, and the numbers in each.
        learning_rate, discriminator_learning_rate, first_moment: of the Adams, G's and D's.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for what is no showers, or an unknown architecture.
    """
    check_name("architecture", architecture, ("local", "mlp"))
    layers, dense = layers_of(spec), hidden if architecture == "mlp" else None
    num_classes = spec.num_classes or 0
    noise = normal_noise(latent_dim)
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
    z, x, asked = (jnp.zeros((1, size)) for size in (latent_dim, spec.shape[0], 2))
    makes = ShowerGenerator(layers, num_classes, tuple(generator_widths), dense, dtype)
    tells = ShowerDiscriminator(
        layers, num_classes, tuple(discriminator_widths), dense, tuple(kernels), dtype
    )
    generator, discriminator = network(makes, z, asked), network(tells, x, asked)
    adversary = non_saturating()
    cross = optax.softmax_cross_entropy_with_integer_labels

    def fakes(key, variables, asked, train=True):
        z = noise.sample(key, len(asked))
        return generator.apply(variables["generator"], z, asked, train=train)

    def judge(own, x, asked, train=True):
        return discriminator.apply(own, x, asked, train=train)

    def class_loss(heads, classes):
        return class_weight * cross(heads["class"], classes).mean() if num_classes > 1 else 0.0

    def discriminate(key, variables, batch):
        key_fakes, key_flip, key_class = jax.random.split(key, 3)
        asked, own = batch["incidence"], variables["discriminator"]
        classes = asked[:, 1].astype(jnp.int32)
        fake, _ = fakes(key_fakes, variables, asked)
        # One after the other: batch statistics and likeness are of one kind.
        on_real, updates = judge(own, batch[spec.entry], asked)
        on_fake, updates = judge({**own, **updates}, fake, asked)
        loss = adversary.discriminator(on_real["logit"], on_fake["logit"]).mean()
        flipped = jax.random.bernoulli(key_flip, class_flip_rate, classes.shape)
        other = jax.random.randint(key_class, classes.shape, 1, max(2, num_classes))
        told = jnp.where(flipped, (classes + other) % max(2, num_classes), classes)
        loss += class_loss(on_real, classes) + class_loss(on_fake, told)
        metrics = logit_metrics(on_real["logit"], on_fake["logit"])
        return loss, Aux(metrics, {"discriminator": updates})

    def generate(key, variables, batch):
        asked = batch["incidence"]
        x, updates = fakes(key, variables, asked)
        heads, _ = judge(variables["discriminator"], x, asked)
        error = jnp.abs(heads["energy"] - asked[:, 0]).mean()
        loss = adversary.generator(None, heads["logit"]).mean() + energy_weight * error
        loss += class_loss(heads, asked[:, 1].astype(jnp.int32))
        return loss, Aux({"energy_error": error}, {"generator": updates})

    def decode(key, variables, z, asked):
        del key
        x, _ = generator.apply(variables["generator"], z, jnp.asarray(asked), train=False)
        return x

    def sample(key, variables, num, condition=None):
        key_asked, key_latents = jax.random.split(key)
        asked = _any_incidence(key_asked, num, num_classes) if condition is None else condition
        return decode(None, variables, noise.sample(key_latents, num), asked)

    def evaluate(key, variables, batch):
        del key
        heads, _ = judge(
            variables["discriminator"], batch[spec.entry], batch["incidence"], train=False
        )
        return {"logit": heads["logit"]}

    players = [
        Player(
            ("discriminator",), discriminate, optax.adam(discriminator_learning_rate, first_moment)
        ),
        Player(
            ("generator",),
            generate,
            optax.adam(learning_rate, first_moment),
            turns=generator_turns,
        ),
    ]
    return game(
        {"generator": generator.start, "discriminator": discriminator.start},
        players,
        sample=sample,
        decode=decode,
        evaluate=evaluate,
        latents=noise_latents(noise),
        condition="incidence",
    )


def layers_of(spec: Spec) -> tuple[tuple[int, int], ...]:
    """(rows, columns) of the calorimeter's layers, by the entries `layer_0`, `layer_1`, ...

    Raises:
        ValueError: if the examples are no showers.
    """
    layers = []
    while f"layer_{len(layers)}" in spec.extras:
        layers.append(tuple(spec.extras[f"layer_{len(layers)}"]))
    cells = sum(rows * columns for rows, columns in layers)
    if spec.entry != "vector" or "incidence" not in spec.extras or (cells,) != tuple(spec.shape):
        raise ValueError(
            "calogan needs showers: vectors of cells with their incidence and layers, as in the data "
            f"set showers; these examples are of shape {tuple(spec.shape)}"
        )
    return tuple(layers)


def _any_incidence(key, num, num_classes):
    """Energies from 1 to 100 GeV, as in the paper, of any particle."""
    key_energy, key_class = jax.random.split(key)
    energy = jax.random.uniform(key_energy, (num,), minval=1.0, maxval=100.0)
    classes = jax.random.randint(key_class, (num,), 0, max(1, num_classes))
    return jnp.stack([energy, classes.astype(jnp.float32)], axis=1)
