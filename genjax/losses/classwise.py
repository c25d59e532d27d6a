"""Feature matching class by class, with means that outlive a minibatch."""

from typing import NamedTuple

import jax
import jax.numpy as jnp


class ClassMeans(NamedTuple):
    """Running means of features by class, of real examples and of fakes.

    Attributes:
        real, fake: weighted sums, [K, F] each.
        real_weight, fake_weight: the weights' sums, [K, 1] each; 0 for a class not yet seen.
    """

    real: jax.Array
    fake: jax.Array
    real_weight: jax.Array
    fake_weight: jax.Array


def new_class_means(num_classes: int, num_features: int) -> ClassMeans:
    """Of nothing seen yet."""
    sums, weights = jnp.zeros((num_classes, num_features)), jnp.zeros((num_classes, 1))
    return ClassMeans(sums, sums, weights, weights)


def classwise_feature_matching(
    means: ClassMeans,
    real: jax.Array,
    real_label: jax.Array,
    fake: jax.Array,
    fake_label: jax.Array,
    *,
    decay: float = 0.9,
) -> tuple[jax.Array, ClassMeans]:
    """(1/2) sum_c |m_c(real) - m_c(fake)|^2, a scalar, and the means with this minibatch in them.

    m_c is the exponential moving average of the features of class c over the minibatches that had the
    class, this one included; its weights sum to 1 from the first on. A minibatch holds a few examples
    of a class, whose own mean would be mostly noise. The gradient is that of the minibatch's mean of
    fakes in the place of m_c(fake): not 1 - `decay` times as large, and not none. Classes that lack
    real examples or fakes count as matched; real features get no gradient.

    Args:
        means: from the last minibatch, or `new_class_means`.
        real, fake: features [B, F]; of different numbers, if need be.
        real_label, fake_label: int [B].
        decay: of the old means, in [0, 1).

    Raises:
        ValueError: for features that are no matrices of one width.

    Reference: Bao et al., 2017, arXiv:1703.10155.
    """
    num_classes, width = means.real.shape
    if real.shape[1:] != (width,) or fake.shape[1:] != (width,):
        raise ValueError(f"features must be [B, {width}], got {real.shape} and {fake.shape}")

    def moved(total, weight, features, label):
        """Sums and weights, the running mean, the minibatch's mean, and which classes it has."""
        member = jax.nn.one_hot(label, num_classes).T
        count = member.sum(1, keepdims=True)
        now = member @ features / jnp.maximum(count, 1.0)
        here = count > 0
        total = jnp.where(here, decay * total + (1 - decay) * now, total)
        weight = jnp.where(here, decay * weight + (1 - decay), weight)
        return total, weight, total / jnp.maximum(weight, 1e-12), now * here

    real = jax.lax.stop_gradient(real)
    real_total, real_weight, of_real, _ = moved(means.real, means.real_weight, real, real_label)
    fake_total, fake_weight, of_fake, now = moved(means.fake, means.fake_weight, fake, fake_label)
    of_fake = jax.lax.stop_gradient(of_fake) + now - jax.lax.stop_gradient(now)
    known = (real_weight > 0) & (fake_weight > 0)
    loss = 0.5 * jnp.where(known, jnp.square(of_real - of_fake), 0.0).sum()
    new = ClassMeans(real_total, fake_total, real_weight, fake_weight)
    return loss, jax.lax.stop_gradient(new)
