"""Dense autoencoders n/.../p/.../n with any non-linearity, also with tied weights."""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.core import Spec, check_at_least, check_name
from genjax.nets import Mlp

ACTIVATIONS: dict[str, Callable[[jax.Array], jax.Array]] = {
    "linear": lambda x: x,
    "relu": nn.relu,
    "sigmoid": nn.sigmoid,
    "tanh": nn.tanh,
}
LOSSES = ("squared_error", "cross_entropy")
_DTYPES = {"float32": jnp.float32, "bf16": jnp.bfloat16}


class DenseAutoencoder(NamedTuple):
    """x to a code and back.

    Attributes:
        networks: how `encoder` and `decoder` start, for `game`.
        encode: `(variables, x) -> z`, [B, D], float32.
        decode: `(variables, z) -> x`, [B, *shape], float32.
        loss: `(variables, z, x) -> [B]`, between x and decode(z), summed over elements.
        squared_error: the same; what `loss` is unless another was asked for.
    """

    networks: Mapping[str, Callable[..., Any]]
    encode: Callable[..., jax.Array]
    decode: Callable[..., jax.Array]
    loss: Callable[..., jax.Array]
    squared_error: Callable[..., jax.Array]


class TiedDecoder(nn.Module):
    """The layers of an encoder backwards, with its kernels transposed and biases of its own.

    Attributes:
        widths: of its layers, the last as wide as an example.
        activation: after every layer but the last.
        dtype: of the computation; params stay float32.
    """

    widths: Sequence[int]
    activation: Callable[[jax.Array], jax.Array]
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, z: jax.Array, kernels: Sequence[jax.Array]) -> jax.Array:
        """z [B, D]; `kernels` of the encoder's layers, from the first on."""
        for index, width in enumerate(self.widths):
            z = self.activation(z) if index else z
            bias = self.param(f"bias_{index}", nn.initializers.zeros, (width,))
            kernel = kernels[-1 - index].T
            z = z.astype(self.dtype) @ kernel.astype(self.dtype) + bias.astype(self.dtype)[None]
        return z


def dense_autoencoder(
    spec: Spec,
    code_dim: int,
    *,
    hidden: tuple[int, ...] = (),
    activation: str = "relu",
    code_activation: str = "linear",
    output: str | None = None,
    loss: str = "squared_error",
    tied: bool = False,
    precision: str = "float32",
) -> DenseAutoencoder:
    """Dense layers down to a code and their mirror image back.

    Args:
        spec: of vectors, or images in [0, 1].
        code_dim: p, numbers in a code.
        hidden: widths between input and code, mirrored in the decoder; () for n/p/n.
        activation: of these layers: `linear`, `relu`, `sigmoid` or `tanh`.
        code_activation: of the code, one of the same.
        output: of what is decoded: `linear`, or `sigmoid`, which stays in [0, 1]; None for `sigmoid`
            of images and whatever has levels, and `linear` of continuous vectors.
        loss: `squared_error`, or `cross_entropy` of values in [0, 1] (its output is `sigmoid`).
        tied: whether the decoder's kernels are those of the encoder, transposed.
        precision: of the networks: `float32` or `bf16`.

    Raises:
        ValueError: for a name that is none, no code, or a loss that does not fit the output or the
            data.
    """
    bounded = spec.entry == "image" or spec.num_levels is not None
    output = output or ("sigmoid" if bounded else "linear")
    check_name("activation", activation, ACTIVATIONS)
    check_name("code_activation", code_activation, ACTIVATIONS)
    check_name("output", output, ("linear", "sigmoid"))
    check_name("loss", loss, LOSSES)
    check_name("precision", precision, _DTYPES)
    check_at_least(1, code_dim=code_dim)
    if loss == "cross_entropy" and not (bounded and output == "sigmoid"):
        raise ValueError(
            "loss 'cross_entropy' needs data in [0, 1] and output 'sigmoid': take squared_error"
        )
    size, dtype, hidden = math.prod(spec.shape), _DTYPES[precision], tuple(hidden)
    options = {"activation": ACTIVATIONS[activation], "dtype": dtype}
    encoder = Mlp(hidden, code_dim, **options)
    decoder = (
        TiedDecoder((*hidden[::-1], size), **options)
        if tied
        else Mlp(hidden[::-1], size, **options)
    )

    def encode(variables, x):
        z = encoder.apply(variables["encoder"], x).astype(jnp.float32)
        return ACTIVATIONS[code_activation](z)

    def kernels(params):
        return [params[f"Dense_{index}"]["kernel"] for index in range(len(hidden) + 1)]

    def raw(variables, z):
        """What is decoded before `output`, [B, *shape]."""
        given = (kernels(variables["encoder"]["params"]),) if tied else ()
        x = decoder.apply(variables["decoder"], z, *given).astype(jnp.float32)
        return x.reshape(len(z), *spec.shape)

    def decode(variables, z):
        return ACTIVATIONS[output](raw(variables, z))

    def squared_error(variables, z, x):
        return jnp.square(x - decode(variables, z)).reshape(len(x), -1).sum(axis=1)

    def cross_entropy(variables, z, x):
        logits = raw(variables, z)
        return (nn.softplus(logits) - x * logits).reshape(len(x), -1).sum(axis=1)

    widths = (size, *hidden, code_dim)
    shapes = [jnp.zeros(pair) for pair in itertools.pairwise(widths)] if tied else []
    networks = {
        "encoder": lambda key, batch: encoder.init(key, jnp.zeros((1, *spec.shape))),
        "decoder": lambda key, batch: decoder.init(
            key, jnp.zeros((1, code_dim)), *([shapes] if tied else [])
        ),
    }
    losses = {"squared_error": squared_error, "cross_entropy": cross_entropy}
    return DenseAutoencoder(networks, encode, decode, losses[loss], squared_error)
