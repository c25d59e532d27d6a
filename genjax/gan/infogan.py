"""InfoGAN of Chen et al., 2016: codes that can be read from the examples (arXiv:1606.03657).

The generator's input is noise z, a category and some continuous codes c; a head Q of the discriminator
reads the codes back, and both sides maximise the bound

    L_I = H(c) + E[log Q(c | G(z, c))] <= I(c; G(z, c))             (equations 4 and 5)

so that  D, Q minimise  V_D - lambda L_I,  and  G  V_G - lambda L_I     (equation 6). Labels are not
seen.
"""

import jax
import jax.numpy as jnp
import optax

from genjax.core import Model, Spec
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.two_players import Side, network_range, two_players
from genjax.losses import categorical_information, gaussian_information, non_saturating
from genjax.nets import categorical_noise, joint_noise, named_noise, split_noise, uniform_noise


def infogan(
    spec: Spec,
    *,
    latent_dim: int = 62,
    prior: str = "uniform",
    num_categories: int | None = None,
    num_continuous: int = 2,
    information_weight: float = 1.0,
    code_std: float = 1.0,
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    generator_learning_rate: float = 1e-3,
    discriminator_learning_rate: float = 2e-4,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """InfoGAN (Chen, Duan, Houthooft, Schulman, Sutskever & Abbeel, 2016, arXiv:1606.03657).

    Latents are [z, category one-hot, continuous codes]. `encode` gives their means by Q, with the
    prior's mean, 0, for z, which is not read; `clusters` the log-probabilities of the category. The
    metrics `categorical_information` and `continuous_information` are the two parts of L_I: at most
    log K, and -0.2258 of each code at a deviation of 1. A bound at its ceiling does not say that the
    codes are what one hoped for: look at the clusters.

    Q is a linear head on the discriminator's last features (the paper has a layer of 128 units
    between).

    Args:
        spec: of vectors or images; bits and images in [0, 1].
        latent_dim: numbers in z.
        prior: of z, `uniform` in [-1, 1] or `normal`.
        num_categories: K of the categorical code. None: as many as there are classes (their number
            alone), or 10.
        num_continuous: codes that are uniform in [-1, 1]; 0 for none.
        information_weight: lambda.
        code_std: deviation of Q of the continuous codes; it is not learned, as in the authors' code for
            MNIST.
        architecture: `mlp`, `dcgan` or none to choose by the data.
        hidden: widths of the MLPs' hidden layers; by the data if not given.
        width: of DCGAN; by the size of the image if not given.
        generator_learning_rate, discriminator_learning_rate, first_moment: of the Adams; the second's
            is Q's.
        ema_decay: of the averaged generator that samples; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for fewer than 2 categories, an unknown name, or DCGAN for what is no image.
    """
    categories = (spec.num_classes or 10) if num_categories is None else num_categories
    if categories < 2 or num_continuous < 0:
        raise ValueError(
            "num_categories must be at least 2 and num_continuous at least 0, got "
            f"{categories} and {num_continuous}"
        )
    parts = [named_noise(prior, latent_dim), categorical_noise(categories)]
    parts += [uniform_noise(num_continuous)] if num_continuous else []
    noise = joint_noise(*parts)
    generator, discriminator = generator_and_discriminator(
        spec,
        noise.dim,
        architecture=architecture,
        hidden=hidden,
        width=width,
        heads={"code": categories + num_continuous},
        precision=precision,
    )

    def information(real: Side, fake: Side):
        """-lambda L_I of the fakes, for either side."""
        del real  # nobody knows its codes
        codes, read = fake.latents[:, latent_dim:], fake.heads["code"]
        bound = categorical_information(read[:, :categories], codes[:, :categories]).mean()
        told = {"categorical_information": bound}
        if num_continuous:
            told["continuous_information"] = gaussian_information(
                read[:, categories:], codes[:, categories:], std=code_std
            ).mean()
        return -information_weight * sum(told.values()), told

    inward, _ = network_range(spec)

    def read_codes(variables, x):
        heads, _ = discriminator.apply(variables["discriminator"], inward(x), train=False)
        dims = [categories, num_continuous]
        logits, means = split_noise(heads["code"], dims)
        return jax.nn.log_softmax(logits, axis=1), means

    def encode(key, variables, x):
        log_q, means = read_codes(variables, x)
        return jnp.concatenate([jnp.zeros((len(x), latent_dim)), jnp.exp(log_q), means], axis=1)

    return two_players(
        spec,
        generator,
        discriminator,
        noise,
        adversary=non_saturating(),
        generator_optimizer=optax.adam(generator_learning_rate, first_moment),
        discriminator_optimizer=optax.adam(discriminator_learning_rate, first_moment),
        discriminator_terms=information,
        generator_terms=information,
        ema_decay=ema_decay,
    )._replace(encode=encode, clusters=lambda key, variables, x: read_codes(variables, x)[0])
