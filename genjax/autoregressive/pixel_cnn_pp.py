"""PixelCNN++ of Salimans, Karpathy, Chen and Kingma, 2017, "Improving the PixelCNN".

log p(x) = sum over places of log p(x_ij | the places before); the channels of a place have one factor:

    p(x_ij | before) = sum_k pi_k prod_c P(x_c; m_kc + sum_{d<c} tanh(a_kcd) x_d, s_kc)

a mixture of discretised logistics, whose means move with the channels before. The network has two
streams without masks (`genjax.nets.shifted`), at three resolutions, with short cuts from each layer on
the way down to its mirror on the way up (arXiv:1701.05517, section 2 and Figure 2).
"""

import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from genjax.autoregressive.factors import factor_likelihood, shares_channels
from genjax.autoregressive.pixel_model import (
    check_condition,
    check_image,
    dtype_of,
    output_sizes,
    pixel_model,
)
from genjax.core import Model, Spec, check_at_least
from genjax.losses import Likelihood
from genjax.nets import row_above, shift_down
from genjax.nets.causal import At, data_window
from genjax.nets.shifted import (
    LastRow,
    Level,
    ShiftedConv,
    WeightNorm,
    pointwise_product,
    window_conv,
)

_HALVINGS = 2


class PixelCnnPp(nn.Module):
    """[B, H, W, C] in [0, 1] -> [B, H, W, num_outputs], of the places before.

    Attributes:
        num_outputs: at each place.
        hidden: features.
        num_blocks: gated layers a stream, a resolution and a direction.
        dropout_rate: in training.
        dtype: of the computation; params stay float32.
    """

    num_outputs: int
    hidden: int
    num_blocks: int
    dropout_rate: float
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x, context=None, *, train: bool = False, at: At = ()):
        """x [B, H, W, C], context [B, K] or None; see `genjax.autoregressive.pixel_model`."""
        # The ones tell the image from the zeros around it.
        x = jnp.concatenate([2 * x - 1, jnp.ones_like(x[..., :1])], axis=-1).astype(self.dtype)
        u = ul = None
        shifted = functools.partial(ShiftedConv, self.hidden, dtype=self.dtype)
        if len(at) < 2:
            above = row_above(x, at[0]) if at else shift_down(x)
            u = shifted((2, 3), name="above")(above, at)
            ul = shifted((1, 3), name="nearest_above")(above, at)
        ul = LastRow(name="nearest_row")(ul, at)
        if len(at) == 1:
            ul = None
        else:
            left = WeightNorm(self.hidden, (2, 1), dtype=self.dtype, name="left")
            ul = ul + left(window_conv(at), _left_of(x, at))
        level = Level(self.num_blocks, _HALVINGS, self.dropout_rate, self.dtype, name="level")
        _, ul = level(u, ul, context, train=train, at=at)
        if ul is None:
            return None
        return WeightNorm(self.num_outputs, dtype=self.dtype)(pointwise_product, nn.elu(ul))


def _left_of(x: jax.Array, at: At) -> jax.Array:
    """What a 2x1 kernel sees that ends at (i, j - 1): padded maps, or [2, 1, B, C]."""
    if at:
        return data_window(x, (at[0], at[1] - 1), 2, 1, 0)
    return jnp.pad(x, ((0, 0), (1, 0), (1, 0), (0, 0)))[:, :, :-1]


def pixel_cnn_pp(
    spec: Spec,
    *,
    hidden: int = 32,
    num_blocks: int = 2,
    dropout_rate: float = 0.5,
    likelihood: str | None = None,
    num_components: int | None = None,
    condition: str | None = None,
    learning_rate: float = 1e-3,
    decay: float = 0.999995,
    ema_decay: float = 0.9995,
    precision: str = "float32",
) -> Model:
    """PixelCNN++ (Salimans et al., 2017, arXiv:1701.05517).

    `log_prob` is exact. For CIFAR-10 the paper has hidden=192 (the released code 160) and num_blocks=5.
    The lower resolutions begin at every other row. So at (i, j), i odd, only the full resolution knows
    of row i and of what is right of j above it, and it sees 4 num_blocks + 2 columns of these.

    Args:
        spec: of images in [0, 1].
        hidden: features of a stream.
        num_blocks: gated layers a stream, a resolution and a direction.
        dropout_rate: within them, in training.
        likelihood: of a place's channels together, `discretized_logistic_mixture`; of one channel also
            `bernoulli`, `categorical`, `discretized_logistic`, `gaussian`. None for the mixture, but
            Bernoulli of one bit and a Gaussian of one continuous value.
        num_components: of the mixture; None for 10.
        condition: entry of a batch that p(x | .) is conditional on: `label`, or a vector of
            `spec.extras`; added in every gated layer. None for p(x).
        learning_rate: of Adam (b1=0.95, b2=0.9995), in the first round.
        decay: what it is multiplied by each round.
        ema_decay: of the averaged params, which evaluation and samples use.
        precision: `float32` or `bf16`, of the network.

    Raises:
        ValueError: for a spec that is not of images, a likelihood that draws the channels of a place
            apart, a condition that the batch does not have, or a size that is not positive.
    """
    check_image(spec, "pixel_cnn_pp")
    factors = _likelihood(spec, likelihood, num_components)
    check_condition(spec, "pixel_cnn_pp", condition)
    check_at_least(1, hidden=hidden, num_blocks=num_blocks)
    if not 0 <= dropout_rate < 1:
        raise ValueError(f"dropout_rate must be at least 0 and below 1, got {dropout_rate}")
    network = PixelCnnPp(
        output_sizes(spec, factors)["num_outputs"],
        hidden=hidden,
        num_blocks=num_blocks,
        dropout_rate=dropout_rate,
        dtype=dtype_of(precision),
    )
    rate = optax.exponential_decay(learning_rate, 1, decay)
    return pixel_model(
        spec,
        network,
        factors,
        optax.adam(rate, b1=0.95, b2=0.9995),
        name="pixel_cnn_pp",
        condition=condition,
        ema_decay=ema_decay,
    )


def _likelihood(spec: Spec, name: str | None, num_components: int | None) -> Likelihood:
    """The factor of a place.

    Raises:
        ValueError: if it would be a product over several channels: the network does not see the
            channels of the place itself, so that none of them would depend on another.
    """
    channels = spec.shape[-1]
    if name is None and spec.num_levels is not None and (channels > 1 or spec.num_levels > 2):
        name = "discretized_logistic_mixture"
    factors = factor_likelihood(spec, name, num_components)
    if channels > 1 and not shares_channels(factors, spec.shape):
        raise ValueError(
            f"likelihood {factors.name!r} has a factor for each channel, and pixel_cnn_pp would draw "
            f"the {channels} channels of a place independently of one another: take "
            "discretized_logistic_mixture (of discrete levels), or another model"
        )
    return factors
