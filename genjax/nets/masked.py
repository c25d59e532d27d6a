"""Dense networks whose outputs see only the inputs before them."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np


class Made(nn.Module):
    """[B, D] -> [B, D, num_outputs]: outputs of dimension i see inputs 0 to i - 1, and a context.

    Masked dense layers with ReLU; hidden units are numbered in turn. Germain et al., 2015,
    arXiv:1502.03509, equations 8 and 9.

    Attributes:
        hidden: widths of the hidden layers.
        num_outputs: for each dimension.
        dtype: of the computation; params stay float32.
    """

    hidden: Sequence[int]
    num_outputs: int
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, context: jax.Array | None = None) -> jax.Array:
        """x [B, D]; context [B, C], which every output sees through the first layer."""
        dim = x.shape[-1]
        degrees = np.arange(1, dim + 1)
        # Up to D - 1: a unit of degree D would have no output to serve. One of degree 0 sees the
        # context alone, and is all that the first output sees.
        lowest = 1 if context is None else 0
        h = x
        for layer, width in enumerate(self.hidden):
            after = lowest + np.arange(width) % max(dim - lowest, 1)
            h = self._dense(f"hidden_{layer}", h, degrees[:, None] <= after[None])
            if layer == 0 and context is not None:
                h = h + nn.Dense(width, use_bias=False, dtype=self.dtype, name="context")(context)
            h, degrees = nn.relu(h), after
        outputs = np.repeat(np.arange(1, dim + 1), self.num_outputs)
        h = self._dense("outputs", h, degrees[:, None] < outputs[None])
        return h.reshape(len(x), dim, self.num_outputs)

    def _dense(self, name, x, mask):
        kernel = self.param(f"{name}_kernel", nn.initializers.lecun_normal(), mask.shape)
        bias = self.param(f"{name}_bias", nn.initializers.zeros, mask.shape[1:])
        kernel = jnp.where(mask, kernel, 0.0).astype(self.dtype)
        return x.astype(self.dtype) @ kernel + bias.astype(self.dtype)[None]
