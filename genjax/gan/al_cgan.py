"""AL-CGAN of Karacan, Akata, Erdem and Erdem, 2016: outdoor scenes of a layout and of attributes.

A layout s says which class each pixel is of, a vector a of transient attributes how the scene looks at
that hour (arXiv:1612.00215). With f a discriminator's logits, G(z, s, a) the generator, x an image of
(s, a), and (s', a') another image's,

    D minimises  -log sigmoid(f(x, s, a)) - (1 - w) log(1 - sigmoid(f(G(z, s, a), s, a)))
                 - w log(1 - sigmoid(f(x, s', a')))
    G minimises  -log sigmoid(f(G(z, s, a), s, a))

whose last term of D is that of Reed et al., 2016 (arXiv:1605.05396): real, but of something else.
"""

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Ema, Latents, Model, Player, Spec, game
from genjax.losses import cross_entropy, matching_terms
from genjax.nets import LayoutDiscriminator, LayoutGenerator, network, normal_noise

_REMEMBERED = "scenes"  # the network of layouts and attributes for samples without any


def al_cgan(
    spec: Spec,
    *,
    mismatch_weight: float = 0.5,
    latent_dim: int = 100,
    width: int = 64,
    discriminator_width: int | None = None,
    norm: str = "batch",
    learning_rate: float = 2e-4,
    discriminator_learning_rate: float | None = None,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """AL-CGAN (Karacan, Akata, Erdem & Erdem, 2016, arXiv:1612.00215).

    The model is conditional on `layout`; its latents are z and, after it, the attributes, so that
    `decode` makes a scene at any hour: vary its last numbers, and the layout and z stay. The prior of
    attributes, and the layouts of samples without any, are those of the first minibatch, which is kept
    in the variables. `evaluate` gives `logit`, and `matching`: 1 where D prefers an image's own layout
    and attributes to the next image's.

    The authors' code is not public, and what the paper's text leaves open is a choice of this file: the
    number of layers and their widths, that both the layout's and the attributes' mismatch come from one
    other image of the minibatch, and w. Both streams of D are one stack of convolutions but for the
    first of each, as in the paper.

    Args:
        spec: of images in [0, 1] with `layout`, one-hot, of the same height and width, and `attributes`
            in [0, 1].
        mismatch_weight: w, in [0, 1); 0 is the plain conditional GAN.
        latent_dim: numbers in z, normal.
        width: channels of the first convolutions; each further one has twice as many.
        discriminator_width: of its own; `width` if not given.
        norm: of the hidden layers, `batch`, `layer` or `none`.
        learning_rate, first_moment: of both Adams.
        discriminator_learning_rate: of its own; `learning_rate` if not given.
        ema_decay: of the averaged generator that samples; the paper has none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: if there are no layouts or no attributes, or for a weight that cannot be.
    """
    _check(spec, mismatch_weight)
    layout_shape, (num_attributes,) = tuple(spec.extras["layout"]), spec.extras["attributes"]
    dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
    noise = normal_noise(latent_dim)
    x, s = jnp.zeros((2, *spec.shape)), jnp.zeros((2, *layout_shape))
    z, a = jnp.zeros((2, latent_dim)), jnp.zeros((2, num_attributes))
    generator = network(LayoutGenerator(spec.shape[-1], width, norm, dtype), z, s, a)
    judge = LayoutDiscriminator(discriminator_width or width, norm, dtype)
    discriminator = network(judge, x, s, a)

    def made(key, variables, batch, train):
        z = noise.sample(key, len(batch["layout"]))
        given = (z, batch["layout"], batch["attributes"])
        return generator.apply(variables["generator"], *given, train=train)

    def discriminate(key, variables, batch):
        key_latents, key_other = jax.random.split(key)
        real, s, a = 2 * batch["image"] - 1, batch["layout"], batch["attributes"]
        fake, _ = made(key_latents, variables, batch, True)
        own = dict(variables["discriminator"])

        def judge(*inputs):  # each in a batch of its own, whose statistics go into the running ones
            heads, updates = discriminator.apply(own, *inputs, train=True)
            own.update(updates)
            return heads["logit"]

        terms = [((real, s, a), 1.0, 1.0), ((fake, s, a), 0.0, 1.0 - mismatch_weight)]
        if mismatch_weight:
            shift = jax.random.randint(key_other, (), 1, max(2, len(s)))  # never to itself
            terms.insert(1, ((real, *_shifted(shift, s, a)), 0.0, mismatch_weight))
        loss = matching_terms(judge, terms).mean()
        own.pop("params")
        return loss, Aux({}, {"discriminator": own})

    def generate(key, variables, batch):
        fake, updates = made(key, variables, batch, True)
        given = (fake, batch["layout"], batch["attributes"])
        heads, _ = discriminator.apply(variables["discriminator"], *given, train=True)
        return cross_entropy(heads["logit"], 1.0).mean(), Aux({}, {"generator": updates})

    def decode(key, variables, latents, layout):
        del key
        z, a = latents[:, :latent_dim], latents[:, latent_dim:]
        x, _ = generator.apply(variables["generator"], z, layout, a, train=False)
        return 0.5 * (x + 1)

    def remembered(key, variables, num, entry):
        kept = variables[_REMEMBERED]["memory"][entry]
        return kept[jax.random.randint(key, (num,), 0, len(kept))]

    def prior(key, variables, num, *given):
        key_noise, key_attributes = jax.random.split(key)
        z = noise.sample(key_noise, num)
        return jnp.concatenate([z, remembered(key_attributes, variables, num, "attributes")], 1)

    def sample(key, variables, num, condition=None):
        key_layout, key_latents = jax.random.split(key)
        if condition is None:
            condition = remembered(key_layout, variables, num, "layout")
        return decode(None, variables, prior(key_latents, variables, num), jnp.asarray(condition))

    def evaluate(key, variables, batch):
        def judged(s, a):
            given = (2 * batch["image"] - 1, s, a)
            heads, _ = discriminator.apply(variables["discriminator"], *given, train=False)
            return heads["logit"]

        s, a = batch["layout"], batch["attributes"]
        own = judged(s, a)
        return {"logit": own, "matching": (own > judged(*_shifted(1, s, a))).astype(jnp.float32)}

    def remember(key, batch):
        return {"memory": {name: batch[name] for name in ("layout", "attributes")}}

    adam = lambda rate: optax.adam(rate, first_moment)
    return game(
        {
            "generator": generator.start,
            "discriminator": discriminator.start,
            _REMEMBERED: remember,
        },
        [
            Player(
                ("discriminator",),
                discriminate,
                adam(discriminator_learning_rate or learning_rate),
            ),
            Player(("generator",), generate, adam(learning_rate)),
        ],
        ema=None if ema_decay is None else Ema(("generator",), ema_decay),
        sample=sample,
        decode=decode,
        evaluate=evaluate,
        latents=Latents(shape=(latent_dim + num_attributes,), prior=prior, posterior=None),
        condition="layout",
    )


def _shifted(shift, *arrays):
    return tuple(jnp.roll(each, shift, axis=0) for each in arrays)


def _check(spec, mismatch_weight):
    if spec.entry != "image" or not {"layout", "attributes"} <= set(spec.extras):
        raise ValueError(
            "al_cgan needs images with `layout` and `attributes`, and this data has none"
        )
    if tuple(spec.extras["layout"][:2]) != tuple(spec.shape[:2]):
        raise ValueError(
            f"al_cgan needs layouts of the images' size {tuple(spec.shape[:2])}, got "
            f"{tuple(spec.extras['layout'])}: draw or resize them alike"
        )
    if not 0 <= mismatch_weight < 1:
        raise ValueError(f"mismatch_weight must be in [0, 1), got {mismatch_weight}")
