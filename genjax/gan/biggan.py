"""BigGAN of Brock, Donahue and Simonyan, 2019 (arXiv:1809.11096): class-conditional, and truncated.

    discriminator:  E[max(0, 1 - f(x, y))] + E[max(0, 1 + f(G(z, y), y))]
    generator:      -E[f(G(z, y), y)] + beta sum over kernels |W^T W * (1 - I)|^2

SNGAN's residual networks with spectral normalisation in both, a projection discriminator,
self-attention, one embedding of the label for all conditional batch norms, and a piece of z for each
block beside it. Samples are of the averaged generator, from a normal distribution without its tails
where it is asked for: fewer kinds of images, and better ones.
"""

import jax
import jax.numpy as jnp
import optax

from genjax.core import Model, Spec, check_above
from genjax.gan.two_players import network_range, two_players
from genjax.losses import hinge, orthogonal_penalty
from genjax.nets import (
    ResnetDiscriminator,
    ResnetGenerator,
    network,
    normal_noise,
    num_halvings,
)


def biggan(
    spec: Spec,
    *,
    chunk_dim: int = 20,
    embedding_dim: int = 128,
    width: int | None = None,
    discriminator_turns: int | None = None,
    generator_learning_rate: float | None = None,
    discriminator_learning_rate: float = 2e-4,
    orthogonal_weight: float = 1e-4,
    ema_decay: float = 0.9999,
    truncation: float | None = None,
    standing_batches: int = 8,
    precision: str = "float32",
) -> Model:
    """BigGAN (Brock, Donahue & Simonyan, 2019, arXiv:1809.11096).

    The paper's minibatches are of 2048 examples; its code's for CIFAR-10 of 50. The fakes' labels are
    the minibatch's. Averages of the params do not fit the running statistics of batch norm, nor do
    those fit truncated draws: `sample` and `decode` take moments from fresh draws instead ("standing
    statistics", appendix E), no larger in any element than the largest latent that they are given.

    Args:
        spec: of images with labels.
        chunk_dim: numbers in each piece of z; there are as many pieces as blocks, and one.
        embedding_dim: numbers in the embedding of a label.
        width: ch of the authors' tables, whose networks have 16 ch channels at most from 64x64 on, and
            4 ch below. None: 96 from 64x64 on, as for ImageNet, 64 from 32x32 on, as for CIFAR-10, and
            8 below.
        discriminator_turns: minibatches of the discriminator in a round. None: the paper's 2 from 64x64
            on, and 4 below, as its code has for CIFAR-10.
        generator_learning_rate: None: the paper's 5e-5 from 64x64 on, and 2e-4 below, as its code.
        discriminator_learning_rate: of the other Adam; both have moments (0, 0.999).
        orthogonal_weight: beta (equation 3; its code takes half of that gradient).
        ema_decay: of the averaged generator; in the first rounds it is (1 + t) / (10 + t), while the
            authors only begin to average after 20,000.
        truncation: the largest number that `sample` lets z have; none for all. `latents.truncated` and
            `decode` do it for any.
        standing_batches: of 64 draws each, from which the moments are taken.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: if the data is no images, or has no labels, or a truncation is not positive.
    """
    if spec.entry != "image" or spec.num_classes is None:
        raise ValueError(
            f"biggan needs images with labels, and these examples are {spec.entry}"
            f"{' without labels' if spec.num_classes is None else ''}"
        )
    check_above(0, truncation=truncation)
    steps, is_large = num_halvings(spec.shape), max(spec.shape[:2]) >= 64
    modules = _modules(spec, width, embedding_dim, precision)
    noise = normal_noise(chunk_dim * (1 + steps))
    z, label = jnp.zeros((1, noise.dim)), jnp.zeros(1, jnp.int32)
    generator = network(modules[0], z, label)
    rate = generator_learning_rate or (5e-5 if is_large else 2e-4)
    model = two_players(
        spec,
        generator,
        network(modules[1], jnp.zeros((1, *spec.shape)), label),
        noise,
        adversary=hinge(),
        generator_optimizer=optax.adam(rate, 0.0, 0.999, eps=1e-6),
        discriminator_optimizer=optax.adam(discriminator_learning_rate, 0.0, 0.999, eps=1e-6),
        discriminator_turns=discriminator_turns or (2 if is_large else 4),
        conditional=True,
        weight_terms=lambda params: orthogonal_weight * orthogonal_penalty(params),
        ema_decay=lambda step: jnp.minimum(ema_decay, (1 + step) / (10 + step)),
    )
    # Without memory, a batch norm's statistics after a training pass are that pass's moments.
    forgetful = network(modules[0].clone(momentum=0.0), z, label)
    outward = network_range(spec)[1]

    def standing(variables, bound):
        """The generator with moments of draws within [-bound, bound], of all labels alike."""

        def moments(key):
            key_latents, key_label = jax.random.split(key)
            drawn = noise.truncated(key_latents, 64, bound)
            labels = jax.random.randint(key_label, (64,), 0, spec.num_classes)
            return forgetful.apply(variables, drawn, labels, train=True)[1]["batch_stats"]

        # One key for ever, so that an image is a function of its latents.
        found = jax.lax.map(moments, jax.random.split(jax.random.key(0), standing_batches))
        return {**variables, "batch_stats": jax.tree.map(lambda leaf: leaf.mean(0), found)}

    def decode(key, variables, z, label):
        settled = standing(variables["generator"], jnp.abs(z).max())
        return outward(generator.apply(settled, z, label, train=False)[0])

    def sample(key, variables, num, condition=None):
        key_label, key_latents, key_network = jax.random.split(key, 3)
        if condition is None:
            condition = jax.random.randint(key_label, (num,), 0, spec.num_classes)
        bound = (truncation,) if truncation else ()
        draw = noise.truncated if truncation else noise.sample
        z = draw(key_latents, num, *bound)
        return decode(key_network, variables, z, jnp.asarray(condition))

    return model._replace(sample=sample, decode=decode)


def _modules(spec, width, embedding_dim, precision):
    """Generator and discriminator with the channels of the authors' code."""
    steps, side = num_halvings(spec.shape), max(spec.shape[:2])
    if side >= 64:
        width = width or 96
        up = [16, *(max(1, 16 // 2**step) for step in range(steps))]
        down = [*(min(16, 2**step) for step in range(steps)), 16]
    else:
        width = width or (64 if side >= 32 else 8)
        up, down = [4] * (1 + steps), [4] * 4
    options = {
        "num_classes": spec.num_classes,
        "attention_level": 1 if side >= 64 else 0,
        "num_iterations": 1,
        "orthogonal": True,
        "dtype": jnp.bfloat16 if precision == "bf16" else jnp.float32,
    }
    wide = lambda channels: tuple(width * each for each in channels)
    return (
        ResnetGenerator(tuple(spec.shape), wide(up), embedding_dim=embedding_dim, **options),
        ResnetDiscriminator(wide(down), min(steps, steps if side >= 64 else 2), **options),
    )
