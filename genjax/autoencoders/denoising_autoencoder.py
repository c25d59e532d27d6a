"""The denoising autoencoder of Vincent et al., 2008 and 2010.

The input is spoilt, c(x), and the clean one is asked for:

    loss = E_c |x - decoder(encoder(c(x)))|^2,

with a new draw of c for every example and step. With Gaussian noise of standard deviation sigma the
best
reconstruction r gives the score of the noisy density: (r(x) - x) / sigma^2 = grad log p_sigma(x) (Alain
and Bengio, 2014, arXiv:1211.4246).
"""

import optax

from genjax.autoencoders import corruption as corruptions
from genjax.autoencoders.code_model import code_model
from genjax.autoencoders.dense import dense_autoencoder
from genjax.core import Model, Spec


def denoising_autoencoder(
    spec: Spec,
    *,
    corruption: str = "gaussian",
    noise: float = 0.3,
    code_dim: int = 128,
    hidden: tuple[int, ...] = (256,),
    activation: str = "relu",
    code_activation: str = "relu",
    output: str | None = None,
    loss: str = "squared_error",
    tied: bool = False,
    learning_rate: float = 1e-3,
    precision: str = "float32",
) -> Model:
    """Denoising autoencoder (Vincent et al., 2010, JMLR 11, 3371).

    `encode` and `decode` take what they are given: `decode(encode(noisy))` is the denoised example. A
    code may be wider than the input, for copying it does not help. The papers' layers are sigmoids
    with tied weights, trained one at a time: --set hidden=() --set activation=sigmoid
    --set code_activation=sigmoid --set tied=true --set loss=cross_entropy is one of them; by default
    a deeper one is trained at once.

    Args:
        spec: of vectors, or images in [0, 1].
        corruption: `gaussian` (added), `masking` (to 0) or `salt_and_pepper` (to 0 or 1).
        noise: standard deviation of `gaussian`, else the share of elements that is spoilt.
        code_dim: numbers in a code.
        hidden, activation, code_activation, output, loss, tied, precision: as in `autoencoder`.
        learning_rate: of Adam.

    Raises:
        ValueError: for a name that is none, a noise that cannot be, or what `autoencoder` refuses.
    """
    corrupt = corruptions.find(corruption, noise)
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
        z = parts.encode(variables, corrupt(key, x, noise))
        return parts.loss(variables, z, x), {}

    return code_model(spec, parts, terms, optax.adam(learning_rate))
