"""Amortised MAP inference of Sonderby et al., 2016: super-resolution, consistent by construction.

A network's guess f(x) is projected on the images that A reduces to x, and g is to be likely:

    g(x) = (I - A^+ A) f(x) + A^+ x,  so that A g(x) = x        minimise  KL(law of g(x) || p)

(arXiv:1610.04490). `adversarial`, AffGAN: a discriminator's logit d stands for the
log ratio, and the noise sigma on all that it sees falls as training goes on:

    discriminator:  -E log sigmoid(d(y + sigma n)) - E log(1 - sigmoid(d(g(x) + sigma n)))
    generator:      -E d(g(x) + sigma n)

`denoiser`, AffDG: a denoiser r gives the slope of log p, and g ascends it:

    denoiser:  E |r(y + sigma n) - y|^2          generator:  -E <(r(g) - g) / sigma^2 held constant, g>
"""

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Player, Spec, check_above, check_at_least, check_name, game
from genjax.gan.telling_apart import tell_apart
from genjax.gan.two_players import network_range
from genjax.losses import crop_to_multiple, enlargement_quality, model_kl
from genjax.nets import (
    Denoiser,
    MlpDiscriminator,
    MlpGenerator,
    affine_projection,
    network,
    reduction,
    super_resolution_discriminator,
    super_resolution_resnet,
)


def affgan(
    spec: Spec,
    *,
    guide: str = "adversarial",
    scale: int | None = None,
    degradation: str | None = None,
    discriminator_turns: int = 2,
    noise_start: float = 1.0,
    noise_end: float = 0.1,
    noise_rounds: int = 4000,
    hidden: tuple[int, ...] | None = None,
    num_blocks: int | None = None,
    channels: int | None = None,
    discriminator_channels: int | None = None,
    learning_rate: float = 1e-4,
    discriminator_learning_rate: float | None = None,
    first_moment: float = 0.5,
) -> Model:
    """AffGAN and AffDG (Sonderby et al., 2016, arXiv:1610.04490): A g(x) = x exactly, g(x) likely.

    A is fixed and known. For images it is by default `bicubic`, how this library makes low resolution:
    `low_resolution` of what `upscale` returns is what it was given, and so it is not clipped to [0, 1],
    which would undo that. The paper has a strided convolution with a Gaussian kernel, and fits A^+ by
    gradient descent; here A^+ is the exact inverse. Images of high and low resolution need not be
    pairs: only y in one part of a loss and x in the other are seen, and here both are made of one
    minibatch.

    The paper prints the generator's loss as E log(D / (1 - D)), which is to be minimised with D the
    probability of a fake; it is -E d here. Its networks and rates for images are not known to this
    library: they are SRGAN's, smaller by the size of the images, with Adam. Turns and the fall of
    sigma are those of its runs on the Swiss roll.

    Vectors are encoded as A y, and `decode` is g. `evaluate` gives `inconsistency`, max |A g(x) - x|,
    and of images `psnr` and its like, as in `srresnet`.

    Args:
        spec: of grey or RGB images, or of vectors whose length `scale` divides; bits and images in
            [0, 1]. What `scale` leaves over of an image is cut off.
        guide: `adversarial` (AffGAN) or `denoiser` (AffDG).
        scale: how many times larger. None: 4, a power of 2, for images, and 2 for vectors.
        degradation: A, one of `genjax.nets.REDUCTIONS`. None: `bicubic` for images, `average` for
            vectors.
        discriminator_turns: of the discriminator, or denoiser, in a round.
        noise_start, noise_end: sigma at first and at last, where images are in [-1, 1].
        noise_rounds: over which it falls, evenly.
        hidden: widths of the networks of vectors, and of the denoiser. None: (128, 128), and four
            layers of `channels` for images.
        num_blocks, channels: of f for images, as in `srresnet`.
        discriminator_channels: as in `srgan`.
        learning_rate: of Adam.
        discriminator_learning_rate: of the other player's, if it differs.
        first_moment: of both Adams.

    Raises:
        ValueError: for what cannot be reduced so, or an unknown name.
    """
    check_at_least(1, noise_rounds=noise_rounds)
    check_above(0, noise_start=noise_start, noise_end=noise_end)
    is_image = spec.entry == "image"
    scale = (4 if is_image else 2) if scale is None else scale
    by = reduction(degradation or ("bicubic" if is_image else "average"), scale)
    f, guides = _networks(spec, scale, num_blocks, channels, discriminator_channels, hidden)
    check_name("guide", guide, guides)
    cut = (lambda y: crop_to_multiple(y, scale)) if is_image else (lambda y: y)
    y = cut(jnp.zeros((1, *spec.shape)))
    generator = network(f, by.reduce(y))
    other = network(guides[guide], y)
    inward, outward = network_range(spec)
    if is_image or spec.num_levels is not None:
        outward = lambda y: 0.5 * (y + 1)  # what is clipped is consistent no more
    adversary = model_kl()
    falling = optax.linear_schedule(noise_start, noise_end, noise_rounds)
    sigma = lambda variables: falling(variables["extra"]["rounds"])

    def project(variables, x, train):
        """g(x) in the networks' range, and the updates of f."""
        guess, updates = generator.apply(variables["generator"], x, train=train)
        return affine_projection(guess, x, by), updates

    def pair(variables, batch):
        """y and g(A y) in the networks' range, and the updates of f."""
        y = inward(cut(batch[spec.entry]))
        return y, *project(variables, by.reduce(y), True)

    def noisy(key, variables, y):
        return y + sigma(variables) * jax.random.normal(key, y.shape)

    def discriminate(key, variables, batch):
        key_real, key_fake = jax.random.split(key)
        y, fake, _ = pair(variables, batch)
        real, fake = noisy(key_real, variables, y), noisy(key_fake, variables, fake)
        return tell_apart(adversary, other, variables, (real,), (fake,), name="guide")

    def denoise(key, variables, batch):
        y = inward(cut(batch[spec.entry]))
        found, _ = other.apply(variables["guide"], noisy(key, variables, y), train=True)
        return _total(jnp.square(found - y)), Aux()

    def generate(key, variables, batch):
        y, fake, updates = pair(variables, batch)
        if guide == "adversarial":
            heads, _ = other.apply(variables["guide"], noisy(key, variables, fake), train=True)
            loss = adversary.generator(heads["logit"], heads["logit"]).mean()
        else:
            found, _ = other.apply(variables["guide"], fake, train=True)
            slope = (found - fake) / jnp.square(sigma(variables))
            loss = -_total(jax.lax.stop_gradient(slope) * fake)
        told = {"squared_error": _total(jnp.square(fake - y))}
        rounds = {"rounds": variables["extra"]["rounds"] + 1}
        return loss, Aux(told, {"generator": updates, "extra": rounds})

    def enlarged(key, variables, x):
        del key
        y, _ = project(variables, inward(x), False)
        return outward(y)

    def evaluate(key, variables, batch):
        y = cut(batch[spec.entry])
        found = enlarged(key, variables, by.reduce(y))
        gap = jnp.abs(by.reduce(found - y)).reshape(len(y), -1).max(1)
        quality = enlargement_quality(y, jnp.clip(found, 0, 1), scale) if is_image else {}
        return {"inconsistency": gap, **quality}

    able = {"upscale": enlarged}
    if not is_image:
        able = {"encode": lambda key, variables, y: by.reduce(y), "decode": enlarged}
    clock = lambda key, batch: {"rounds": jnp.zeros((), jnp.int32)}
    starts = {"generator": generator.start, "guide": other.start, "extra": clock}
    learn = discriminate if guide == "adversarial" else denoise
    rate = learning_rate if discriminator_learning_rate is None else discriminator_learning_rate
    other_adam, adam = (optax.adam(each, first_moment) for each in (rate, learning_rate))
    players = [
        Player(("guide",), learn, other_adam, turns=discriminator_turns),
        Player(("generator",), generate, adam),
    ]
    return game(starts, players, evaluate=evaluate, **able)


def _networks(spec, scale, num_blocks, channels, discriminator_channels, hidden):
    """f, and the network of each guide."""
    if spec.entry == "image":
        f = super_resolution_resnet(
            "affgan", spec, scale, num_blocks=num_blocks, channels=channels, residual=False
        )
        judge = super_resolution_discriminator(spec, discriminator_channels)
        return f, {"adversarial": judge, "denoiser": Denoiser(hidden or (f.channels,) * 4)}
    if spec.entry != "vector":
        raise ValueError(f"affgan takes images or vectors, and these examples are {spec.entry}")
    if spec.shape[0] % scale:
        raise ValueError(f"scale {scale} does not divide vectors of {spec.shape[0]} numbers")
    hidden = hidden or (128, 128)
    f = MlpGenerator(tuple(spec.shape), hidden, bounded=False)
    return f, {"adversarial": MlpDiscriminator(hidden), "denoiser": Denoiser(hidden)}


def _total(x):
    """The mean over examples of the sum over the numbers of each."""
    return x.reshape(len(x), -1).sum(1).mean()
