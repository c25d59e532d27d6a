"""The importance-weighted estimate of a latent-variable model's log-likelihood, streamed."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
from jax import lax


def importance_weighted_bound(log_weights: jax.Array) -> jax.Array:
    """L_k = log (1/k) Σₛ wₛ of k weights at once: the bound that an IWAE is trained by.

    Its gradient is Σₛ w̃ₛ ∇ log wₛ with the normalised weights w̃. In expectation L_k rises with k
    towards log p(x); L_1 is the usual bound.

    Args:
        log_weights: log wₛ = log p(x, zₛ) − log q(zₛ | x), zₛ ~ q(z | x); [k, B].

    Returns:
        [B], nats.

    Raises:
        ValueError: if there are not two axes.

    Burda, Grosse and Salakhutdinov, 2015, arXiv:1509.00519, equations 8 and 13.
    """
    if jnp.ndim(log_weights) != 2:
        raise ValueError(f"log_weights must have shape [k, B], got {jnp.shape(log_weights)}")
    return jax.nn.logsumexp(log_weights, axis=0) - jnp.log(float(len(log_weights)))


def importance_log_likelihood(
    key: jax.Array,
    log_weight: Callable[[jax.Array], jax.Array],
    num_samples: int = 5000,
    *,
    chunk: int = 100,
) -> jax.Array:
    """log (1/S) Σₛ wₛ with log wₛ = log p(x | zₛ) + log p(zₛ) − log q(zₛ | x) and zₛ ~ q(z | x).

    A lower bound of log p(x) in expectation, tight as S grows. All S weights go into *one* average:
    a mean over chunks of per-chunk estimates is the looser bound with S = chunk. Draw s uses the
    key `fold_in(key, s)`, so the chunk size sets memory (chunk times B weights, and whatever
    `log_weight` holds for them) and speed, and changes the result only by rounding.

    Args:
        key: one typed key.
        log_weight: pure function (key) -> [B], the log-weight of one draw for each example; mapped
            over keys by `jax.vmap`, so work that does not depend on the key is done once a chunk.
        num_samples: S; 5000 in most papers' tables (Burda et al., 2015).
        chunk: draws held at a time; need not divide `num_samples`.

    Returns:
        [B], nats.

    Raises:
        ValueError: if `num_samples` or `chunk` is not positive, or a weight is not of shape [B].

    Burda, Grosse and Salakhutdinov, 2015, arXiv:1509.00519, equation 8.
    """
    if num_samples < 1 or chunk < 1:
        raise ValueError(f"num_samples and chunk must be positive, got {num_samples} and {chunk}")
    weight = jax.eval_shape(log_weight, key)
    if len(jnp.shape(weight)) != 1:
        raise ValueError(f"log_weight(key) must have shape [B], got {jnp.shape(weight)}")
    chunk = min(chunk, num_samples)

    def add_chunk(carry, start):
        largest, total = carry
        indices = start + jnp.arange(chunk)
        keys = jax.vmap(lambda index: jax.random.fold_in(key, index))(indices)
        # The draws past the last are made, for fixed shapes, and weigh nothing.
        values = jnp.where((indices < num_samples)[:, None], jax.vmap(log_weight)(keys), -jnp.inf)
        # The shift cancels in the result, so its gradient is zero.
        new_largest = lax.stop_gradient(jnp.maximum(largest, jnp.max(values, axis=0)))
        # Where all weights so far are zero the maximum is -inf, and -inf minus -inf is nan.
        shift = jnp.where(jnp.isfinite(new_largest), new_largest, 0.0)
        total = total * jnp.exp(largest - shift) + jnp.sum(jnp.exp(values - shift[None]), axis=0)
        return (new_largest, total), None

    start = (jnp.full(weight.shape, -jnp.inf, weight.dtype), jnp.zeros(weight.shape, weight.dtype))
    (largest, total), _ = lax.scan(add_chunk, start, jnp.arange(0, num_samples, chunk))
    return largest + jnp.log(total) - jnp.log(float(num_samples))
