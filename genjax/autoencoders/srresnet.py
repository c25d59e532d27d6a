"""SRResNet of Ledig et al., 2017: the generator of SRGAN, trained by squared error alone.

    loss = |x - G(reduced(x))|^2,  low resolution in [0, 1], high in [-1, 1]

(arXiv:1609.04802, equation 4 and figure 4), on all colours.
"""

import optax

from genjax.autoencoders.super_resolution import Upscaler, super_resolution
from genjax.core import Model, Spec
from genjax.nets import super_resolution_resnet


def srresnet(
    spec: Spec,
    *,
    scale: int = 4,
    num_blocks: int | None = None,
    channels: int | None = None,
    residual: bool = False,
    learning_rate: float = 1e-4,
) -> Model:
    """SRResNet (Ledig et al., 2017, arXiv:1609.04802).

    The paper: a million steps on minibatches of 16 patches of 96x96; statistics of the batch norm are
    fixed when an image is enlarged.

    Args:
        spec: of grey or RGB images in [0, 1]; what `scale` leaves over is cut off.
        scale: how many times larger, a power of 2; the paper has 4.
        num_blocks: residual blocks. None: 16 for images from 96x96 on, as in the paper, 4 below.
        channels: of all layers between. None: 64 for images from 96x96 on, as in the paper, 32 below.
        residual: whether the network's output is added to the bicubic enlargement and starts at 0; the
            paper has no such path, but it makes up for many steps.
        learning_rate: of Adam.

    Raises:
        ValueError: if the data is no grey or RGB images, or smaller than `scale`, that is no power of
            2, or there are no blocks or channels.
    """
    network = super_resolution_resnet(
        "srresnet", spec, scale, num_blocks=num_blocks, channels=channels, residual=residual
    )
    middle = 0.0 if residual else 0.5

    def predict(variables, low, up, train):
        if not train:
            return middle + 0.5 * network.apply(variables, low, train=False), {}
        y, updates = network.apply(variables, low, train=True, mutable=["batch_stats"])
        return middle + 0.5 * y, updates

    return super_resolution(
        spec,
        Upscaler(lambda key, low, up: network.init(key, low, train=False), predict),
        optax.adam(learning_rate),
        scale=scale,
        residual=residual,
        of_luminance=False,
    )
