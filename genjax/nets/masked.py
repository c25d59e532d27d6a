"""Dense networks whose outputs see only the inputs before them.

Every unit has a degree: how many of the inputs, in their order, it may see. Masks follow from degrees,
arrays as any other, so that a compiled step can draw new ones.
"""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np


class Made(nn.Module):
    """[B, D] -> [B, D, num_outputs]: the outputs of a dimension see the dimensions before it.

    Masked dense layers with ReLU. Germain et al., 2015, arXiv:1502.03509, equations 8 and 9.

    Attributes:
        hidden: widths of the hidden layers; none leaves a logistic regression on what is before.
        num_outputs: for each dimension.
        direct: whether inputs reach outputs directly, too.
        condition_on_masks: whether every masked layer has second weights, of constant inputs under the
            same mask: units then know what they see.
        dtype: of the computation; params stay float32.
    """

    hidden: Sequence[int]
    num_outputs: int
    direct: bool = False
    condition_on_masks: bool = False
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(
        self,
        x: jax.Array,
        context: jax.Array | None = None,
        degrees: Sequence[jax.Array] | None = None,
    ) -> jax.Array:
        """x [B, D]; context [B, C], which every output sees through the first layer.

        `degrees`: of the inputs, their places 1 to D in the order, and of each hidden layer, [width];
        None for the inputs' own order and hidden units numbered in turn.
        """
        dim = x.shape[-1]
        if degrees is None:
            degrees = natural_degrees(dim, self.hidden, context is not None)
        before, *layers = degrees
        h = x
        for layer, (width, after) in enumerate(zip(self.hidden, layers, strict=True)):
            h = self._dense(f"hidden_{layer}", h, before[:, None] <= after[None])
            if layer == 0 and context is not None:
                h = h + nn.Dense(width, use_bias=False, dtype=self.dtype, name="context")(context)
            h, before = nn.relu(h), after
        outputs = jnp.repeat(degrees[0], self.num_outputs)
        y = self._dense("outputs", h, before[:, None] < outputs[None])
        if self.direct and self.hidden:
            y = y + self._dense("direct", x, degrees[0][:, None] < outputs[None], use_bias=False)
        return y.reshape(len(x), dim, self.num_outputs)

    def _dense(self, name, x, mask, use_bias=True):
        def masked(kind, start):
            kernel = self.param(f"{name}_{kind}", start, mask.shape)
            return jnp.where(mask, kernel, 0.0).astype(self.dtype)

        y = x.astype(self.dtype) @ masked("kernel", nn.initializers.lecun_normal())
        if self.condition_on_masks:
            y = y + masked("mask_kernel", nn.initializers.zeros).sum(0)[None]
        if use_bias:
            bias = self.param(f"{name}_bias", nn.initializers.zeros, mask.shape[1:])
            y = y + bias.astype(self.dtype)[None]
        return y


def natural_degrees(dim: int, hidden: Sequence[int], context: bool = False) -> list[np.ndarray]:
    """Degrees of the inputs in their own order, and of hidden units that are numbered in turn.

    Up to D - 1: a unit of degree D would have no output to serve. One of degree 0 sees the context
    alone, and is all that the first output sees.
    """
    lowest = 0 if context else 1
    units = [lowest + np.arange(width) % max(dim - lowest, 1) for width in hidden]
    return [np.arange(1, dim + 1), *units]


def random_degrees(
    key: jax.Array, dim: int, hidden: Sequence[int], order: jax.Array | None = None
) -> list[jax.Array]:
    """Degrees of inputs, and of hidden units: uniform from the lowest of the layer before to D - 1.

    Args:
        key: of the draws.
        dim: D.
        hidden: widths.
        order: places 1 to D of the inputs, [D]; None for their own.

    Germain et al., 2015, arXiv:1502.03509.
    """
    order = jnp.arange(1, dim + 1) if order is None else order
    degrees, lowest = [order], 1
    for layer_key, width in zip(jax.random.split(key, len(hidden) or 1), hidden, strict=False):
        degrees.append(jax.random.randint(layer_key, (width,), lowest, max(dim, 2)))
        lowest = degrees[-1].min()
    return degrees
