"""CC-GAN of Denton, Gross and Fergus, 2016: in-painting teaches a classifier (arXiv:1611.06430).

Of an image x with a hole, m = 0 there and 1 elsewhere, G draws what is missing; D, whose features are
the classifier's too, tells whole images from filled ones x_I = m x + (1 - m) G(m x, m):

    D minimises  E[softplus(-f(x))] + E[softplus(f(x_I))] + weight E_labelled[CE(l(x), y)]
    G minimises  E[softplus(-f(x_I))]

No pixel is compared with the truth. CC-GAN^2 shows D the whole output of G as well.
"""

import math

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Model, Player, Spec, Stage, game
from genjax.gan.classes import class_loss
from genjax.gan.labelled import labelled_examples, with_labels
from genjax.gan.networks import chosen, generator_and_discriminator
from genjax.gan.two_players import Side, network_range
from genjax.losses import fill_holes, logit_metrics, non_saturating, square_holes
from genjax.nets import HoleFiller, network


def ccgan(
    spec: Spec,
    *,
    hole: int | None = None,
    labels_per_class: int = 100,
    class_weight: float = 1.0,
    whole_weight: float = 0.0,
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    dropout_rate: float = 0.0,
    learning_rate: float = 2e-4,
    first_moment: float = 0.5,
    precision: str = "float32",
) -> Model | tuple[Stage, ...]:
    """CC-GAN (Denton, Gross & Fergus, 2016, arXiv:1611.06430): `complete` fills any hole.

    Labels are shown of `labels_per_class` examples of each class alone, chosen once among up to 10,000;
    of data without labels it learns to fill holes. G is given the mask beside the image, for in
    [-1, 1] a hole of 0 is grey as any other. It draws nothing: one image with a hole has one filling.

    In the authors' code the classifier learns in a phase of its own, and G takes two steps a round;
    here D's losses are one, and each side takes one step. D is DCGAN's, not the paper's VGG.

    `evaluate` gives `logit`, `hole_error` (the mean absolute error in a hole drawn by the key, in the
    data's range) and, where there are labels, `accuracy` (0 or 1).

    Args:
        spec: of images in [0, 1], with labels or without.
        hole: side of the square hole of training; None for half of the image's shorter side, as the
            paper's 32 of 64.
        labels_per_class: that are shown; 100 is a fold of STL-10. 0 for none.
        class_weight: of their cross-entropy; 0 for none.
        whole_weight: of what is said of whole outputs of G, on both sides: 1 for CC-GAN^2.
        architecture: `mlp`, `dcgan` or none to choose by the data.
        hidden: widths of the MLPs' hidden layers; by the data if not given.
        width: of the convolutions; by the size of the image if not given.
        dropout_rate: of the discriminator's MLP, in training.
        learning_rate, first_moment: of both Adams.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: if the examples are no images, for a hole that is none, or an unknown name.
    """
    if spec.entry != "image":
        raise ValueError(f"ccgan needs images, got examples of shape {tuple(spec.shape)}")
    places, channels = tuple(spec.shape[:2]), spec.shape[-1]
    side = max(1, min(places) // 2) if hole is None else hole
    square_holes(jax.random.key(0), 1, places, side)  # refuses what is none
    num_classes = spec.num_classes if labels_per_class else None
    dim = math.prod(spec.shape) + math.prod(places)
    heads = {"class": num_classes} if num_classes else None
    look = {"architecture": architecture, "hidden": hidden, "width": width, "precision": precision}
    generator, discriminator = generator_and_discriminator(
        spec, dim, heads=heads, dropout_rate=dropout_rate, **look
    )
    flat = chosen(spec, architecture)[0] == "mlp"
    if not flat:
        dtype = jnp.bfloat16 if precision == "bf16" else jnp.float32
        filler = HoleFiller(channels, width or (64 if min(places) >= 64 else 32), dtype)
        generator = network(filler, jnp.zeros((1, *places, channels + 1)))
    inward, outward = network_range(spec)
    adversary = non_saturating()

    def fillings(variables, x, known, train):
        seen = jnp.concatenate([jnp.where(known, x, 0.0), known.astype(x.dtype)], axis=-1)
        seen = seen.reshape(len(x), -1) if flat else seen
        return generator.apply(variables["generator"], seen, train=train)

    def judge(key, own, x, train):
        return discriminator.apply(own, x, train=train, key=key)

    def shown(key, variables, batch):
        """(real images, what D is shown of G with its weight, updates of the generator)."""
        real = inward(batch["image"])
        known = square_holes(key, len(real), places, side)
        made, updates = fillings(variables, real, known, True)
        sides = [(1.0, fill_holes(real, known, made))]
        return real, sides + ([(whole_weight, made)] if whole_weight else []), updates

    def discriminate(key, variables, batch):
        key_holes, key_real, *keys = jax.random.split(key, 4)
        real, fakes, _ = shown(key_holes, variables, batch)
        own = variables["discriminator"]
        heads, updates = judge(key_real, own, real, True)
        loss, on_real = 0.0, heads["logit"]
        for (weight, fake), key_fake in zip(fakes, keys, strict=False):
            heads, updates = judge(key_fake, {**own, **updates}, fake, True)
            loss += weight * adversary.discriminator(on_real, heads["logit"]).mean()
        on_fake = heads["logit"]
        return loss, Aux(logit_metrics(on_real, on_fake), {"discriminator": updates})

    def discriminate_and_classify(key, variables, batch):
        key_rest, key_rows, key_network = jax.random.split(key, 3)
        loss, aux = discriminate(key_rest, variables, batch)
        x, label = labelled.draw(key_rows, variables, len(batch["image"]))
        own = {**variables["discriminator"], **aux.updates["discriminator"]}
        heads, updates = judge(key_network, own, inward(x), True)
        by_class = class_loss(Side(x, heads, label))
        told = {**aux.metrics, "class_loss": by_class}
        return loss + class_weight * by_class, Aux(told, {"discriminator": updates})

    def generate(key, variables, batch):
        key_holes, *keys = jax.random.split(key, 3)
        _, fakes, updates = shown(key_holes, variables, batch)
        loss = 0.0
        for (weight, fake), key_fake in zip(fakes, keys, strict=False):
            heads, _ = judge(key_fake, variables["discriminator"], fake, True)
            loss += weight * adversary.generator(None, heads["logit"]).mean()
        return loss, Aux({}, {"generator": updates})

    def complete(key, variables, x, known):
        del key  # it draws nothing
        known = jnp.broadcast_to(known, x.shape)
        made, _ = fillings(variables, inward(x), known[..., :1], False)
        return fill_holes(x, known, outward(made))

    def evaluate(key, variables, batch):
        x = batch["image"]
        known = square_holes(key, len(x), places, side)
        error = jnp.abs(complete(key, variables, x, known) - x).reshape(len(x), -1).sum(axis=1)
        heads, _ = judge(None, variables["discriminator"], inward(x), False)
        found = {"logit": heads["logit"], "hole_error": error / (side**2 * channels)}
        if num_classes:
            right = jnp.argmax(heads["class"], axis=1) == batch["label"]
            found["accuracy"] = right.astype(jnp.float32)
        return found

    def model(objective, networks) -> Model:
        optimizer = optax.adam(learning_rate, first_moment)
        return game(
            {"generator": generator.start, "discriminator": discriminator.start, **networks},
            [
                Player(("discriminator",), objective, optimizer),
                Player(("generator",), generate, optimizer),
            ],
            complete=complete,
            evaluate=evaluate,
        )

    if not num_classes:
        return model(discriminate, {})
    labelled = labelled_examples(spec, labels_per_class)
    return with_labels(labelled, model(discriminate_and_classify, labelled.networks))
