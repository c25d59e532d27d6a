"""The contractive autoencoder of Rifai et al., 2011.

A code that moves little when its input does, in all directions but those that the data needs:

    loss = reconstruction + lambda |d encoder(x) / dx|_F^2

(equation 3). For one sigmoid layer the norm has a closed form (equation 4); for any other code it is
computed backwards, one product a number of the code.
"""

import optax

from genjax.autoencoders.code_model import code_model
from genjax.autoencoders.dense import dense_autoencoder
from genjax.core import Model, Spec, check_at_least
from genjax.losses import jacobian_norm, sigmoid_layer_jacobian


def contractive_autoencoder(
    spec: Spec,
    *,
    contraction_weight: float = 0.1,
    code_dim: int = 100,
    hidden: tuple[int, ...] = (),
    activation: str = "sigmoid",
    code_activation: str = "sigmoid",
    output: str | None = None,
    loss: str = "squared_error",
    tied: bool = True,
    learning_rate: float = 1e-3,
    precision: str = "float32",
) -> Model:
    """Contractive autoencoder (Rifai et al., 2011, "Contractive Auto-Encoders", ICML).

    The paper has one sigmoid layer with tied weights, as by default, and the cross-entropy for data in
    [0, 1]. `evaluate` gives `contraction`, the norm.

    Args:
        spec: of vectors, or images in [0, 1].
        contraction_weight: lambda.
        code_dim: numbers in a code; each costs a product backwards unless the code is one sigmoid
            layer.
        hidden, activation, code_activation, output, loss, tied, precision: as in `autoencoder`.
        learning_rate: of Adam.

    Raises:
        ValueError: for a negative weight, or what `autoencoder` refuses.
    """
    check_at_least(0, contraction_weight=contraction_weight)
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
    one_sigmoid_layer = not hidden and code_activation == "sigmoid"

    def contraction(variables, z, x):
        """[B]."""
        if one_sigmoid_layer:
            return sigmoid_layer_jacobian(z, variables["encoder"]["params"]["Dense_0"]["kernel"])
        return jacobian_norm(lambda x: parts.encode(variables, x), x)

    def terms(key, variables, x):
        z = parts.encode(variables, x)
        norm = contraction(variables, z, x)
        return parts.loss(variables, z, x) + contraction_weight * norm, {"contraction": norm}

    return code_model(spec, parts, terms, optax.adam(learning_rate))
