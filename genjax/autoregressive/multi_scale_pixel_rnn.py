"""The multi-scale PixelRNN of van den Oord, Kalchbrenner and Kavukcuoglu, 2016.

A PixelRNN draws the small image s, every factor-th pixel of every factor-th row; another draws the
others given s, up-sampled by a deconvolution to a map that the gates see through a 1x1 convolution:

    log p(x) = log p(s) + sum_{d not in s} log p(x_d | x_<d, s)

s is a part of x, not an average: only so is this a likelihood of x (arXiv:1601.06759, section 3.6).
"""

import math

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from genjax.autoregressive.factors import check_known, factor_likelihood, shares_channels
from genjax.autoregressive.pixel_model import (
    NAME,
    adam,
    check_image,
    dtype_of,
    output_sizes,
    pixel_sampler,
    raster_order,
)
from genjax.autoregressive.pixel_rnn import PixelRnn, check_layer
from genjax.core import Aux, Conditionals, Model, Player, Spec, check_at_least, game
from genjax.losses import factor_log_probs
from genjax.nets import Conv, ConvTranspose


class UpSampler(nn.Module):
    """A small image [B, h, w, C] -> a map [B, H, W, features] of what it shows about each place.

    Attributes:
        features: of the map.
        factor: how many places a pixel takes.
        size: (H, W), at most factor (h, w).
        dtype: of the computation; params stay float32.
    """

    features: int
    factor: int
    size: tuple[int, int]
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x):
        """x [B, h, w, C] in [0, 1]."""
        h = nn.relu(Conv(self.features, (3, 3), dtype=self.dtype)(x))
        window, strides = (2 * self.factor,) * 2, (self.factor,) * 2
        h = ConvTranspose(self.features, window, strides, dtype=self.dtype)(h)
        return nn.relu(h)[:, : self.size[0], : self.size[1]]


def multi_scale_pixel_rnn(
    spec: Spec,
    *,
    factor: int = 2,
    layer: str = "diagonal_bilstm",
    hidden: int = 16,
    num_layers: int = 7,
    head: int = 32,
    context_features: int = 16,
    likelihood: str | None = None,
    num_components: int | None = None,
    learning_rate: float = 1e-3,
    decay_rounds: int | None = None,
    precision: str = "float32",
) -> Model:
    """Multi-scale PixelRNN (van den Oord et al., 2016, arXiv:1601.06759, section 3.6).

    `log_prob` is exact. Both networks have the same sizes and are trained together.

    Args:
        spec: of images in [0, 1], of any size.
        factor: rows and columns from one pixel of the small image to the next.
        layer, hidden, num_layers, head, likelihood, num_components: as in `pixel_rnn`.
        context_features: of the map that the small image is up-sampled to.
        learning_rate, decay_rounds, precision: as in `pixel_rnn`.

    Raises:
        ValueError: for a factor below 2, or as `pixel_rnn`.
    """
    check_image(spec, "multi_scale_pixel_rnn")
    check_layer(layer)
    check_at_least(2, factor=factor)
    subset = np.s_[:, ::factor, ::factor]
    small_spec = spec._replace(shape=np.empty((1, *spec.shape))[subset].shape[1:])
    factors, dtype = factor_likelihood(spec, likelihood, num_components), dtype_of(precision)
    network = PixelRnn(  # of either image
        **output_sizes(spec, factors),
        layer=layer,
        hidden=hidden,
        num_layers=num_layers,
        head=head,
        dtype=dtype,
    )
    upsampler = UpSampler(context_features, factor, spec.shape[:2], dtype)
    joint = shares_channels(factors, spec.shape)
    small_order = raster_order(small_spec.shape, joint_channels=joint)
    order = raster_order(spec.shape, joint_channels=joint) + small_order.size
    order[subset[1:]] = small_order
    order = np.unique(order, return_inverse=True)[1].reshape(spec.shape)
    draw_small = pixel_sampler(small_spec, network, factors, lambda given: None, small_order)
    # It sees the small image's pixels before it comes to them, through the context.
    draw_large = pixel_sampler(spec, network, factors, lambda given: given[0], None)

    def parameters(variables, x):
        """Of all factors, [B, *outputs]: the small network's where its pixels are."""
        small = network.apply(variables["small"], x[subset])
        context = upsampler.apply(variables["upsampler"], x[subset])
        flat = network.apply(variables["large"], x, context).at[subset].set(small)
        return flat.astype(jnp.float32).reshape(len(x), *factors.parameter_shape(spec.shape))

    def log_prob(key, variables, x):
        return factors.log_prob(parameters(variables, x), x)

    def objective(key, variables, batch):
        nll = -log_prob(key, variables, batch[spec.entry]).mean()
        return nll, Aux({"bits_per_dim": nll / (math.prod(spec.shape) * math.log(2))})

    def draw(key, variables, x, known, *, cached=True):
        known, x = check_known(known, order, spec.shape), jnp.asarray(x)
        key_small, key_large = jax.random.split(key)
        small, known_small = {NAME: variables["small"]}, known[subset[1:]]
        drawn = draw_small(key_small, small, x[subset], known_small, cached=cached)
        context = upsampler.apply(variables["upsampler"], drawn)
        known = known.copy()
        known[subset[1:]] = True
        large, x = {NAME: variables["large"]}, x.at[subset].set(drawn)
        return draw_large(key_large, large, x, known, context, cached=cached)

    def sample(key, variables, num, condition=None):
        if condition is not None:
            raise ValueError("multi_scale_pixel_rnn is unconditional: it takes no condition")
        return draw(key, variables, jnp.zeros((num, *spec.shape)), np.zeros(spec.shape, bool))

    start = lambda net, *given: net.init(*given, mutable=["params"])
    context = lambda batch: jnp.zeros((len(batch[spec.entry]), *spec.shape[:2], context_features))
    return game(
        {
            "small": lambda key, batch: start(network, key, batch[spec.entry][subset]),
            "upsampler": lambda key, batch: start(upsampler, key, batch[spec.entry][subset]),
            "large": lambda key, batch: start(network, key, batch[spec.entry], context(batch)),
        },
        [
            Player(
                ("small", "upsampler", "large"),
                objective,
                adam(learning_rate, decay_rounds),
                name="multi_scale_pixel_rnn",
            )
        ],
        sample=sample,
        log_prob=log_prob,
        evaluate=lambda key, variables, batch: {
            "log_likelihood": log_prob(key, variables, batch[spec.entry])
        },
        select="log_likelihood",
        conditionals=Conditionals(
            order,
            parameters,
            lambda variables, x: factor_log_probs(factors, parameters(variables, x), x),
            draw,
        ),
    )
