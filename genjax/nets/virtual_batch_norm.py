"""Virtual batch normalisation: by the statistics of a batch that is fixed at the start.

A network that uses it carries the reference batch through all its layers beside the examples, as in

    reference = reference_batch(self, "latents", draw)
    x, reference = VirtualBatchNorm()(dense(x), dense(reference))
"""

from collections.abc import Callable

import flax.linen as nn
import jax
import jax.numpy as jnp


class VirtualBatchNorm(nn.Module):
    """Each example normalised by moments of itself and the reference batch of n together.

    mean = (own + n reference) / (n + 1), and so the mean square; variance = mean square - mean^2. The
    reference is normalised by its own moments alone. No example changes another's output.

    Attributes:
        epsilon: added to the variance.
        use_bias, use_scale: whether to learn a shift and a gain (gain 1 and shift 0 at the start).

    Reference: Salimans et al., 2016, arXiv:1606.03498, section 3.5, and the authors' code.
    """

    epsilon: float = 1e-5
    use_bias: bool = True
    use_scale: bool = True

    @nn.compact
    def __call__(self, x: jax.Array, reference: jax.Array) -> tuple[jax.Array, jax.Array]:
        """x [B, ..., C] and reference [n, ..., C], to the same shapes; moments are over places too.

        Raises:
            ValueError: if they differ in the shape of an example.
        """
        if x.shape[1:] != reference.shape[1:]:
            raise ValueError(
                f"examples and reference need one shape, got {x.shape[1:]} and {reference.shape[1:]}"
            )
        places = tuple(range(1, x.ndim - 1))
        count, wide = len(reference), reference.astype(jnp.float32)
        moments = [(wide**power).mean((0, *places), keepdims=True) for power in (1, 2)]
        own = [(x.astype(jnp.float32) ** power).mean(places, keepdims=True) for power in (1, 2)]
        both = [(a + count * b) / (count + 1) for a, b in zip(own, moments, strict=True)]
        gain = shift = None
        if self.use_scale:
            gain = self.param("scale", nn.initializers.ones, x.shape[-1:])
        if self.use_bias:
            shift = self.param("bias", nn.initializers.zeros, x.shape[-1:])

        def normalize(x, mean, square):
            variance = jnp.maximum(square - mean**2, 0.0)  # rounding can make it negative
            y = (x - mean) * jax.lax.rsqrt(variance + self.epsilon)
            channels = (1,) * (x.ndim - 1) + (-1,)
            y = y if gain is None else y * gain.reshape(channels)
            return (y if shift is None else y + shift.reshape(channels)).astype(x.dtype)

        return normalize(x, *both), normalize(reference, *moments)


def reference_batch(
    module: nn.Module, name: str, draw: Callable[[jax.Array], jax.Array]
) -> jax.Array:
    """The module's reference batch `name`, in its collection `reference`: drawn once, at the start.

    Args:
        module: a compact module, in its call.
        name: of the variable.
        draw: `key -> [n, ...]`, the batch.
    """
    return module.variable("reference", name, lambda: draw(module.make_rng("params"))).value
