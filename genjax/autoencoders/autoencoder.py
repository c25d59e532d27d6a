"""The autoencoder n/p/n, and the deep one of Hinton and Salakhutdinov, 2006.

A code of p numbers from which the input is to be had back:

    loss = |x - decoder(encoder(x))|^2,

summed over elements, mean over the batch. With one linear layer each way the best that it can do is the
projection on the first p principal components (Baldi and Hornik, 1989, Neural Networks 2, 53).
"""

import optax

from genjax.autoencoders.code_model import code_model
from genjax.autoencoders.dense import dense_autoencoder
from genjax.core import Model, Spec


def autoencoder(
    spec: Spec,
    *,
    code_dim: int = 2,
    hidden: tuple[int, ...] = (256, 64),
    activation: str = "relu",
    code_activation: str = "linear",
    output: str | None = None,
    loss: str = "squared_error",
    tied: bool = False,
    learning_rate: float = 1e-3,
    precision: str = "float32",
) -> Model:
    """Autoencoder (Hinton & Salakhutdinov, 2006, Science 313, 504).

    The paper's own has 784-1000-500-250-30 logistic units, a linear code and the cross-entropy, after
    layers that were trained one by one as Boltzmann machines: --set hidden=1000,500,250
    --set code_dim=30 --set activation=sigmoid --set loss=cross_entropy is its shape; here all layers
    are trained at once by Adam, which ReLU bears better. Principal components: --set hidden=()
    --set output=linear.

    Args:
        spec: of vectors, or images in [0, 1].
        code_dim: p, numbers in a code; two can be drawn as a map.
        hidden: widths between input and code, mirrored in the decoder; () for n/p/n.
        activation: of these layers: `linear`, `relu`, `sigmoid` or `tanh`.
        code_activation: of the code, one of the same.
        output: of what is decoded: `linear`, or `sigmoid`, which stays in [0, 1]; None for `sigmoid`
            of images and whatever has levels, and `linear` of continuous vectors.
        loss: `squared_error`, or `cross_entropy` of values in [0, 1].
        tied: whether the decoder's kernels are those of the encoder, transposed.
        learning_rate: of Adam.
        precision: of the networks: `float32` or `bf16`.

    Raises:
        ValueError: for a name that is none, no code, or a loss that does not fit the output or the
            data.
    """
    parts = dense_autoencoder(
        spec,
        code_dim,
        hidden=hidden,
        activation=activation,
        code_activation=code_activation,
        output=output,
        loss=loss,
        tied=tied,
        precision=precision,
    )

    def terms(key, variables, x):
        return parts.loss(variables, parts.encode(variables, x), x), {}

    return code_model(spec, parts, terms, optax.adam(learning_rate))
