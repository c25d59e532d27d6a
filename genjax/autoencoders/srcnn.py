"""SRCNN, the super-resolution network of Dong et al., 2014.

The low resolution is enlarged by bicubic interpolation first, and three convolutions mend it:

    y = W3 * relu(W2 * relu(W1 * up(x) + b1) + b2) + b3,  loss = |y - original|^2

(arXiv:1501.00092, equations 1 to 4), on luminance alone.
"""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp
import optax

from genjax.autoencoders.super_resolution import Upscaler, super_resolution
from genjax.core import Model, Spec
from genjax.nets import Conv, check_enlargeable


class ThreeConvolutions(nn.Module):
    """Convolutions with ReLU between, which see beyond the edges what lies at them.

    Attributes:
        hidden: channels of the hidden layers.
        sizes: of all kernels, odd, one more.
        start_at_zero: whether the last kernel starts at 0, and with it the result.
    """

    hidden: Sequence[int]
    sizes: Sequence[int]
    start_at_zero: bool

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        """[B, H, W, C] to the same shape."""
        last = len(self.hidden)
        for index, (width, size) in enumerate(
            zip((*self.hidden, x.shape[-1]), self.sizes, strict=True)
        ):
            zeros = {"kernel_init": nn.initializers.zeros}
            start = zeros if index == last and self.start_at_zero else {}
            edge = size // 2
            x = jnp.pad(x, ((0, 0), (edge, edge), (edge, edge), (0, 0)), mode="edge")
            x = Conv(width, (size, size), padding="VALID", **start)(x)
            x = nn.relu(x) if index < last else x
        return x


def srcnn(
    spec: Spec,
    *,
    scale: int = 2,
    hidden: tuple[int, ...] = (64, 32),
    sizes: tuple[int, ...] = (9, 1, 5),
    residual: bool = False,
    learning_rate: float = 1e-3,
) -> Model:
    """SRCNN (Dong, Loy, He & Tang, 2014, arXiv:1501.00092).

    The network sees luminance; the colours of RGB images are enlarged by bicubic interpolation. The
    paper trains without padding: the loss is of the pixels whose surroundings lie inside the image, as
    here where the image has any such; on smaller images, and where `upscale` comes to the edges, what
    lies at an edge is repeated, as in the authors' test code. Adam takes the place of the paper's
    gradient descent (1e-4, 1e-5 for the last layer), which needs hundreds of millions of steps.

    Args:
        spec: of grey or RGB images in [0, 1]; what `scale` leaves over is cut off.
        scale: how many times larger; the paper has 2, 3 and 4.
        hidden: channels of the hidden layers.
        sizes: of the kernels; the paper's larger network is 9,5,5.
        residual: whether the network's output is added to the enlarged image and starts at 0, as in
            VDSR (Kim et al., 2016, arXiv:1511.04587); it learns in far fewer steps then.
        learning_rate: of Adam.

    Raises:
        ValueError: if the data is no grey or RGB images, smaller than `scale`, or the layers are none.
    """
    check_enlargeable("srcnn", spec, scale)
    if len(sizes) != len(hidden) + 1 or any(size < 1 or size % 2 == 0 for size in sizes):
        raise ValueError(
            f"sizes are odd, one for each hidden layer and one more: got {tuple(sizes)} for hidden "
            f"{tuple(hidden)}"
        )
    network = ThreeConvolutions(tuple(hidden), tuple(sizes), residual)
    upscaler = Upscaler(
        start=lambda key, low, up: network.init(key, up),
        predict=lambda variables, low, up, train: (network.apply(variables, up), {}),
        border=sum(size // 2 for size in sizes),
    )
    return super_resolution(
        spec,
        upscaler,
        optax.adam(learning_rate),
        scale=scale,
        residual=residual,
        of_luminance=True,
    )
