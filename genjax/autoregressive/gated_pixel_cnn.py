"""The Gated PixelCNN of "Conditional Image Generation with PixelCNN Decoders" (2016).

Two stacks of convolutions: a vertical one that sees all rows above, and a horizontal one that sees its
own row to the left and is told what the vertical one sees; together they have no blind spot. A layer is

    y = tanh(W_f * x + V_f h) sigmoid(W_g * x + V_g h)

(arXiv:1606.05328, equations 2 and 4, Figures 1 and 2), h the condition, if there is one.
"""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from genjax.autoregressive.factors import factor_likelihood
from genjax.autoregressive.pixel_model import (
    adam,
    check_condition,
    check_image,
    dtype_of,
    output_sizes,
    pixel_model,
)
from genjax.core import Model, Spec
from genjax.nets import (
    CausalConv,
    channel_groups,
    channel_mask,
    place,
    pointwise,
    raster_mask,
    row_above,
    shift_down,
)
from genjax.nets.causal import At


class GatedPixelCnn(nn.Module):
    """[B, H, W, C] in [0, 1] -> [B, H, W, num_outputs], masked.

    The vertical stack reads the image shifted down by one row, so that it sees nothing of its own.

    Attributes:
        num_outputs: at each place, a channel's after the other's.
        num_groups: channels that are drawn one after the other.
        hidden: features of each stack.
        num_blocks: layers after the first.
        head: features of the 1x1 layer before the outputs.
        dtype: of the computation; params stay float32.
    """

    num_outputs: int
    num_groups: int
    hidden: int
    num_blocks: int
    head: int
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x, context=None, *, train: bool = False, at: At = ()):
        """x [B, H, W, C]; context [B, K] or [B, H, W, K]; see `genjax.autoregressive.pixel_model`."""
        del train
        groups = lambda features: channel_groups(features, self.num_groups)
        own, head = groups(self.hidden), groups(self.head)
        by_row, by_place = len(at) < 2, len(at) != 1  # which of the stacks moves
        vertical = row_above(x, *at) if len(at) == 1 else shift_down(x)
        horizontal = None
        for block in range(self.num_blocks + 1):
            first = block == 0
            above = f"above_{block}"
            if by_row:
                kernel = (3, 7) if first else (2, 3)
                layer = CausalConv(
                    2 * self.hidden, kernel, dtype=self.dtype, name=f"vertical_{block}"
                )
                before = layer(vertical, at)
                projected = pointwise(2 * self.hidden, dtype=self.dtype, name=f"project_{block}")
                told = self._keep(above, projected(before), at)
                vertical = _gate(
                    before + self._condition(f"condition_vertical_{block}", context, at)
                )
            else:
                told = place(self.get_variable("cache", above), (0, at[1]))
            if by_place:
                horizontal = self._horizontal(block, x, horizontal, told, own, context, at)
        if not by_place:
            return None

        def one(name, x, inputs, outputs):
            mask = channel_mask("B", inputs, outputs)
            return pointwise(len(outputs), mask, dtype=self.dtype, name=name)(nn.relu(x))

        return one("outputs", one("head", horizontal, own, head), head, groups(self.num_outputs))

    def _horizontal(self, block, x, h, told, own, context, at):
        """The next h of the horizontal stack, with a residual connection after the first layer."""
        first, both = h is None, np.tile(own, 2)
        kernel = (1, 4) if first else (1, 2)
        inputs = channel_groups(x.shape[-1], self.num_groups) if first else own
        layer = CausalConv(
            2 * self.hidden,
            kernel,
            left=kernel[1] - 1,
            mask=raster_mask("A" if first else "B", kernel, kernel[1] - 1, inputs, both),
            of_data=first,
            dtype=self.dtype,
            name=f"horizontal_{block}",
        )
        y = layer(x if first else h, at) + told
        y = _gate(y + self._condition(f"condition_horizontal_{block}", context, at))
        mask = channel_mask("B", own, own)
        y = pointwise(self.hidden, mask, dtype=self.dtype, name=f"mix_{block}")(y)
        return y if first else h + y

    def _condition(self, name, context, at):
        """V h of the places `at`, [B, ..., 2 hidden], with axes of 1 where h is a vector."""
        if context is None:
            return jnp.zeros((), self.dtype)
        here = context[:, None, None] if context.ndim == 2 else place(context, at)
        return pointwise(2 * self.hidden, use_bias=False, dtype=self.dtype, name=name)(here)

    def _keep(self, name, row, at):
        """`row` itself; kept for the places of the row where one comes after the other."""
        if len(at) == 1:
            self.put_variable("cache", name, row)
        elif self.is_mutable_collection("cache"):
            self.variable("cache", name, jnp.zeros, (len(row), 1, *row.shape[2:]), row.dtype)
        return row


def _gate(x: jax.Array) -> jax.Array:
    value, gate = jnp.split(x, 2, axis=-1)
    return jnp.tanh(value) * nn.sigmoid(gate)


def gated_pixel_cnn(
    spec: Spec,
    *,
    condition: str | None = None,
    hidden: int = 32,
    num_blocks: int = 7,
    head: int = 64,
    likelihood: str | None = None,
    num_components: int | None = None,
    learning_rate: float = 1e-3,
    decay_rounds: int | None = None,
    precision: str = "float32",
) -> Model:
    """Gated PixelCNN (van den Oord et al., 2016, arXiv:1606.05328).

    `log_prob` is exact. With a condition it is of p(x|h), and `sample` takes the condition [num, ...];
    labels are drawn uniformly where there are none. On ImageNet the paper has hidden=384 and 20 layers.

    Args:
        spec: of images in [0, 1].
        condition: entry of a batch: `label`, or a vector that the data has, such as `attributes`.
        hidden: features of each stack.
        num_blocks: layers after the first, which sees 7x7.
        head: features of the layer before the outputs.
        likelihood, num_components, learning_rate, decay_rounds, precision: as in `pixel_cnn`.

    Raises:
        ValueError: for a condition that the data does not have, or what `pixel_cnn` refuses.
    """
    check_image(spec, "gated_pixel_cnn")
    check_condition(spec, "gated_pixel_cnn", condition)
    factors = factor_likelihood(spec, likelihood, num_components)
    network = GatedPixelCnn(
        **output_sizes(spec, factors),
        hidden=hidden,
        num_blocks=num_blocks,
        head=head,
        dtype=dtype_of(precision),
    )
    optimizer = adam(learning_rate, decay_rounds)
    return pixel_model(
        spec, network, factors, optimizer, name="gated_pixel_cnn", condition=condition
    )
