"""AnoGAN of Schlegl et al., 2017: what a GAN of normal images cannot draw is anomalous.

A DCGAN learns normal data. An image x is then searched for among its samples: from z ~ p(z), descend

    A(x) = min_z  (1 - lambda) sum |x - G(z)| + lambda sum |f(x) - f(G(z))|

with f the last features of the discriminator, both networks fixed and in evaluation mode
(arXiv:1703.05921, section 2.2). A is the anomaly score, and |x - G(z)| tells where the anomaly is.
"""

import jax
import jax.numpy as jnp
import optax

from genjax.core import Model, Spec
from genjax.gan.latent_search import latent_search, within
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.two_players import network_range, two_players
from genjax.losses import non_saturating
from genjax.nets import named_noise


def anogan(
    spec: Spec,
    *,
    latent_dim: int = 100,
    prior: str = "uniform",
    feature_weight: float = 0.1,
    search_steps: int = 500,
    search_learning_rate: float = 0.05,
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    learning_rate: float = 2e-4,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """AnoGAN (Schlegl, Seeboeck, Waldstein, Schmidt-Erfurth & Langs, 2017, arXiv:1703.05921).

    `search` gives an image's z and its A(x); training is DCGAN's, on data that is to be all normal. The
    sums are over what enters the networks, in [-1, 1]. Starts are draws of p(z) by the key: of two keys
    the scores differ a little. A z under a uniform prior is kept within it. There is no code of the
    authors; the optimizer of z and its rate are not the paper's.

    Args:
        spec: of vectors or images; bits and images in [0, 1].
        latent_dim: numbers in z.
        prior: of z, `uniform` in [-1, 1] as in DCGAN, or `normal`.
        feature_weight: lambda, in [0, 1].
        search_steps, search_learning_rate: Gamma, and of the Adam of each z.
        architecture: `dcgan` as in the paper, `mlp`, or none to choose by the data.
        hidden: widths of the MLPs' hidden layers; by the data if not given.
        width: of DCGAN; by the size of the image if not given.
        learning_rate, first_moment: of both networks' Adams.
        ema_decay: of the averaged generator that samples and is searched; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for a weight outside [0, 1], an unknown name, or DCGAN for what is no image.
    """
    if not 0 <= feature_weight <= 1:
        raise ValueError(f"feature_weight must lie in [0, 1], got {feature_weight}")
    generator, discriminator = generator_and_discriminator(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        width=width,
        precision=precision,
    )
    noise = named_noise(prior, latent_dim)
    inward, _ = network_range(spec)

    def features(variables, x):
        return discriminator.apply(variables["discriminator"], x, train=False)[0]["features"]

    def search(key, variables, x):
        key_start, key_network = jax.random.split(key)
        target = inward(x)
        seen = features(variables, target)

        def loss(variables, z):
            made, _ = generator.apply(variables["generator"], z, train=False, key=key_network)
            residual = distance(target, made)
            discrimination = distance(seen, features(variables, made))
            return (1 - feature_weight) * residual + feature_weight * discrimination

        return latent_search(
            loss,
            variables,
            noise.sample(key_start, len(x)),
            optimizer=optax.adam(search_learning_rate),
            steps=search_steps,
            project=within(-1.0, 1.0) if prior == "uniform" else None,
        )

    optimizer = optax.adam(learning_rate, first_moment)
    return two_players(
        spec,
        generator,
        discriminator,
        noise,
        adversary=non_saturating(),
        generator_optimizer=optimizer,
        discriminator_optimizer=optimizer,
        ema_decay=ema_decay,
    )._replace(search=search)


def distance(a: jax.Array, b: jax.Array) -> jax.Array:
    """sum |a - b| over all but the batch's axis, [B]."""
    return jnp.abs(a - b).reshape(len(a), -1).sum(1)
