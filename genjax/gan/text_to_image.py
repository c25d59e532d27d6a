"""Text to image of Reed, Akata, Yan, Logeswaran, Schiele and Lee, 2016: GAN-CLS, GAN-INT and both.

Captions are read by a text encoder that was trained before, together with an encoder of images, so that
an image and its caption have the larger inner product (Reed et al., 2016, arXiv:1605.05395), and that
stands still from then on. Of its embeddings t (arXiv:1605.05396, Algorithm 1 and equation 5):

    D minimises  -log D(x, t) - w log(1 - D(x', t)) - (1 - w) log(1 - D(G(z, t), t))          (CLS)
    G minimises  -log D(G(z, t), t) - log D(G(z', t'), t'),    t' = (t_1 + t_2) / 2           (INT)

with x' a real image of another caption. Embeddings between two captions need no image of their own.
"""

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Ema, Player, Spec, Stage, check_at_least, game
from genjax.gan.two_players import network_range, noise_latents
from genjax.losses import cross_entropy, joint_embedding, matching_terms
from genjax.nets import (
    DcganGenerator,
    ImageEncoder,
    ImageTrunk,
    MlpGenerator,
    TextDiscriminator,
    TextEncoder,
    TextGenerator,
    network,
    normal_noise,
)

_CAPTIONS = 1024  # remembered for samples without one


def text_to_image(
    spec: Spec,
    *,
    cls_weight: float = 0.5,
    interpolation_weight: float = 1.0,
    embedding_rounds: int = 2000,
    embedding_dim: int = 128,
    embedding_learning_rate: float = 1e-3,
    text_width: int = 64,
    latent_dim: int = 100,
    projection: int = 128,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    learning_rate: float = 2e-4,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
) -> tuple[Stage, ...]:
    """GAN-INT-CLS (Reed et al., 2016, arXiv:1605.05396); `condition` is the caption, `text`.

    The defaults are GAN-INT-CLS; `interpolation_weight=0` is GAN-CLS, `cls_weight=0` GAN-INT, and both
    the plain conditional GAN. The mismatched image is another of the minibatch whose caption differs
    (the paper's is of another class). Without captions, `sample` draws from 1024 training captions
    that are kept in the variables; `evaluate` gives `logit`, and `matching`: 1 where D prefers an
    image's own caption to another of these.

    The encoders are trained on the minibatch's images and captions, without classes; the paper's text
    encoder has more channels, its images' features are of a pre-trained GoogLeNet, and embeddings of
    several captions are averaged. The paper's generator has residual blocks between its layers.

    Args:
        spec: of images in [0, 1] with `text`.
        cls_weight: w, in [0, 1]; the authors' code has 0.5, so that real and not real weigh the same.
        interpolation_weight: of the interpolated half minibatch, in a mean over all of the generator's
            fakes; the authors' code has 1, which leaves 2/3 to the captions themselves.
        embedding_rounds: of the first stage, which trains the encoders.
        embedding_dim: numbers in t; the paper has 1024.
        embedding_learning_rate: of its Adam.
        text_width: channels of the text encoder.
        latent_dim: numbers in z, normal.
        projection: numbers that t is brought to in G and D.
        hidden: widths of MLPs in place of convolutions.
        width: of the convolutions, as in `dcgan`. None: 128 from 64x64 on, 64 from 32x32 on, 32 below.
        learning_rate, first_moment: of both Adams of the game.
        ema_decay: of the averaged generator that samples; the paper has none.

    Raises:
        ValueError: if there are no images or no texts, or for a weight that cannot be.
    """
    if spec.entry != "image" or "text" not in spec.extras:
        raise ValueError(
            "text_to_image needs images with captions (`text`), and this data has none"
        )
    if not 0 <= cls_weight < 1 or interpolation_weight < 0:
        raise ValueError(
            "cls_weight must be in [0, 1) and interpolation_weight at least 0, got "
            f"{cls_weight} and {interpolation_weight}"
        )
    check_at_least(1, embedding_rounds=embedding_rounds)
    noise = normal_noise(latent_dim)
    text_shape = tuple(spec.extras["text"])
    networks = _networks(
        spec, latent_dim, embedding_dim, text_width, projection, hidden, _width(spec, width)
    )
    generator, discriminator = networks["generator"], networks["discriminator"]
    inward, outward = network_range(spec)

    def embed(variables, text):
        return networks["text_encoder"].apply(variables["text_encoder"], text, train=False)[0]

    def align(key, variables, batch):
        del key
        images, updates = networks["image_encoder"].apply(
            variables["image_encoder"], inward(batch["image"]), train=True
        )
        texts = embed(variables, batch["text"])
        other = different(batch["text"], batch["text"])
        losses = joint_embedding(images, texts, other)
        scores = images @ texts.T
        wrong = jnp.where(other, scores, -jnp.inf).max(1)
        accuracy = (jnp.diagonal(scores) > wrong).mean()
        return losses.mean(), Aux({"retrieval": accuracy}, {"image_encoder": updates})

    def discriminate(key, variables, batch):
        key_other, key_latents, key_network = jax.random.split(key, 3)
        real, t = inward(batch["image"]), embed(variables, batch["text"])
        z = noise.sample(key_latents, len(real))
        fake, _ = generator.apply(variables["generator"], z, t, train=True, key=key_network)
        own = dict(variables["discriminator"])

        def judge(x, t):  # each in a batch of its own, whose statistics go into the running ones
            heads, updates = discriminator.apply(own, x, t, train=True)
            own.update(updates)
            return heads["logit"]

        terms = [((real, t), 1.0, 1.0), ((fake, t), 0.0, 1.0 - cls_weight)]
        if cls_weight:
            rows = other_rows(key_other, batch["text"])
            terms.insert(1, ((real[rows], t), 0.0, cls_weight))
        loss = matching_terms(judge, terms).mean()
        own.pop("params")
        return loss, Aux({}, {"discriminator": own})

    def generate(key, variables, batch):
        key_latents, key_network = jax.random.split(key)
        t = embed(variables, batch["text"])
        num, half = len(t), len(t) // 2
        weights = jnp.ones(num)
        if interpolation_weight:  # before the projection, in the space of the embeddings
            t = jnp.concatenate([t, 0.5 * (t[:half] + t[half : 2 * half])])
            weights = jnp.concatenate([weights, jnp.full(half, interpolation_weight)])
        z = noise.sample(key_latents, len(t))
        fake, updates = generator.apply(variables["generator"], z, t, train=True, key=key_network)
        heads, _ = discriminator.apply(variables["discriminator"], fake, t, train=True)
        losses = weights * cross_entropy(heads["logit"], 1.0)
        return losses.mean(), Aux({}, {"generator": updates})

    def decode(key, variables, z, text):
        x, _ = generator.apply(
            variables["generator"], z, embed(variables, text), train=False, key=key
        )
        return outward(x)

    def sample(key, variables, num, condition=None):
        key_text, key_latents, key_network = jax.random.split(key, 3)
        if condition is None:
            kept = variables["captions"]["memory"]["text"]
            condition = kept[jax.random.randint(key_text, (num,), 0, len(kept))]
        z = noise.sample(key_latents, num)
        return decode(key_network, variables, z, jnp.asarray(condition))

    def evaluate(key, variables, batch):
        kept = variables["captions"]["memory"]["text"]
        weights = different(batch["text"], kept)
        drawn = jnp.argmax(jax.random.uniform(key, weights.shape) * weights, axis=1)

        def judge(text):
            heads, _ = discriminator.apply(
                variables["discriminator"],
                inward(batch["image"]),
                embed(variables, text),
                train=False,
            )
            return heads["logit"]

        own = judge(batch["text"])
        return {"logit": own, "matching": (own > judge(kept[drawn])).astype(jnp.float32)}

    starts = {
        **{name: each.start for name, each in networks.items()},
        "captions": lambda key, batch: {
            "memory": {"text": jnp.zeros((_CAPTIONS, *text_shape), jnp.int32)}
        },
    }
    encoders = Player(
        ("text_encoder", "image_encoder"),
        align,
        optax.adam(embedding_learning_rate),
        name="embedding",
    )
    adam = optax.adam(learning_rate, first_moment)
    model = game(
        starts,
        [
            Player(("discriminator",), discriminate, adam),
            Player(("generator",), generate, adam),
        ],
        ema=None if ema_decay is None else Ema(("generator",), ema_decay),
        sample=sample,
        decode=decode,
        evaluate=evaluate,
        latents=noise_latents(noise),
        condition="text",
    )

    def enter(key, state, examples):
        rows = jnp.arange(_CAPTIONS) % len(examples["text"])
        kept = {"captions": {"memory": {"text": examples["text"][rows]}}}
        return model.init(key, examples)._replace(variables={**state.variables, **kept})

    return (
        Stage(game(starts, [encoders]), embedding_rounds),
        Stage(model, enter=enter, num_examples=_CAPTIONS),
    )


def different(text: jax.Array, others: jax.Array) -> jax.Array:
    """Whether text i [B, T] says something else than text j of `others` [M, T]: bool [B, M]."""
    return (text[:, None] != others[None]).any(-1)


def other_rows(key: jax.Array, text: jax.Array) -> jax.Array:
    """For each text [B, T] a row, drawn at random, whose text differs: int32 [B].

    Any row where there is none.
    """
    drawn = jax.random.uniform(key, (len(text), len(text)))
    return jnp.argmax(drawn + different(text, text), axis=1)


def _width(spec, width):
    side = min(spec.shape[:2])
    return width or (128 if side >= 64 else 64 if side >= 32 else 32)


def _networks(spec, latent_dim, embedding_dim, text_width, projection, hidden, width):
    shape = tuple(spec.shape)
    if hidden:
        generator, trunk = MlpGenerator(shape, hidden), lambda norm: ImageTrunk(hidden=hidden)
    else:
        generator, trunk = DcganGenerator(shape, width), lambda norm: ImageTrunk(width, norm=norm)
    x, z = jnp.zeros((1, *shape)), jnp.zeros((1, latent_dim))
    t, text = jnp.zeros((1, embedding_dim)), jnp.zeros((1, *spec.extras["text"]), jnp.int32)
    return {
        "text_encoder": network(TextEncoder(embedding_dim, text_width), text),
        "image_encoder": network(ImageEncoder(trunk("layer"), embedding_dim), x),
        "generator": network(TextGenerator(generator, projection), z, t),
        "discriminator": network(TextDiscriminator(trunk("batch"), projection), x, t),
    }
