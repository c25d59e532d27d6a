"""The mixture of discretised logistics of PixelCNN++, whose channels condition one another."""

import jax
import jax.numpy as jnp

from genjax.losses.likelihood import Likelihood, build_likelihood, check_levels
from genjax.losses.logistic import bin_mean, bin_value, level_index, log_bin_mass


def discretized_logistic_mixture(
    num_levels: int, *, num_components: int = 10, num_channels: int | None = None
) -> Likelihood:
    """log Σ_k π_k Π_c P_k(x_c | x_<c): the mean of a channel moves linearly with those before it.

    The mean of channel c in component k is m_kc + Σ_{j<c} tanh(a_kcj) (2 x_j − 1). Channels share
    the component. Its `mean` feeds each component's mean channels forward, which is exact but for
    what the open bins cut off.

    Args:
        num_levels: L.
        num_components: K; 10 in the released code, 5 suffice (Salimans et al., section 2.1).
        num_channels: C, the length of the last axis of x; None where x has no channel axis, and
            every element is a mixture of its own.

    Returns:
        Likelihood with parameters of shape [B, *shape[:-1], K (1 + 2C + C(C−1)/2)] ([B, *shape, 3K]
        without channels): K logits, then means [K, C], log-scales [K, C] and coefficients
        [K, C(C−1)/2] in the order (1,0), (2,0), (2,1), ...; units as in `discretized_logistic`.

    Raises:
        ValueError: if a size is not positive.

    Salimans, Karpathy, Chen and Kingma, 2017 (PixelCNN++), arXiv:1701.05517, equations 2 and 3.
    The released code replaces masses under 1e-5 by the density at the centre; here the logarithm
    of the mass is computed without cancellation, and nothing needs replacing.
    """
    check_levels(num_levels)
    channels = 1 if num_channels is None else num_channels
    if num_components < 1 or channels < 1:
        raise ValueError(
            f"needs at least one component and channel, got {num_components} and {num_channels}"
        )
    sizes = [1, channels, channels, channels * (channels - 1) // 2]

    def unpack(p):
        ends = [num_components * sum(sizes[: i + 1]) for i in range(3)]
        logits, *rest = jnp.split(p, ends, axis=-1)
        shaped = (
            r.reshape(*p.shape[:-1], num_components, s)
            for r, s in zip(rest, sizes[1:], strict=True)
        )
        means, log_scales, coefficients = shaped
        return logits, means, log_scales, jnp.tanh(coefficients)

    def channel_mean(c, means, coefficients, earlier):
        first = c * (c - 1) // 2
        shifts = (coefficients[..., first + j] * (2 * earlier[j] - 1) for j in range(c))
        return sum(shifts, start=means[..., c])

    def by_channel(means, coefficients, next_channel):
        """Runs through the channels in order; next_channel(c, mean) -> value in [0, 1]."""
        values = []
        for c in range(channels):
            values.append(next_channel(c, channel_mean(c, means, coefficients, values)))
        return values

    def elements(p, x):
        x = x[..., None] if num_channels is None else x
        logits, means, log_scales, coefficients = unpack(p)
        levels = level_index(x, num_levels)[..., None, :]
        data = levels / (num_levels - 1)
        total = jax.nn.log_softmax(logits)
        for c in range(channels):
            earlier = [data[..., j] for j in range(c)]
            mean = channel_mean(c, means, coefficients, earlier)
            total += log_bin_mass(levels[..., c], mean, log_scales[..., c], num_levels)
        return jax.nn.logsumexp(total, axis=-1)

    def finish(values):
        return values[0] if num_channels is None else jnp.stack(values, axis=-1)

    def mean(p):
        logits, means, log_scales, coefficients = unpack(p)
        next_channel = lambda c, m: bin_mean(m, log_scales[..., c], num_levels)
        weights = jax.nn.softmax(logits)
        values = by_channel(means, coefficients, next_channel)
        return finish([jnp.sum(weights * value, axis=-1) for value in values])

    def sample(key, p):
        key_component, key_noise = jax.random.split(key)
        logits, *rest = unpack(p)
        index = jax.random.categorical(key_component, logits)[..., None, None]
        means, log_scales, coefficients = (
            jnp.take_along_axis(r, index, axis=-2)[..., 0, :] for r in rest
        )
        noise = jax.random.logistic(key_noise, means.shape, means.dtype)
        # Each channel is a valid level before it moves the next one's mean, as in training.
        next_channel = lambda c, m: bin_value(noise[..., c], m, log_scales[..., c], num_levels)
        return finish(by_channel(means, coefficients, next_channel))

    return build_likelihood(
        "discretized_logistic_mixture",
        num_components * sum(sizes),
        elements,
        mean,
        sample,
        num_channels,
    )
