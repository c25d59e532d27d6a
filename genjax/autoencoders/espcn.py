"""ESPCN, the sub-pixel network of Shi et al., 2016.

All layers work at low resolution; the last one has s^2 channels, which become the pixels:

    y = PS(W3 * tanh(W2 * tanh(W1 * x + b1) + b2) + b3),  loss = |y - original|^2

(arXiv:1609.05158, equations 1 to 4), on luminance alone.
"""

import optax

from genjax.autoencoders.super_resolution import Upscaler, super_resolution
from genjax.core import Model, Spec
from genjax.nets import SubPixelNet, check_enlargeable


def espcn(
    spec: Spec,
    *,
    scale: int = 2,
    hidden: tuple[int, ...] = (64, 32),
    residual: bool = False,
    learning_rate: float = 1e-3,
) -> Model:
    """ESPCN (Shi et al., 2016, arXiv:1609.05158).

    The network sees luminance; the colours of RGB images are enlarged by bicubic interpolation. Adam
    takes the place of the paper's gradient descent.

    Args:
        spec: of grey or RGB images in [0, 1]; what `scale` leaves over is cut off.
        scale: how many times larger; the paper has 2, 3 and 4.
        hidden: channels of the hidden layers; the first kernel is 5x5, the others 3x3.
        residual: whether the network's output is added to the bicubic enlargement and starts at 0; it
            learns in far fewer steps then.
        learning_rate: of Adam.

    Raises:
        ValueError: if the data is no grey or RGB images, smaller than `scale`, or a layer is none.
    """
    check_enlargeable("espcn", spec, scale)
    if not hidden or min(hidden) < 1:
        raise ValueError(f"hidden layers need at least 1 channel each, got {tuple(hidden)}")
    network = SubPixelNet(scale, tuple(hidden), 1, residual)
    upscaler = Upscaler(
        start=lambda key, low, up: network.init(key, low),
        predict=lambda variables, low, up, train: (network.apply(variables, low), {}),
    )
    return super_resolution(
        spec,
        upscaler,
        optax.adam(learning_rate),
        scale=scale,
        residual=residual,
        of_luminance=True,
    )
