"""The PixelCNN of van den Oord, Kalchbrenner and Kavukcuoglu, 2016, "Pixel Recurrent Neural Networks".

Raster order, then channel by channel: log p(x) = sum_d log p(x_d | x_<d), from convolutions whose
    kernels
are masked. The first, 7x7 with mask A, sees earlier places and, at its own, earlier channels; those
after it, mask B, also their own features. A residual block on 2h features:

    y = x + conv1x1(relu(conv3x3(relu(conv1x1(relu(x))))))

(arXiv:1601.06759, sections 3.3 to 3.5 and Table 1). Masks leave a blind spot: what is above and further
right than one column a row is not seen (van den Oord et al., 2016, arXiv:1606.05328, Figure 1).
"""

import flax.linen as nn
import jax.numpy as jnp

from genjax.autoregressive.factors import factor_likelihood
from genjax.autoregressive.pixel_model import (
    adam,
    check_image,
    dtype_of,
    output_sizes,
    pixel_model,
)
from genjax.core import Model, Spec
from genjax.nets import CausalConv, channel_groups, channel_mask, pointwise, raster_mask
from genjax.nets.causal import At


class PixelCnn(nn.Module):
    """[B, H, W, C] in [0, 1] -> [B, H, W, num_outputs], masked.

    Attributes:
        num_outputs: at each place, a channel's after the other's.
        num_groups: channels that are drawn one after the other.
        hidden: h.
        num_blocks: residual blocks.
        head: features of the two 1x1 layers before the outputs.
        dtype: of the computation; params stay float32.
    """

    num_outputs: int
    num_groups: int
    hidden: int
    num_blocks: int
    head: int
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x, context=None, *, train: bool = False, at: At = ()):
        """x [B, H, W, C]; see `genjax.autoregressive.pixel_model`."""
        del context, train
        if len(at) == 1:
            return None  # nothing is computed by the row
        groups = lambda features: channel_groups(features, self.num_groups)
        wide, narrow, head = groups(2 * self.hidden), groups(self.hidden), groups(self.head)

        def one(x, inputs, outputs):
            mask = channel_mask("B", inputs, outputs)
            return pointwise(len(outputs), mask, dtype=self.dtype)(nn.relu(x))

        mask = raster_mask("A", (4, 7), 3, groups(x.shape[-1]), wide)
        h = CausalConv(len(wide), (4, 7), mask=mask, of_data=True, dtype=self.dtype)(x, at)
        mask = raster_mask("B", (2, 3), 1, narrow, narrow)
        for _ in range(self.num_blocks):
            y = one(h, wide, narrow)
            y = CausalConv(len(narrow), (2, 3), mask=mask, dtype=self.dtype)(nn.relu(y), at)
            h = h + one(y, narrow, wide)
        return one(one(one(h, wide, head), head, head), head, groups(self.num_outputs))


def pixel_cnn(
    spec: Spec,
    *,
    hidden: int = 32,
    num_blocks: int = 7,
    head: int = 32,
    likelihood: str | None = None,
    num_components: int | None = None,
    learning_rate: float = 1e-3,
    decay_rounds: int | None = None,
    precision: str = "float32",
) -> Model:
    """PixelCNN (van den Oord et al., 2016, arXiv:1601.06759).

    `log_prob` is exact. The paper trains with RMSProp; Adam is used here. For CIFAR-10 it has
    hidden=128, num_blocks=15 and head=1024; it does not say which sizes its figure on MNIST is of.

    Args:
        spec: of images in [0, 1].
        hidden: h; blocks have 2h features.
        num_blocks: residual blocks.
        head: features of the two layers before the outputs.
        likelihood: of a channel, or of a place's channels together: `bernoulli`, `categorical`,
            `discretized_logistic`, `discretized_logistic_mixture`, `gaussian`; None for Bernoulli of
            bits, a softmax over levels, a Gaussian of continuous values.
        num_components: of the mixture.
        learning_rate: of Adam, whose gradients are clipped to norm 5.
        decay_rounds: rounds over which the rate falls to zero, as a cosine; None: constant.
        precision: `float32` or `bf16`, of the network.

    Raises:
        ValueError: for a spec that is not of images, or what the likelihood refuses.
    """
    check_image(spec, "pixel_cnn")
    factors = factor_likelihood(spec, likelihood, num_components)
    network = PixelCnn(
        **output_sizes(spec, factors),
        hidden=hidden,
        num_blocks=num_blocks,
        head=head,
        dtype=dtype_of(precision),
    )
    optimizer = adam(learning_rate, decay_rounds)
    return pixel_model(spec, network, factors, optimizer, name="pixel_cnn")
