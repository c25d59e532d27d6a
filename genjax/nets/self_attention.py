"""Attention between all places of an image."""

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.spectral import Initializer, SpectralConv


class SelfAttention(nn.Module):
    """x + gamma o(softmax(theta phi^T) g): what every place gathers from all others; gamma starts at 0.

    theta and phi have an eighth of the channels, g has half of them. phi and g are pooled by maxima of
    2x2 places, as in the code of this paper and of BigGAN.

    Attributes:
        num_iterations: of spectral normalisation, in all four 1x1 convolutions; 0 for none.
        pooled: whether phi and g are pooled.
        kernel_init: of the four kernels.
        dtype: of the computation; params stay float32, and so does the softmax.

    Reference: Zhang, Goodfellow, Metaxas and Odena, 2019, arXiv:1805.08318, equations 1 to 3.
    """

    num_iterations: int = 1
    pooled: bool = True
    kernel_init: Initializer = nn.initializers.glorot_uniform()
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array, *, train: bool) -> jax.Array:
        """[B, H, W, C] to the same shape; the weights of the places, [B, HW, keys], are sown."""
        num, height, width, channels = x.shape

        def of(name, features, x):
            return SpectralConv(
                features,
                self.num_iterations,
                use_bias=False,
                kernel_init=self.kernel_init,
                dtype=self.dtype,
                size=1,
                name=name,
            )(x, train=train)

        flat = lambda x: x.reshape(num, -1, x.shape[-1])
        pool = lambda x: nn.max_pool(x, (2, 2), (2, 2)) if self.pooled else x
        narrow, half = max(1, channels // 8), max(1, channels // 2)
        theta = flat(of("theta", narrow, x))
        phi = flat(pool(of("phi", narrow, x)))
        g = flat(pool(of("g", half, x)))
        scores = jnp.einsum("bqc,bkc->bqk", theta, phi).astype(jnp.float32)
        weights = nn.softmax(scores, axis=-1)
        self.sow("intermediates", "weights", weights)
        gathered = jnp.einsum("bqk,bkc->bqc", weights.astype(g.dtype), g)
        o = of("o", channels, gathered.reshape(num, height, width, half))
        gamma = self.param("gamma", nn.initializers.zeros, ())
        return x + gamma.astype(o.dtype) * o
