"""Feature matching: fakes whose features have the mean of the data's."""

import jax
import jax.numpy as jnp

from genjax.core import check_name

NORMS = ("l2", "l1")


def feature_matching(real: jax.Array, fake: jax.Array, *, norm: str = "l2") -> jax.Array:
    """The distance of the two batches' mean features, a scalar: a mean over features.

    `l2` is mean_f (E h_f(real) - E h_f(fake))^2, `l1` the mean absolute difference. Batches may differ
    in size; what is matched is the mean of each, not an example with an example.

    Args:
        real, fake: features [B, ...].
        norm: `l2` or `l1`.

    Raises:
        ValueError: for another norm, or features of other shapes.

    Reference: Salimans et al., 2016, arXiv:1606.03498, section 3.1; the authors' code has l2 for MNIST
    and l1 for CIFAR-10 and SVHN.
    """
    check_name("norm", norm, NORMS)
    if real.shape[1:] != fake.shape[1:]:
        raise ValueError(f"features need one shape, got {real.shape[1:]} and {fake.shape[1:]}")
    difference = real.mean(0) - fake.mean(0)
    return (jnp.abs(difference) if norm == "l1" else jnp.square(difference)).mean()
