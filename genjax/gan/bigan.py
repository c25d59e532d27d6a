"""BiGAN of Donahue, Kraehenbuehl and Darrell, 2017: features from an encoder that inverts a generator.

The game of ALI with a deterministic encoder E, f the logit of a discriminator of pairs
(arXiv:1605.09782):

    D:        softplus(-f(x, E(x))) + softplus(f(G(z), z))
    E and G:  softplus(f(x, E(x))) + softplus(-f(G(z), z))

At the optimum E and G are each other's inverse, almost everywhere.
"""

import math

import optax

from genjax.core import Model, Spec
from genjax.gan.joint_inference import joint_inference


def bigan(
    spec: Spec,
    *,
    latent_dim: int = 50,
    prior: str = "uniform",
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    dropout_rate: float = 0.0,
    weight_decay: float = 2.5e-5,
    norm: str = "batch",
    learning_rate: float = 2e-4,
    discriminator_learning_rate: float | None = None,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """BiGAN (Donahue, Kraehenbuehl & Darrell, 2017, arXiv:1605.09782): GAN with an encoder.

    Defaults are those of the paper for MNIST, which it takes as vectors. The encoder ends in a linear
    layer: codes may lie beyond a uniform prior's range. The paper keeps its rate for 200 epochs, and
    lets it fall to 0 in 200 more; here it stays. A round is a step of D, then one of E and G on draws
    of its own.

    Args:
        spec: of vectors or images; bits and images in [0, 1].
        latent_dim: numbers in z; the paper has 200 for ImageNet.
        prior: of z, `uniform` in [-1, 1] as in the paper, or `normal`.
        architecture: `mlp`, `dcgan`, or none: MLPs up to the 784 numbers of MNIST, as in the paper.
        hidden: widths of MLPs, and of D's dense layers. None: the paper's (1024, 1024) from 28x28 on,
            (256, 256) below.
        width: of DCGAN; by the size of the image if not given.
        dropout_rate: of D's dense layers, in training; the paper has none. Few examples need it.
        weight_decay: of all weights, added to the gradient.
        norm: of all three networks: `batch` as in the paper, or `none`.
        learning_rate: of Adam.
        discriminator_learning_rate: of D's, if it differs.
        first_moment: of both Adams.
        ema_decay: of averaged encoder and generator; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for an unknown name, or DCGAN for what is no image.
    """
    if architecture is None and math.prod(spec.shape) <= 784:
        architecture = "mlp"
    rate = learning_rate if discriminator_learning_rate is None else discriminator_learning_rate

    def optimizer(rate):
        adam = optax.adam(rate, first_moment)
        return optax.chain(optax.add_decayed_weights(weight_decay), adam)

    return joint_inference(
        spec,
        stochastic=False,
        latent_dim=latent_dim,
        prior=prior,
        optimizer=optimizer(learning_rate),
        discriminator_optimizer=optimizer(rate),
        architecture=architecture,
        hidden=hidden,
        width=width,
        dropout_rate=dropout_rate,
        discriminator_norm=norm,
        norm=norm,
        ema_decay=ema_decay,
        precision=precision,
    )
