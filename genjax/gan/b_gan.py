"""b-GAN of Uehara et al., 2016: fit a density ratio, then lower a divergence by it.

The discriminator is a positive r(x), an estimate of p(x) / q(x), of data to fakes, fitted by a Bregman
divergence; the generator takes it as it is (arXiv:1610.02920):

    r minimises  E_q[f'(r) r - f(r)] - E_p[f'(r)]
    G minimises  E_z f(r(G(z))), an estimate of D_f(p || q)

The relative ratio p / (alpha p + (1 - alpha) q) is at most 1 / alpha, which keeps either step tame: the
first expectation is then over alpha p + (1 - alpha) q.
"""

import jax
import jax.numpy as jnp
import optax

from genjax.core import Model, Spec
from genjax.gan.networks import generator_and_discriminator
from genjax.gan.two_players import Side, two_players
from genjax.losses import (
    Adversary,
    bregman_ratio_loss,
    check_alpha,
    convex,
    f_divergence_of_ratio,
    positive_ratio,
)
from genjax.nets import named_noise


def b_gan(
    spec: Spec,
    *,
    divergence: str = "pearson",
    generator_divergence: str | None = None,
    alpha: float = 0.2,
    positive: str = "softplus",
    latent_dim: int = 100,
    prior: str = "uniform",
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    learning_rate: float = 1e-4,
    discriminator_learning_rate: float | None = None,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """b-GAN (Uehara, Sato, Suzuki, Nakayama & Matsuo, 2016, arXiv:1610.02920).

    `evaluate` gives `ratio`, r of an example, beside its `logit`. The metric `divergence` is minus the
    discriminator's loss, a lower bound of the D_f that it estimates; `mean_ratio` is the mean of r
    under q, or under the mixture of the relative ratio: 1 of a ratio that is right.

    With r fixed, E_z f(r(G(z))) has the gradient of D_f for `reverse_kl` alone (of another f it is
    E_q[f(r) - r f'(r)] that has it). Pearson's own f takes fakes away from where r is above 1, which is
    where they are wanted: of a ring's eight modes it found 1 to 3; `reverse_kl` behind the same Pearson
    ratio, or `gan` on both sides, all eight. Where data and fakes hardly overlap a Pearson ratio can
    fall to 0 everywhere, and softplus does not move there: `gan` does.

    Rates, batch size and alpha are not certain: there is no code by the authors.

    Args:
        spec: of vectors or images; bits and images in [0, 1].
        divergence: f of the ratio's step, a name of `genjax.losses.CONVEX`.
        generator_divergence: f of the generator's, if it is another.
        alpha: of the relative ratio, in [0, 1); 0 for the plain one.
        positive: what makes r of the network's output, `softplus` or `exp`.
        latent_dim: numbers in z.
        prior: of z, `uniform` in [-1, 1] or `normal`.
        architecture: `mlp`, `dcgan` (the paper's), or none to choose by the data.
        hidden: widths of the MLPs' hidden layers; by the data if not given.
        width: of DCGAN; by the size of the image if not given.
        learning_rate, first_moment: of both Adams.
        discriminator_learning_rate: of the ratio's, if it differs.
        ema_decay: of the averaged generator that samples; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for an unknown name, an alpha beyond its range, or DCGAN for what is no image.
    """
    check_alpha(alpha)
    generator_divergence = generator_divergence or divergence
    convex(divergence), convex(generator_divergence), positive_ratio(jnp.zeros(()), positive)
    generator, discriminator = generator_and_discriminator(
        spec,
        latent_dim,
        architecture=architecture,
        hidden=hidden,
        width=width,
        precision=precision,
    )
    fit = lambda real, fake: bregman_ratio_loss(
        real, fake, divergence=divergence, alpha=alpha, positive=positive
    )
    lower = lambda real, fake: f_divergence_of_ratio(
        fake, divergence=generator_divergence, positive=positive
    )

    def told(real: Side, fake: Side):
        """Figures of the fit; nothing is added to its loss."""
        of_real, of_fake = (
            positive_ratio(side.heads["logit"], positive)[0] for side in (real, fake)
        )
        bound = -fit(real.heads["logit"], fake.heads["logit"]).mean()
        mean = alpha * of_real.mean() + (1 - alpha) * of_fake.mean()
        return 0.0, jax.lax.stop_gradient({"divergence": bound, "mean_ratio": mean})

    rate = learning_rate if discriminator_learning_rate is None else discriminator_learning_rate
    model = two_players(
        spec,
        generator,
        discriminator,
        named_noise(prior, latent_dim),
        adversary=Adversary(fit, lower),
        generator_optimizer=optax.adam(learning_rate, first_moment),
        discriminator_optimizer=optax.adam(rate, first_moment),
        discriminator_terms=told,
        ema_decay=ema_decay,
    )

    def evaluate(key, variables, batch):
        found = model.evaluate(key, variables, batch)
        return {**found, "ratio": positive_ratio(found["logit"], positive)[0]}

    return model._replace(evaluate=evaluate)
