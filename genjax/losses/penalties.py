"""What keeps a discriminator, or its weights, within bounds.

A penalty is `(key, discriminate, real, fake) -> [B]`, where `discriminate` maps examples [B, ...] to
logits [B] or [B, h, w] (a closure over variables and conditions, without dropout or batch statistics:
an example's logit must not depend on the others). Norms are of an example's whole gradient, never of a
pixel's. The weight is the caller's, and so is the mean.
"""

import functools
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax

Discriminate = Callable[[jax.Array], jax.Array]
Penalty = Callable[[jax.Array, Discriminate, jax.Array, jax.Array], jax.Array]

_LEAST_SQUARED_NORM = 1e-12  # the square root has no gradient at 0


def squared_gradient_norm(discriminate: Discriminate, x: jax.Array) -> jax.Array:
    """|d f(x) / d x|^2 of each example, [B]; of a map of logits, f is their sum."""
    gradients = jax.grad(lambda x: discriminate(x).astype(jnp.float32).sum())(x)
    return jnp.square(gradients.reshape(len(x), -1)).sum(1)


def gradient_penalty(
    key: jax.Array,
    discriminate: Discriminate,
    real: jax.Array,
    fake: jax.Array,
    *,
    target: float = 1.0,
    one_sided: bool = False,
) -> jax.Array:
    """(|grad f(u)| - target)^2 at u = real + a (fake - real), a uniform in [0, 1], one per example.

    Args:
        key: typed key.
        discriminate: see above.
        real, fake: [B, ...].
        target: 1 for WGAN-GP; 0 is the zero-centred penalty of Thanh-Tung et al. (2019,
            arXiv:1902.03984).
        one_sided: whether only norms above the target are punished (max(0, .)^2).

    Returns:
        [B].

    Raises:
        ValueError: if real and fake differ in shape.

    Reference: Gulrajani et al., 2017, arXiv:1704.00028, equation 3 and section 4 (two-sided).
    """
    _check_alike(real, fake)
    mix = jax.random.uniform(key, (len(real),) + (1,) * (real.ndim - 1))
    return _distance(discriminate, real + mix * (fake - real), target, one_sided)


def dragan(
    key: jax.Array, discriminate: Discriminate, real: jax.Array, fake: jax.Array
) -> jax.Array:
    """(|grad f(u)| - 1)^2 near the data: u = real + a s v / 2, [B].

    s is the standard deviation of all elements of the minibatch, v uniform in [0, 1] for each element,
    a uniform in [0, 1] for each example: the authors' code (the paper's noise is Gaussian).

    Reference: Kodali, Abernethy, Hays and Kira, 2017, arXiv:1705.07215.
    """
    del fake
    key_noise, key_mix = jax.random.split(key)
    noise = 0.5 * real.std() * jax.random.uniform(key_noise, real.shape)
    mix = jax.random.uniform(key_mix, (len(real),) + (1,) * (real.ndim - 1))
    return _distance(discriminate, real + mix * noise, 1.0, False)


def r1(key: jax.Array, discriminate: Discriminate, real: jax.Array, fake: jax.Array) -> jax.Array:
    """|grad f(real)|^2 / 2, [B].

    Reference: Mescheder, Geiger and Nowozin, 2018, arXiv:1801.04406 (R1).
    """
    del key, fake
    return 0.5 * squared_gradient_norm(discriminate, real)


def r2(key: jax.Array, discriminate: Discriminate, real: jax.Array, fake: jax.Array) -> jax.Array:
    """|grad f(fake)|^2 / 2, [B].

    Reference: Mescheder, Geiger and Nowozin, 2018, arXiv:1801.04406 (R2).
    """
    del key, real
    return 0.5 * squared_gradient_norm(discriminate, fake)


def zero_centred(
    key: jax.Array, discriminate: Discriminate, real: jax.Array, fake: jax.Array
) -> jax.Array:
    """|grad f(u)|^2 at points between real and fake, [B].

    Reference: Thanh-Tung, Tran and Venkatesh, 2019, arXiv:1902.03984.
    """
    return gradient_penalty(key, discriminate, real, fake, target=0.0)


PENALTIES: dict[str, Penalty] = {
    "gradient_penalty": gradient_penalty,
    "one_sided": functools.partial(gradient_penalty, one_sided=True),
    "dragan": dragan,
    "r1": r1,
    "r2": r2,
    "zero_centred": zero_centred,
}


def clip_parameters(limit: float) -> optax.GradientTransformation:
    """The last part of an optimizer's chain: parameters stay in [-limit, limit] after the step.

    Raises:
        ValueError: for a limit that is not positive.

    Reference: Arjovsky, Chintala and Bottou, 2017, arXiv:1701.07875, Algorithm 1, line 7.
    """
    if limit <= 0:
        raise ValueError(f"parameters are clipped to a positive limit, got {limit}")

    def update(updates, state, params):
        clip = lambda step, param: jnp.clip(param + step, -limit, limit) - param
        return jax.tree.map(clip, updates, params), state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)


class Averaged(NamedTuple):
    """State of `historical_averaging`: how many parameters were seen, and their mean."""

    count: jax.Array
    mean: optax.Params


def historical_averaging(weight: float) -> optax.GradientTransformation:
    """The first part of an optimizer's chain: adds the gradient of weight |p - mean of past p|^2.

    The mean is over all steps until now, this one included; it is held constant in the gradient.

    Reference: Salimans et al., 2016, arXiv:1606.03498, section 3.3.
    """

    def init(params):
        return Averaged(jnp.zeros((), jnp.int32), jax.tree.map(jnp.zeros_like, params))

    def update(gradients, state, params):
        count = state.count + 1
        mean = jax.tree.map(lambda m, p: m + (p - m) / count, state.mean, params)
        pull = lambda g, p, m: g + 2 * weight * (p - m)
        return jax.tree.map(pull, gradients, params, mean), Averaged(count, mean)

    return optax.GradientTransformation(init, update)


def orthogonal_penalty(params: optax.Params) -> jax.Array:
    """sum over kernels of |W^T W * (1 - I)|_F^2, a scalar: columns are drawn apart, not made unit.

    W is [inputs, outputs], a convolution's window among the inputs; parameters of fewer than two axes,
    and embeddings, have none.

    Reference: Brock, Donahue and Simonyan, 2019, arXiv:1809.11096, equation 3.
    """
    total = jnp.zeros(())
    for path, leaf in jax.tree_util.tree_leaves_with_path(params):
        if leaf.ndim < 2 or "embedding" in jax.tree_util.keystr(path).lower():
            continue
        kernel = leaf.reshape(-1, leaf.shape[-1])
        product = kernel.T @ kernel
        total += jnp.square(product * (1 - jnp.eye(len(product)))).sum()
    return total


def _distance(discriminate, x, target, one_sided):
    norm = jnp.sqrt(squared_gradient_norm(discriminate, x) + _LEAST_SQUARED_NORM)
    excess = norm - target
    return jnp.square(jax.nn.relu(excess) if one_sided else excess)


def _check_alike(real, fake):
    if real.shape != fake.shape:
        raise ValueError(
            f"real and fake examples need one shape, got {real.shape} and {fake.shape}"
        )
