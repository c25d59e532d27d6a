"""ALI of Dumoulin et al., 2017: inference learned by an adversary that sees example and code.

An encoder q(z|x) = N(mu(x), sigma(x)^2) and a generator p(x|z) play together against a discriminator
of pairs, f its logit, z_x = mu(x) + sigma(x) eps and x_z = G(z) (arXiv:1606.00704):

    D:        softplus(-f(x, z_x)) + softplus(f(x_z, z))
    E and G:  softplus(f(x, z_x)) + softplus(-f(x_z, z))

At the optimum q(x) q(z|x) = p(z) p(x|z). No term compares x with its reconstruction G(mu(x)).
"""

import optax

from genjax.core import Model, Spec
from genjax.gan.joint_inference import joint_inference


def ali(
    spec: Spec,
    *,
    latent_dim: int = 64,
    architecture: str | None = None,
    hidden: tuple[int, ...] | None = None,
    width: int | None = None,
    maxout_pieces: int = 2,
    input_dropout_rate: float = 0.2,
    dropout_rate: float = 0.5,
    norm: str = "batch",
    learning_rate: float = 1e-4,
    discriminator_learning_rate: float | None = None,
    first_moment: float = 0.5,
    ema_decay: float | None = None,
    precision: str = "float32",
) -> Model:
    """ALI (Dumoulin et al., 2017, arXiv:1606.00704): GAN with a stochastic encoder; it can reconstruct.

    Defaults are those of the paper for CIFAR-10. Its table says "beta_2 = 10^-3", which is 1 - beta_2.
    The paper's networks have further convolutions, without strides, and maxout in D's; here they are
    DCGAN's, D's without batch norm as there, and maxout and dropout are in D's dense layers. The
    generator is a function of z. In the authors' code both players step on the same draws; here a
    round is a step of D, then one of E and G on draws of its own.

    Args:
        spec: of vectors or images; bits and images in [0, 1].
        latent_dim: numbers in z, whose prior is N(0, I); the paper has 256 for SVHN, 512 for CelebA.
        architecture: `mlp`, `dcgan` or none to choose by the data (DCGAN from 12x12 on).
        hidden: widths of MLPs, and of D's dense layers. None: the paper's (1024, 1024) from 28x28 on,
            (256, 256) below.
        width: of DCGAN; by the size of the image if not given.
        maxout_pieces: of each unit of D's dense layers; 1 for leaky ReLUs.
        input_dropout_rate, dropout_rate: of the x that D sees, and of its dense layers.
        norm: of encoder and generator: `batch` as in the paper, or `none`.
        learning_rate: of Adam.
        discriminator_learning_rate: of D's, if it differs.
        first_moment: of both Adams; the authors' toy of 25 Gaussians has 0.8.
        ema_decay: of averaged encoder and generator; none for none.
        precision: of the networks, `float32` or `bf16`.

    Raises:
        ValueError: for an unknown name, or DCGAN for what is no image.
    """
    rate = learning_rate if discriminator_learning_rate is None else discriminator_learning_rate
    return joint_inference(
        spec,
        stochastic=True,
        latent_dim=latent_dim,
        prior="normal",
        optimizer=optax.adam(learning_rate, first_moment),
        discriminator_optimizer=optax.adam(rate, first_moment),
        architecture=architecture,
        hidden=hidden,
        width=width,
        maxout_pieces=maxout_pieces,
        input_dropout_rate=input_dropout_rate,
        dropout_rate=dropout_rate,
        norm=norm,
        ema_decay=ema_decay,
        precision=precision,
    )
