"""The PixelRNNs of van den Oord, Kalchbrenner and Kavukcuoglu, 2016, "Pixel Recurrent Neural Networks".

Raster order, then channel by channel: log p(x) = sum_d log p(x_d | x_<d). After a 7x7 convolution of
mask A, layers of 2h features with an LSTM of h units inside (`genjax.nets.recurrent`):

    y = x + conv1x1(lstm(x))

then two 1x1 layers and the outputs, all of mask B (arXiv:1601.06759, sections 3.1 to 3.5 and Table 1).
The Row LSTM sees a triangle above the place, the Diagonal BiLSTM all that comes before it; for the last
pixel of the row above it needs a column beside the image, of which the paper says nothing.
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
from genjax.core import Model, Spec, check_name
from genjax.nets import (
    CausalConv,
    DiagonalBiLstm,
    RowLstm,
    channel_groups,
    channel_mask,
    pointwise,
    raster_mask,
)
from genjax.nets.causal import At

LAYERS = {"diagonal_bilstm": DiagonalBiLstm, "row_lstm": RowLstm}


class PixelRnn(nn.Module):
    """[B, H, W, C] in [0, 1] -> [B, H, W, num_outputs], recurrent.

    Attributes:
        num_outputs: at each place, a channel's after the other's.
        num_groups: channels that are drawn one after the other.
        layer: one of `LAYERS`.
        hidden: h.
        num_layers: LSTMs.
        head: features of the two 1x1 layers before the outputs.
        dtype: of the computation; params stay float32.
    """

    num_outputs: int
    num_groups: int
    layer: str
    hidden: int
    num_layers: int
    head: int
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x, context=None, *, train: bool = False, at: At = ()):
        """x [B, H, W, C], context None, [B, K] or [B, H, W, K]; see `pixel_model`."""
        del train
        groups = lambda features: channel_groups(features, self.num_groups)
        wide, narrow, head = groups(2 * self.hidden), groups(self.hidden), groups(self.head)
        width, by_diagonals = x.shape[2], self.layer == "diagonal_bilstm"

        def one(x, inputs, outputs):
            mask = channel_mask("B", inputs, outputs)
            return pointwise(len(outputs), mask, dtype=self.dtype)(x)

        if len(at) == 1 and not by_diagonals:
            return None  # nothing is computed by the row
        # A column beside the image: there the first features have seen the last pixel of the row. The
        # paper has none, and what comes from the right has not: (i, j < W - 4) misses (i - 1, W - 1).
        if by_diagonals and len(at) < 2:
            context = _beside(context, "edge")
        here = (at[0] - 1, width) if len(at) == 1 else at
        mask = raster_mask("A", (4, 7), 3, groups(x.shape[-1]), wide)
        first = CausalConv(len(wide), (4, 7), mask=mask, of_data=True, dtype=self.dtype)
        h = first(x if at or not by_diagonals else _beside(x, "constant"), here)
        for k in range(self.num_layers):
            lstm = LAYERS[self.layer](self.hidden, self.num_groups, self.dtype, name=f"lstm_{k}")
            h = h + one(lstm(h, context, here), narrow, wide)
            if len(at) == 1:
                lstm(None, context, at)
        if len(at) == 1:
            return None
        h = one(nn.relu(h[:, :, :width]), wide, head)
        h = one(nn.relu(h), head, head)
        return one(nn.relu(h), head, groups(self.num_outputs))


def _beside(x, mode):
    """A map with one more column on the right; what is no map as it is."""
    if x is None or x.ndim == 2:
        return x
    return jnp.pad(x, ((0, 0), (0, 0), (0, 1), (0, 0)), mode=mode)


def pixel_rnn(
    spec: Spec,
    *,
    layer: str = "diagonal_bilstm",
    hidden: int = 16,
    num_layers: int = 7,
    head: int = 32,
    likelihood: str | None = None,
    num_components: int | None = None,
    learning_rate: float = 1e-3,
    decay_rounds: int | None = None,
    precision: str = "float32",
) -> Model:
    """PixelRNN, Row LSTM or Diagonal BiLSTM (van den Oord et al., 2016, arXiv:1601.06759).

    `log_prob` is exact. The defaults are the paper's for binarised MNIST (79.20 nats); with one layer
    of hidden=32 it has 80.75. For CIFAR-10 it has 12 layers of 128 units and head=1024. It trains with
    RMSProp and learns the states outside of the map; here they are zero, and Adam is used.

    Args:
        spec: of images in [0, 1].
        layer: `diagonal_bilstm` or `row_lstm`.
        hidden: h; layers have 2h features around an LSTM of h units.
        num_layers: LSTMs.
        head: features of the two layers before the outputs.
        likelihood: of a channel, or of a place's channels together: `bernoulli`, `categorical`,
            `discretized_logistic`, `discretized_logistic_mixture`, `gaussian`; None for Bernoulli of
            bits, a softmax over levels, a Gaussian of continuous values.
        num_components: of the mixture.
        learning_rate: of Adam, whose gradients are clipped to norm 5.
        decay_rounds: rounds over which the rate falls to zero, as a cosine; None: constant.
        precision: `float32` or `bf16`, of the network.

    Raises:
        ValueError: for a spec that is not of images, an unknown layer, or what the likelihood refuses.
    """
    check_image(spec, "pixel_rnn")
    check_layer(layer)
    factors = factor_likelihood(spec, likelihood, num_components)
    network = PixelRnn(
        **output_sizes(spec, factors),
        layer=layer,
        hidden=hidden,
        num_layers=num_layers,
        head=head,
        dtype=dtype_of(precision),
    )
    optimizer = adam(learning_rate, decay_rounds)
    return pixel_model(spec, network, factors, optimizer, name="pixel_rnn")


def check_layer(layer: str) -> None:
    """Raises ValueError unless the layer is one of `LAYERS`."""
    check_name("layer", layer, LAYERS)
