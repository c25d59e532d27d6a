"""Progressive growing of GANs by Karras, Aila, Laine and Lehtinen, 2018 (arXiv:1710.10196).

    discriminator:  E[f(G(z))] - E[f(x)] + lambda E_u[(|grad f(u)| - 1)^2] + epsilon E[f(x)^2]
    generator:      -E[f(G(z))]

first for images of 4x4, then twice as high and wide, and so on. The layers of a new size fade in: alpha
rises from 0 to 1 in both networks, and real images are faded between both sizes alike. Each size is
a stage of a curriculum.
"""

from typing import Any

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Ema, Model, Player, Spec, Stage, State, check_at_least, game
from genjax.gan.two_players import network_range, noise_latents
from genjax.losses import gradient_penalty, wasserstein
from genjax.nets import (
    ProgressiveDiscriminator,
    ProgressiveGenerator,
    double,
    halve,
    lerp,
    network,
    normal_noise,
)


def progan(
    spec: Spec,
    *,
    stage_rounds: int = 500,
    width: int | None = None,
    latent_dim: int | None = None,
    penalty_weight: float = 10.0,
    drift_weight: float = 1e-3,
    learning_rate: float = 1e-3,
    ema_decay: float = 0.999,
    precision: str = "float32",
) -> tuple[Stage, ...]:
    """ProGAN (Karras, Aila, Laine & Lehtinen, 2018, arXiv:1710.10196).

    The authors show 800,000 real images while a size fades in and as many while it settles (600,000 in
    their code): 12,500 rounds each at 64 images a round. Optimizers start anew at each size; the
    averaged generator goes on. A stage before the last draws its images as large as the data's, in
    squares.

    An example's logit depends on its minibatch, by the deviation channel, and so does the penalty: as
    in the authors' code, its gradient is of the sum of logits.

    Args:
        spec: of images whose sides are 4 to 7 times one power of two: 8x8 and 1024x1024 begin at 4x4,
            28x28 at 7x7.
        stage_rounds: rounds in which a size fades in, and again in which it settles; the first only
            settles, and the last settles for what is left of the run.
        width: channels at the first four sizes, half as many at each further one. None: the paper's 512
            from 64x64 on, 64 from 16x16 on, 32 below.
        latent_dim: numbers in z. None: as many as `width`, as in the paper.
        penalty_weight: lambda.
        drift_weight: epsilon, on the logits of real examples.
        learning_rate: of both Adams, whose moments are (0, 0.99).
        ema_decay: of the averaged generator.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for other sides, no image, or stages without a round.
    """
    first, num_levels = _sizes(spec)
    check_at_least(1, stage_rounds=stage_rounds)
    side = max(spec.shape[:2])
    width = width or (512 if side >= 64 else 64 if side >= 16 else 32)
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
    optimizer = optax.adam(learning_rate, 0.0, 0.99, eps=1e-8)

    def model_at(level):
        return _level(
            spec,
            level,
            num_levels - 1 - level,
            ProgressiveGenerator(level, first, spec.shape[2], width, dtype),
            ProgressiveDiscriminator(level, first, width, dtype),
            normal_noise(latent_dim or width),
            optimizer,
            fade_rounds=stage_rounds,
            penalty_weight=penalty_weight,
            drift_weight=drift_weight,
            ema_decay=ema_decay,
        )

    models = [model_at(level) for level in range(num_levels)]
    rounds = [stage_rounds, *[2 * stage_rounds] * (num_levels - 1)]
    rounds[-1] = None
    enters = [None, *(_grown(model) for model in models[1:])]
    return tuple(Stage(*each) for each in zip(models, rounds, enters, strict=True))


def _level(
    spec,
    level,
    num_halvings,
    generator,
    discriminator,
    noise,
    optimizer,
    *,
    fade_rounds,
    penalty_weight,
    drift_weight,
    ema_decay,
) -> Model:
    """The game at one size, whose images are the data's halved `num_halvings` times."""
    inward, outward = network_range(spec)
    height, width, channels = spec.shape
    shape = (height // 2**num_halvings, width // 2**num_halvings, channels)
    alpha_like = jnp.ones(())
    generator = network(generator, jnp.zeros((1, noise.dim)), alpha_like)
    discriminator = network(discriminator, jnp.zeros((1, *shape)), alpha_like)
    adversary = wasserstein()

    def alpha_of(variables):
        return jnp.clip(variables["extra"]["rounds"] / fade_rounds, 0.0, 1.0)

    def real_images(variables, x):
        """[B, *shape]: between the last size and this one, like what the generator makes."""
        x = inward(x)
        for _ in range(num_halvings):
            x = halve(x)
        return lerp(double(halve(x)), x, alpha_of(variables)) if level else x

    def fakes(key, variables, num):
        z = noise.sample(key, num)
        return generator.apply(variables["generator"], z, alpha_of(variables), train=True)[0]

    def logits(variables, x):
        heads, _ = discriminator.apply(
            variables["discriminator"], x, alpha_of(variables), train=True
        )
        return heads["logit"]

    def discriminate(key, variables, batch):
        key_fakes, key_penalty = jax.random.split(key)
        real = real_images(variables, batch[spec.entry])
        fake = fakes(key_fakes, variables, len(real))
        on_real, on_fake = logits(variables, real), logits(variables, fake)
        score = lambda x: logits(variables, x)
        penalty = gradient_penalty(key_penalty, score, real, fake)
        losses = (
            adversary.discriminator(on_real, on_fake)
            + penalty_weight * penalty
            + drift_weight * jnp.square(on_real)
        )
        metrics = {
            "real_logit": on_real.mean(),
            "fake_logit": on_fake.mean(),
            "penalty": penalty.mean(),
            "alpha": alpha_of(variables),
        }
        return losses.mean(), Aux(metrics)

    def generate(key, variables, batch):
        on_fake = logits(variables, fakes(key, variables, len(batch[spec.entry])))
        # The last turn of a round: both players of the next one see the next alpha.
        rounds = {"rounds": variables["extra"]["rounds"] + 1}
        return adversary.generator(on_fake, on_fake).mean(), Aux({}, {"extra": rounds})

    def decode(key, variables, z):
        del key
        x, _ = generator.apply(variables["generator"], z, alpha_of(variables), train=False)
        x = outward(x)
        for _ in range(num_halvings):
            x = double(x)
        return x

    def sample(key, variables, num, condition=None):
        return decode(None, variables, noise.sample(key, num))

    def evaluate(key, variables, batch):
        return {"logit": logits(variables, real_images(variables, batch[spec.entry]))}

    return game(
        {
            "generator": generator.start,
            "discriminator": discriminator.start,
            "extra": lambda key, batch: {"rounds": jnp.zeros(())},
        },
        [
            Player(("discriminator",), discriminate, optimizer),
            Player(("generator",), generate, optimizer),
        ],
        ema=Ema(("generator",), ema_decay),
        sample=sample,
        decode=decode,
        evaluate=evaluate,
        latents=noise_latents(noise),
    )


def _grown(model: Model):
    """`enter` of a level: fresh, but for the layers that there were before."""

    def enter(key: jax.Array, state: State) -> State:
        new = model.init(key, {})
        known = lambda fresh, old: {name: old.get(name, layer) for name, layer in fresh.items()}

        def grown(name: str, variables: Any) -> Any:
            if name == "extra":
                return variables
            old = state.variables[name]["params"]
            return {**variables, "params": known(variables["params"], old)}

        return new._replace(
            variables={name: grown(name, each) for name, each in new.variables.items()},
            ema={
                name: {"params": known(each["params"], state.ema[name]["params"])}
                for name, each in new.ema.items()
            },
        )

    return enter


def _sizes(spec: Spec) -> tuple[tuple[int, int], int]:
    """(height and width of the first level, number of levels)."""
    if spec.entry != "image":
        raise ValueError(f"progan needs images, and these examples are {spec.entry}")
    height, width, _ = spec.shape
    levels = 1
    while min(height, width) >= 8 and height % 2 == width % 2 == 0:
        height, width, levels = height // 2, width // 2, levels + 1
    if levels == 1 or min(height, width) > 7:
        raise ValueError(
            f"progan needs sides of 4 to 7 times a power of two (8, 28, 32, 64), got {spec.shape[0]}x"
            f"{spec.shape[1]}: load the data with another image_size"
        )
    return (height, width), levels
