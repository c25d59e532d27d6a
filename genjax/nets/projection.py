"""Discriminators that take a condition by an inner product."""

from collections.abc import Sequence

import flax.linen as nn
import jax
import jax.numpy as jnp

from genjax.nets.spectral import Initializer, SpectralDense, SpectralEmbed


class ProjectionHead(nn.Module):
    """f(x, y) = w^T h + b + e_y^T h, of features h: log-odds of "real", and of y given x.

    The optimum of w^T h is log p(x) / q(x), that of e_y^T h is log p(y|x) / q(y|x).

    Attributes:
        num_classes: rows of e; 0 for a head without a condition.
        num_iterations: of spectral normalisation of w and e; 0 for none.
        kernel_init: of both.
        dtype: of the computation.

    Reference: Miyato and Koyama, 2018, arXiv:1802.05637, equation 3 and figure 1.
    """

    num_classes: int = 0
    num_iterations: int = 1
    kernel_init: Initializer = nn.initializers.glorot_uniform()
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, h: jax.Array, label: jax.Array | None = None, *, train: bool) -> jax.Array:
        """h [B, F], label [B] int32 in [0, num_classes) -> logit [B].

        Raises:
            ValueError: if a label is missing, or there is one too many.
        """
        if (label is None) == bool(self.num_classes):
            raise ValueError(
                f"a projection head of {self.num_classes} classes was given "
                f"{'no label' if label is None else 'labels'}"
            )
        options = {
            "num_iterations": self.num_iterations,
            "kernel_init": self.kernel_init,
            "dtype": self.dtype,
        }
        logit = SpectralDense(1, **options, name="linear")(h, train=train)[:, 0]
        if label is None:
            return logit
        table = SpectralEmbed(
            h.shape[-1], **options, num_embeddings=self.num_classes, name="embedding"
        )
        return logit + (table(label, train=train) * h).sum(-1)


class SpectralMlpDiscriminator(nn.Module):
    """Dense layers with leaky ReLU and spectral normalisation, then a projection head.

    Attributes:
        hidden: widths of the hidden layers.
        num_classes: of the label that is read; 0 for none.
        num_iterations: of spectral normalisation; 0 for none.
        dtype: of the computation; params stay float32.
    """

    hidden: Sequence[int]
    num_classes: int = 0
    num_iterations: int = 1
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(
        self, x: jax.Array, label: jax.Array | None = None, *, train: bool
    ) -> dict[str, jax.Array]:
        """x [B, ...], label [B] int32 or None; `logit` [B], `features` [B, F]."""
        h = x.reshape(len(x), -1)
        for width in self.hidden:
            layer = SpectralDense(
                width,
                self.num_iterations,
                kernel_init=nn.initializers.he_normal(),
                dtype=self.dtype,
            )
            h = nn.leaky_relu(layer(h, train=train), 0.2)
        head = ProjectionHead(self.num_classes, self.num_iterations, dtype=self.dtype)
        return {"logit": head(h, label, train=train), "features": h}
