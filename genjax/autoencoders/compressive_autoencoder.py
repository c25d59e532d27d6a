"""The compressive autoencoder of Balle, Laparra and Simoncelli, 2017, "End-to-end optimized image
compression": convolutions give codes that are rounded and stored by their probabilities.

    loss = -sum log2 p(y + u) + lambda |x - decoder(y + u)|^2,  y = encoder(x),  u ~ U(-1/2, 1/2)
    p(y + u) = F(y + u + 1/2) - F(y + u - 1/2)

(arXiv:1611.01704, equations 8 to 11): noise of the width of a rounding bin stands in for the rounding
in training, and p at whole numbers is the probability of the bin. F is a mixture of logistics for each
channel, where the paper has a piecewise linear density.
"""

import math

import jax
import jax.numpy as jnp
import optax

from genjax.autoencoders.divisive import Analysis, Synthesis
from genjax.core import Aux, Codes, Model, Player, Spec, game

_LIMIT = 255  # of codes
_COMPONENTS = 3  # logistics a channel


def compressive_autoencoder(
    spec: Spec,
    *,
    distortion_weight: float = 300.0,
    channels: tuple[int, ...] = (32, 32),
    code_channels: int = 32,
    learning_rate: float = 1e-3,
) -> Model:
    """Compressive autoencoder (Balle, Laparra & Simoncelli, 2017, arXiv:1611.01704).

    `codes` are whole numbers with their probabilities, for a file; `encode` gives them as one vector,
    and `decode` takes it. `evaluate` gives `rate` (bits an image, of rounded codes), `squared_error`
    and `objective`, minus the loss, all without noise. The paper's networks have three layers of 128 or
    256 channels, of strides 4, 2 and 2.

    Args:
        spec: of images in [0, 1].
        distortion_weight: lambda, bits for one unit of squared error, summed over an image's elements;
            the paper's squares are of pixels from 0 to 255, and its lambda so much smaller.
        channels: of the convolutions that halve height and width.
        code_channels: of the codes; those that are not worth their bits come to nothing.
        learning_rate: of Adam.

    Raises:
        ValueError: for data that is no images, or a number out of range.
    """
    if spec.entry != "image":
        raise ValueError(
            f"compressive_autoencoder needs images [H, W, C], and these examples have shape "
            f"{tuple(spec.shape)}"
        )
    if not distortion_weight > 0 or not channels or min(*channels, code_channels) < 1:
        raise ValueError(
            "distortion_weight must be above 0 and channels at least 1 each, got "
            f"{distortion_weight}, {tuple(channels)} and {code_channels}"
        )
    scale = 2 ** len(channels)
    shape = (*(math.ceil(side / scale) for side in spec.shape[:2]), code_channels)
    encoder = Analysis(tuple(channels), code_channels)
    decoder = Synthesis(tuple(channels), tuple(spec.shape))

    def analysis(variables, x):
        return encoder.apply(variables["encoder"], x)

    def decode(variables, y):
        return decoder.apply(variables["decoder"], y.astype(jnp.float32))

    def rounded(variables, x):
        return jnp.clip(jnp.round(analysis(variables, x)), -_LIMIT, _LIMIT)

    def log_prob(variables, y):
        return bin_log_prob(variables["entropy"]["params"], y)

    def terms(variables, y, x):
        """Bits and squared errors, [B] each."""
        rate = -log_prob(variables, y).reshape(len(x), -1).sum(1) / math.log(2)
        return rate, ((decode(variables, y) - x) ** 2).reshape(len(x), -1).sum(1)

    def objective(key, variables, batch):
        x = batch[spec.entry]
        noise = jax.random.uniform(key, (len(x), *shape), minval=-0.5, maxval=0.5)
        rate, error = terms(variables, analysis(variables, x) + noise, x)
        loss = (rate + distortion_weight * error).mean()
        return loss, Aux({"rate": rate.mean(), "squared_error": error.mean()})

    def evaluate(key, variables, batch):
        x = batch[spec.entry]
        rate, error = terms(variables, rounded(variables, x), x)
        return {
            "objective": -(rate + distortion_weight * error),
            "rate": rate,
            "squared_error": error,
        }

    return game(
        {
            "encoder": lambda key, batch: encoder.init(key, jnp.zeros((1, *spec.shape))),
            "decoder": lambda key, batch: decoder.init(key, jnp.zeros((1, *shape))),
            "entropy": lambda key, batch: _start(code_channels),
        },
        [
            Player(
                ("encoder", "decoder", "entropy"),
                objective,
                optax.adam(learning_rate),
                name="autoencoder",
            )
        ],
        encode=lambda key, variables, x: rounded(variables, x).reshape(len(x), -1),
        decode=lambda key, variables, z: decode(variables, z.reshape(len(z), *shape)),
        evaluate=evaluate,
        select="objective",
        codes=Codes(
            shape,
            _LIMIT,
            lambda variables, x: rounded(variables, x).astype(jnp.int32),
            decode,
            log_prob,
        ),
    )


def bin_log_prob(params, y: jax.Array) -> jax.Array:
    """log [F(y + 1/2) - F(y - 1/2)] of the channel's mixture of logistics, y [B, h, w, K], nats.

    Args:
        params: `logits`, `means` and `log_scales` of the components, [K, M] each.
        y: any numbers; at whole ones it is the probability of the bin.
    """
    means, log_scales = (params[name][None, None, None] for name in ("means", "log_scales"))
    inverse = jnp.exp(-jnp.clip(log_scales, -5.0, 10.0))
    center = (y.astype(jnp.float32)[..., None] - means) * inverse
    half = 0.5 * inverse
    # sigma(a) - sigma(b) = sigma(a) sigma(-b) (1 - exp(b - a)): nothing cancels in the tails.
    mass = jax.nn.log_sigmoid(center + half) + jax.nn.log_sigmoid(half - center)
    mass += jnp.log(-jnp.expm1(-2 * half))
    weights = jax.nn.log_softmax(params["logits"])[None, None, None]
    return jax.nn.logsumexp(mass + weights, axis=-1)


def _start(channels: int):
    spread = jnp.broadcast_to(jnp.linspace(-1.0, 1.0, _COMPONENTS)[None], (channels, _COMPONENTS))
    zeros = jnp.zeros((channels, _COMPONENTS))
    return {"params": {"logits": zeros, "means": spread, "log_scales": zeros}}
