"""CVAE-GAN of Bao et al., 2017: an autoencoder of a class and a GAN, whose G matches mean features.

Four networks: E, G, a discriminator D and a classifier C. Of an image x of class c, its reconstruction
x_f = G(E(x, c), c) and a draw x_p = G(z, c), f the last features of D or of C (arXiv:1703.10155):

    D minimises    -log D(x) - log(1 - D(x_f)) - log(1 - D(x_p)),    C    -log C(c | x)
    E, G minimise  l1 KL(q(z|x, c) | N(0, I)) + l2 L_G + l3 L_GD + l4 L_GC
    L_G  = (|x - x_f|^2 + |f_D(x) - f_D(x_f)|^2 + |f_C(x) - f_C(x_f)|^2) / 2
    L_GD = |E f_D(x) - E f_D(x_p)|^2 / 2,    L_GC = sum_c |E_c f_C(x) - E_c f_C(x_p)|^2 / 2

so that G never sees D's cross-entropy (an "asymmetric" loss). The last two do not depend on E.
"""

import jax
import jax.numpy as jnp
import optax

from genjax.core import Aux, Ema, Model, Player, Spec, check_labels, game
from genjax.gan.classes import classification
from genjax.gan.joint_inference import squared_error
from genjax.gan.networks import generator_and_discriminator, reader
from genjax.gan.two_players import gaussian_latents, generator_functions, network_range
from genjax.losses import (
    ClassMeans,
    classwise_feature_matching,
    cross_entropy,
    gaussian_kl,
    gaussian_sample,
    new_class_means,
)
from genjax.nets import normal_noise


def cvae_gan(
    spec: Spec,
    *,
    latent_dim: int = 256,
    kl_weight: float = 3.0,
    reconstruction_weight: float = 1.0,
    mean_weight: float = 1e-3,
    class_mean_weight: float = 1e-3,
    mean_decay: float = 0.9,
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    learning_rate: float = 2e-4,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """CVAE-GAN (Bao, Chen, Wen, Li & Hua, 2017, arXiv:1703.10155); `condition` is the label.

    All squares are summed over pixels, in [-1, 1], or features, and the KL over dimensions; then means
    are taken over the minibatch. E and G take one turn together, for neither has a gradient of the
    other's own terms; then C, then D. The labels of draws are the minibatch's. D's loss of two kinds
    of fakes is that of the paper's algorithm (its text has one). `encode` is the posterior's mean. C
    learns from real examples alone, and only its features are used.

    Args:
        spec: of vectors or images with labels; bits and images in [0, 1].
        latent_dim: numbers in z.
        kl_weight, reconstruction_weight, mean_weight, class_mean_weight: l1, l2, l3, l4.
        mean_decay: of the running means by class in L_GC, whose value is not the paper's.
        architecture: `dcgan`, `mlp`, or none to choose by the data: of all four networks. The paper's E
            and C are GoogLeNets.
        hidden: widths of the MLPs' hidden layers; by the data if not given.
        width: of DCGAN; by the size of the image if not given.
        learning_rate, first_moment: of all Adams.
        ema_decay: of the averaged encoder and generator that sample; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: if there are no labels, for an unknown name, or DCGAN for what is no image.
    """
    check_labels("cvae_gan", spec)
    look = {"architecture": architecture, "hidden": hidden, "width": width, "precision": precision}
    generator, discriminator = generator_and_discriminator(
        spec, latent_dim, num_classes=spec.num_classes, label_to_discriminator=False, **look
    )
    codes = {"mean": latent_dim, "log_variance": latent_dim}
    encoder = reader(spec, codes, num_classes=spec.num_classes, **look)
    classifier = reader(spec, {"class": spec.num_classes}, **look)
    noise = normal_noise(latent_dim)
    inward, _ = network_range(spec)
    decode, sample = generator_functions(spec, generator, noise, conditional=True)

    def q(variables, x, label, train=False):
        """Mean and log-variance of q(z|x, c), [B, latent_dim] each, and the encoder's updates."""
        heads, updates = encoder.apply(variables["encoder"], x, label, train=train)
        return [heads[name] for name in codes], updates

    def fakes(key, variables, x, label):
        """(posterior, x_f, x_p, updates of E and G)."""
        key_posterior, key_prior = jax.random.split(key)
        posterior, of_encoder = q(variables, x, label, train=True)
        z_x, z = gaussian_sample(key_posterior, *posterior), noise.sample(key_prior, len(x))
        own = variables["generator"]
        rebuilt, of_generator = generator.apply(own, z_x, label, train=True)
        drawn, of_generator = generator.apply({**own, **of_generator}, z, label, train=True)
        return posterior, rebuilt, drawn, {"encoder": of_encoder, "generator": of_generator}

    def rebuild(key, variables, batch):
        x, label = inward(batch[spec.entry]), batch["label"]
        posterior, rebuilt, drawn, updates = fakes(key, variables, x, label)

        def features(net, name):
            apply = lambda y: net.apply(variables[name], y, train=True)[0]["features"]
            return apply(x), apply(rebuilt), apply(drawn)

        real_d, rebuilt_d, drawn_d = features(discriminator, "discriminator")
        real_c, rebuilt_c, drawn_c = features(classifier, "classifier")
        pairs = ((x, rebuilt), (real_d, rebuilt_d), (real_c, rebuilt_c))
        by_class, means = classwise_feature_matching(
            ClassMeans(**variables["extra"]), real_c, label, drawn_c, label, decay=mean_decay
        )
        terms = {
            "kl": gaussian_kl(*posterior).mean(),
            "reconstruction": sum(half_squares(a - b).mean() for a, b in pairs),
            "mean_matching": half_squares((real_d.mean(0) - drawn_d.mean(0))[None]).sum(),
            "class_mean_matching": by_class,
        }
        weights = (kl_weight, reconstruction_weight, mean_weight, class_mean_weight)
        loss = sum(w * term for w, term in zip(weights, terms.values(), strict=True))
        return loss, Aux(terms, {**updates, "extra": means._asdict()})

    def discriminate(key, variables, batch):
        x, label = inward(batch[spec.entry]), batch["label"]
        _, rebuilt, drawn, _ = fakes(key, variables, x, label)
        loss, metrics, updates = 0.0, {}, {}
        for name, examples in (("real", x), ("rebuilt", rebuilt), ("fake", drawn)):
            own = {**variables["discriminator"], **updates}
            heads, updates = discriminator.apply(own, examples, train=True)
            loss += cross_entropy(heads["logit"], 1.0 if name == "real" else 0.0).mean()
            metrics[f"{name}_logit"] = heads["logit"].mean()
        return loss, Aux(metrics, {"discriminator": updates})

    def moments(variables, x, label):
        return tuple(q(variables, inward(x), label)[0])

    def evaluate(key, variables, batch):
        x, label = batch[spec.entry], batch["label"]
        posterior = moments(variables, x, label)
        error = squared_error(x, decode(None, variables, posterior[0], label))
        return {"squared_error": error, "kl": gaussian_kl(*posterior)}

    adam = optax.adam(learning_rate, first_moment)
    read = lambda key, x: classifier.apply(classifier.start(key), x, train=False)[0]["features"]
    num_features = jax.eval_shape(read, jax.random.key(0), jnp.zeros((1, *spec.shape))).shape[1]
    return game(
        {
            "encoder": encoder.start,
            "generator": generator.start,
            "classifier": classifier.start,
            "discriminator": discriminator.start,
            "extra": lambda key, batch: new_class_means(spec.num_classes, num_features)._asdict(),
        },
        [
            Player(("encoder", "generator"), rebuild, adam, name="generator"),
            Player(("classifier",), classification(spec, classifier, "classifier"), adam),
            Player(("discriminator",), discriminate, adam),
        ],
        ema=None if ema_decay is None else Ema(("encoder", "generator"), ema_decay),
        sample=sample,
        encode=lambda key, variables, x, label: moments(variables, x, label)[0],
        decode=decode,
        evaluate=evaluate,
        latents=gaussian_latents(noise, moments),
        condition="label",
    )


def half_squares(x: jax.Array) -> jax.Array:
    """sum x^2 / 2 over all but the batch's axis, [B]."""
    return 0.5 * jnp.square(x).reshape(len(x), -1).sum(1)
