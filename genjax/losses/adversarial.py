"""What two adversaries minimise: for each loss a pair of pure functions of (real logits, fake logits).

Both sides get both logits, so that losses of pairs fit; values are per example, or per place of a
logit map, and the caller takes the mean. Logits are a discriminator's output before any sigmoid, or a
critic's score: D = sigmoid(logit) is the probability that an example is real.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import jax
import jax.numpy as jnp

PerExample = Callable[[jax.Array, jax.Array], jax.Array]


class Adversary(NamedTuple):
    """What each side minimises.

    Attributes:
        discriminator: `(real_logits, fake_logits) -> [B, ...]`.
        generator: `(real_logits, fake_logits) -> [B, ...]`.
    """

    discriminator: PerExample
    generator: PerExample


def logit_metrics(real: jax.Array, fake: jax.Array) -> dict[str, jax.Array]:
    """Means of logits of both sides, and the mean share of each that is on its own side of 0."""
    accuracy = 0.5 * ((real > 0).mean() + (fake < 0).mean())
    return {"real_logit": real.mean(), "fake_logit": fake.mean(), "accuracy": accuracy}


def cross_entropy(logits: jax.Array, target: jax.Array | float) -> jax.Array:
    """-t log D - (1 - t) log(1 - D) = softplus(f) - t f, of logits f, like the logits in shape.

    Args:
        logits: f, any shape.
        target: t, a number, or like the logits. Beyond [0, 1] it has no minimum.
    """
    return jax.nn.softplus(logits) - target * logits


def non_saturating(real_label: float = 1.0) -> Adversary:
    """D: -log D(real) - log(1 - D(fake)); G: -log D(fake).

    Args:
        real_label: t below 1 smooths the labels of the real side alone (Salimans et al., 2016,
            arXiv:1606.03498, section 3.4): the optimum is then t p / (p + q). The generator's label
            stays 1.

    Reference: Goodfellow et al., 2014, arXiv:1406.2661, Algorithm 1 and the end of section 3.
    """
    return Adversary(
        lambda real, fake: cross_entropy(real, real_label) + cross_entropy(fake, 0.0),
        lambda real, fake: cross_entropy(fake, 1.0),
    )


def minimax(real_label: float = 1.0) -> Adversary:
    """D: -log D(real) - log(1 - D(fake)); G: log(1 - D(fake)), whose gradient dies where D is sure.

    Args:
        real_label: as in `non_saturating`.

    Reference: Goodfellow et al., 2014, arXiv:1406.2661, equation 1.
    """
    return Adversary(
        non_saturating(real_label).discriminator,
        lambda real, fake: -jax.nn.softplus(fake),
    )


def model_kl() -> Adversary:
    """D: as `non_saturating`; G: -f(fake) = -log(D / (1 - D)), at D's optimum KL(model || data).

    Reference: Sonderby et al., 2016, arXiv:1610.04490.
    """
    return Adversary(non_saturating().discriminator, lambda real, fake: -fake)


def least_squares(fake_label: float = 0.0, real_label: float = 1.0, aim: float = 1.0) -> Adversary:
    """D: ((f(real) - b)^2 + (f(fake) - a)^2) / 2; G: (f(fake) - c)^2 / 2.

    Args:
        fake_label: a.
        real_label: b.
        aim: c, what the generator wants of its fakes; (a, b, c) = (-1, 1, 0) makes the generator
            minimise a Pearson chi-square divergence.

    Reference: Mao et al., 2017, arXiv:1611.04076, equations 2, 8 and 9.
    """
    square = lambda x: 0.5 * jnp.square(x)
    return Adversary(
        lambda real, fake: square(real - real_label) + square(fake - fake_label),
        lambda real, fake: square(fake - aim),
    )


def wasserstein() -> Adversary:
    """Critic: f(fake) - f(real); G: -f(fake). The critic is to be kept Lipschitz by something else.

    Reference: Arjovsky, Chintala and Bottou, 2017, arXiv:1701.07875, equation 2 and Algorithm 1.
    """
    return Adversary(lambda real, fake: fake - real, lambda real, fake: -fake)


def hinge() -> Adversary:
    """D: max(0, 1 - f(real)) + max(0, 1 + f(fake)); G: -f(fake).

    Reference: Lim and Ye, 2017, arXiv:1705.02894; Miyato et al., 2018, arXiv:1802.05957, equations
    16 and 17.
    """
    return Adversary(
        lambda real, fake: jax.nn.relu(1 - real) + jax.nn.relu(1 + fake),
        lambda real, fake: -fake,
    )


def relativistic() -> Adversary:
    """D: -log sigmoid(f(real) - f(fake)); G: -log sigmoid(f(fake) - f(real)), pair by pair.

    Reference: Jolicoeur-Martineau, 2018, arXiv:1807.00734 (RSGAN).
    """
    return Adversary(
        lambda real, fake: cross_entropy(_same_shape(real, fake), 1.0),
        lambda real, fake: cross_entropy(_same_shape(real, fake), 0.0),
    )


def relativistic_average() -> Adversary:
    """With r = f(real) - mean f(fake), s = f(fake) - mean f(real), means over the minibatch:

    D: -log sigmoid(r) - log(1 - sigmoid(s)); G: -log sigmoid(s) - log(1 - sigmoid(r)).

    Reference: Jolicoeur-Martineau, 2018, arXiv:1807.00734 (RaSGAN).
    """

    def sides(real, fake):
        return real - fake.mean(0, keepdims=True), fake - real.mean(0, keepdims=True)

    def discriminator(real, fake):
        of_real, of_fake = sides(real, fake)
        return cross_entropy(of_real, 1.0) + cross_entropy(of_fake, 0.0)

    def generator(real, fake):
        of_real, of_fake = sides(real, fake)
        return cross_entropy(of_fake, 1.0) + cross_entropy(of_real, 0.0)

    return Adversary(discriminator, generator)


# name -> (g_f(v), f*(g_f(v))): T = g_f(v) respects the domain of the conjugate f*, and the second
# column is simplified, for f* of g_f overflows in float32. A large v means real in every row.
_CONJUGATES = {
    "kl": (lambda v: v, lambda v: jnp.exp(v - 1)),
    "reverse_kl": (lambda v: -jnp.exp(-v), lambda v: v - 1),
    "pearson": (lambda v: v, lambda v: 0.25 * jnp.square(v) + v),
    "neyman": (lambda v: 1 - jnp.exp(-v), lambda v: 2 - 2 * jnp.exp(-0.5 * v)),
    "squared_hellinger": (lambda v: 1 - jnp.exp(-v), lambda v: jnp.exp(v) - 1),
    "jensen_shannon": (
        lambda v: jnp.log(2.0) - jax.nn.softplus(-v),
        lambda v: jax.nn.softplus(v) - jnp.log(2.0),
    ),
    "gan": (lambda v: -jax.nn.softplus(-v), jax.nn.softplus),
    "total_variation": (lambda v: 0.5 * jnp.tanh(v), lambda v: 0.5 * jnp.tanh(v)),
}
F_DIVERGENCES = tuple(_CONJUGATES)


def f_divergence(name: str, *, alternative: bool = False) -> Adversary:
    """D: f*(g(fake)) - g(real), so that its negative is a lower bound of D_f(data || model).

    G: -f*(g(fake)), or -g(fake) where `alternative` (the paper's section 3.2, as for the
    non-saturating loss).

    Args:
        name: one of `F_DIVERGENCES`; kl is KL(data || model), pearson the chi-square divergence of
            (p - q)^2 / q. `jensen_shannon` is twice the usual one, `gan` its value less log 4.
        alternative: see above.

    Raises:
        ValueError: for another name.

    Reference: Nowozin, Cseke and Tomioka, 2016, arXiv:1606.00709, section 2, tables 1 and 2.
    """
    if name not in _CONJUGATES:
        raise ValueError(f"f-divergences are {', '.join(F_DIVERGENCES)}, got {name!r}")
    activation, conjugate = _CONJUGATES[name]
    return Adversary(
        lambda real, fake: conjugate(fake) - activation(real),
        (lambda real, fake: -activation(fake)) if alternative else (lambda _, f: -conjugate(f)),
    )


ADVERSARIES: dict[str, Callable[[], Adversary]] = {
    "non_saturating": non_saturating,
    "minimax": minimax,
    "model_kl": model_kl,
    "least_squares": least_squares,
    "wasserstein": wasserstein,
    "hinge": hinge,
    "relativistic": relativistic,
    "relativistic_average": relativistic_average,
}


def adversary(name: str) -> Adversary:
    """The pair of this name, with its defaults: one of `ADVERSARIES` or `F_DIVERGENCES`.

    Raises:
        ValueError: for another name.
    """
    if name in ADVERSARIES:
        return ADVERSARIES[name]()
    if name in F_DIVERGENCES:
        return f_divergence(name)
    names = ", ".join([*ADVERSARIES, *F_DIVERGENCES])
    raise ValueError(f"loss must be one of {names}, got {name!r}")


def matching_terms(
    discriminate: Callable[..., jax.Array],
    terms: Sequence[tuple[tuple[jax.Array, ...], jax.Array | float, float]],
) -> jax.Array:
    """sum_i w_i CE(discriminate(*inputs_i), t_i): a discriminator that judges more than real and fake.

    A plain one has the terms ((real,), 1, 1) and ((fake,), 0, 1); one that is to see whether a text
    fits its image has ((real, text), 1, 1), ((other, text), 0, .5) and ((fake, text), 0, .5).

    Args:
        discriminate: inputs -> logits [B, ...].
        terms: (inputs, target in [0, 1], weight) of each.

    Returns:
        [B, ...], nats.
    """
    losses = [w * cross_entropy(discriminate(*inputs), t) for inputs, t, w in terms]
    if len({loss.shape for loss in losses}) != 1:
        raise ValueError(f"terms need logits of one shape, got {[each.shape for each in losses]}")
    return sum(losses)


def noisy_labels(
    key: jax.Array,
    shape: tuple[int, ...],
    label: float,
    *,
    spread: tuple[float, float] = (0.0, 0.0),
    flip_rate: float = 0.0,
) -> jax.Array:
    """Targets for `cross_entropy`: label + uniform(*spread), and with probability flip_rate 1 - that.

    Args:
        key: typed key.
        shape: of the logits.
        label: 1 for real, 0 for fake.
        spread: ganhacks' soft labels are (-.3, .2) around 1 and (0, .3) around 0; a target above 1 has
            no minimum, so that its logits grow without end.
        flip_rate: in [0, 1], how often a label is exchanged.

    Raises:
        ValueError: for a rate beyond [0, 1] or a spread from high to low.

    Reference: Chintala et al., 2016, "How to train a GAN", tip 6.
    """
    if not 0 <= flip_rate <= 1 or spread[0] > spread[1]:
        raise ValueError(
            f"flip_rate must be in [0, 1] and spread go from low to high, got {flip_rate}, {spread}"
        )
    key_spread, key_flip = jax.random.split(key)
    targets = label + jax.random.uniform(key_spread, shape, minval=spread[0], maxval=spread[1])
    return jnp.where(jax.random.bernoulli(key_flip, flip_rate, shape), 1 - targets, targets)


def _same_shape(real, fake):
    if real.shape != fake.shape:
        raise ValueError(
            f"a loss of pairs needs as many real as fake logits, got {real.shape} and {fake.shape}"
        )
    return real - fake
