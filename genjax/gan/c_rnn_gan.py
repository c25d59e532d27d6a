"""C-RNN-GAN of Mogren, 2016: sequences of continuous events by recurrences (arXiv:1611.09904).

Each step of G is given uniform noise and its own last output; D reads a sequence both ways and
decides at every step:

    D(x) = 1/T sum_t sigmoid(f_t(x))
    L_D = E[-log D(x) - log(1 - D(G(z)))],   L_G = E[-log D(G(z))]
    or, as feature matching,  L_G = 1/m sum_i |R(x_i) - R(G(z_i))|^2,  R: the last layer before f

G is first trained to predict the next event, E[|G(z, x_<t) - x_t|^2]; then D's updates are left out
whenever L_D is below 70% of L_G.
"""

import jax
import jax.numpy as jnp
import optax

from genjax.core import (
    Aux,
    Player,
    Spec,
    Stage,
    carry_over,
    check_at_least,
    check_name,
    game,
)
from genjax.gan.two_players import Side, two_players
from genjax.losses import Adversary, non_saturating
from genjax.nets import (
    CELLS,
    BidirectionalDiscriminator,
    FeedbackRnn,
    Network,
    network,
    uniform_noise,
)

GENERATOR_LOSSES = ("cross_entropy", "feature_matching")
OPTIMIZERS = {"sgd": optax.sgd, "adam": lambda rate: optax.adam(rate, 0.5)}


def c_rnn_gan(
    spec: Spec,
    *,
    hidden: int = 350,
    num_layers: int = 2,
    cell: str = "lstm",
    noise_dim: int | None = None,
    minibatch_kernels: int = 0,
    generator_loss: str = "cross_entropy",
    pretraining_rounds: int = 1100,
    freeze_below: float = 0.7,
    optimizer: str = "sgd",
    learning_rate: float = 0.1,
    discriminator_learning_rate: float | None = None,
    pretraining_learning_rate: float | None = None,
    max_grad_norm: float = 5.0,
    weight_decay: float = 0.0,
    ema_decay: float | None = None,
) -> tuple[Stage, ...]:
    """C-RNN-GAN (Mogren, 2016, arXiv:1611.09904): two recurrences that play, after pre-training.

    L_G is the non-saturating one of the authors' code, where the paper writes log(1 - D(G(z))). The
    paper lets G rest too when G is too strong; as L_D has two terms, L_G is below 70% of it at the very
    equilibrium, and G would never go on: left out. (In the code the pause hits another player than the
    sentence says.) The paper's pre-training begins with short sequences; here they are whole at once.
    Its weight decay has no value there, and is 0 here. The paper's minibatches are of 20.

    Args:
        spec: of sequences, [T, F]; for notes see `genjax.data.notes`. Values of about unit size.
        hidden: units of each layer and direction.
        num_layers: of both networks.
        cell: `lstm`, or `gru`.
        noise_dim: numbers of noise a step, in [0, 1]; as many as an event has if not given.
        minibatch_kernels: of D's minibatch discrimination (Salimans et al., 2016), an option of the
            authors' code, against samples that are all alike; 0 for none.
        generator_loss: `cross_entropy` or `feature_matching`, of examples one with one, a mean over R.
        pretraining_rounds: of the first stage; the paper has 6 epochs, about 1100 minibatches.
        freeze_below: L_D / L_G below which D rests; 0 for never.
        optimizer: `sgd`, or `adam`.
        learning_rate: of G.
        discriminator_learning_rate: half of G's, as in the code, if not given.
        pretraining_learning_rate: G's if not given.
        max_grad_norm: that gradients are cut to.
        weight_decay: of both networks.
        ema_decay: of the averaged generator that samples; none for none.

    Raises:
        ValueError: for data that is no sequence, an unknown name, or a number out of range.
    """
    if spec.entry != "sequence":
        raise ValueError(
            f"c_rnn_gan needs sequences [T, F], and these examples have shape {tuple(spec.shape)}"
        )
    check_name("cell", cell, CELLS)
    check_name("generator_loss", generator_loss, GENERATOR_LOSSES)
    check_name("optimizer", optimizer, OPTIMIZERS)
    check_at_least(1, pretraining_rounds=pretraining_rounds)
    check_at_least(0, freeze_below=freeze_below)
    length, features = spec.shape
    noise_dim = features if noise_dim is None else noise_dim
    player = FeedbackRnn(features, hidden, num_layers, cell)
    generator = _of_flat_noise(network(player, jnp.zeros((1, length, noise_dim))), noise_dim)
    judge = BidirectionalDiscriminator(hidden, num_layers, cell, minibatch_kernels)
    discriminator = network(judge, jnp.zeros((1, length, features)))
    noise = uniform_noise(length * noise_dim, 0.0, 1.0)
    cross_entropy = non_saturating()
    adversary, terms = cross_entropy, None
    if generator_loss == "feature_matching":
        adversary = Adversary(cross_entropy.discriminator, lambda real, fake: jnp.zeros_like(fake))
        terms = lambda real, fake: (matched(real.heads["features"], fake.heads["features"]), {})

    def descent(rate):
        return optax.chain(
            optax.add_decayed_weights(weight_decay),
            optax.clip_by_global_norm(max_grad_norm),
            OPTIMIZERS[optimizer](rate),
        )

    def of_generator(real: Side, fake: Side):
        """L_G, which D's loss is compared with: never part of it."""
        loss = cross_entropy.generator(real.heads["logit"], fake.heads["logit"]).mean()
        return 0.0, {"generator_loss": loss}

    def next_event(key, variables, batch):
        x = batch[spec.entry]
        z = noise.sample(key, len(x))
        y, _ = generator.apply(variables["generator"], z, x, length, train=True)
        return jnp.square(y - x).mean(), Aux()

    def forecast(key, variables, x, num_steps):
        told = x.shape[1]
        z = uniform_noise((told + num_steps) * noise_dim, 0.0, 1.0).sample(key, len(x))
        y, _ = generator.apply(variables["generator"], z, x, told, train=False)
        return y[:, told:]

    if discriminator_learning_rate is None:
        discriminator_learning_rate = learning_rate / 2
    adversarial = two_players(
        spec,
        generator,
        discriminator,
        noise,
        adversary=adversary,
        generator_optimizer=descent(learning_rate),
        discriminator_optimizer=descent(discriminator_learning_rate),
        discriminator_terms=of_generator,
        generator_terms=terms,
        discriminator_gate=lambda variables, metrics: (
            metrics["loss"] >= freeze_below * metrics["generator_loss"]
        ),
        ema_decay=ema_decay,
    )._replace(forecast=forecast)
    rate = learning_rate if pretraining_learning_rate is None else pretraining_learning_rate
    pretrained = game(
        {"generator": generator.start, "discriminator": discriminator.start},
        [Player(("generator",), next_event, descent(rate))],
        sample=adversarial.sample,
        decode=adversarial.decode,
        latents=adversarial.latents,
        forecast=forecast,
    )
    return Stage(pretrained, pretraining_rounds), Stage(adversarial, None, carry_over(adversarial))


def matched(real: jax.Array, fake: jax.Array) -> jax.Array:
    """mean (R(x_i) - R(G(z_i)))^2 over examples and features: one with one, not of the means.

    Args:
        real, fake: [B, ...], alike.

    Raises:
        ValueError: if their shapes differ.

    Reference: Mogren, 2016, arXiv:1611.09904; a sum over features there.
    """
    if real.shape != fake.shape:
        raise ValueError(f"features need one shape, got {real.shape} and {fake.shape}")
    return jnp.square(real - fake).mean()


def _of_flat_noise(generator: Network, noise_dim: int) -> Network:
    """The network whose noise is z [B, T * noise_dim], as latents are."""

    def apply(variables, z, *told, train, key=None):
        z = z.reshape(len(z), -1, noise_dim)
        return generator.apply(variables, z, *told, train=train, key=key)

    return Network(generator.start, apply)
