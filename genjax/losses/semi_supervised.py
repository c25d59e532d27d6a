"""A classifier as a discriminator: real examples are of K classes, fakes of class K + 1 or of none."""

import jax
import jax.numpy as jnp


def realness(logits: jax.Array) -> jax.Array:
    """log sum_k exp(l_k): the logit of "real" where "fake" is class K + 1, of logit 0.

    With it, sigmoid(realness) = 1 - softmax([l, 0])_{K+1}: a classifier of K classes is a
    discriminator.

    Args:
        logits: l, [B, K].

    Returns:
        [B].

    Raises:
        ValueError: for another rank.

    Reference: Salimans et al., 2016, arXiv:1606.03498, section 5.
    """
    _check(logits)
    return jax.nn.logsumexp(logits, axis=1)


def dynamic_label(logits: jax.Array) -> jax.Array:
    """argmax over k <= K of l_k: the class of data that each fake is nearest to; the last is "fake".

    Args:
        logits: l, [B, K + 1].

    Returns:
        [B] int32; no gradient passes.

    Raises:
        ValueError: for another rank, or no class but the last.

    Reference: Zhou et al., 2018, arXiv:1703.02000 (dynamic labelling).
    """
    _check(logits)
    if logits.shape[1] < 2:
        raise ValueError(f"logits of K classes and of fakes are at least 2, got {logits.shape[1]}")
    return jnp.argmax(logits[:, :-1], axis=1).astype(jnp.int32)


def entropy(logits: jax.Array) -> jax.Array:
    """H[p(y|x)] of each example, p = softmax(l): 0 where its class is sure, log K where none is.

    Args:
        logits: l, [B, K].

    Returns:
        [B], nats.

    Raises:
        ValueError: for another rank.

    Reference: Springenberg, 2016, arXiv:1511.06390.
    """
    _check(logits)
    log_p = jax.nn.log_softmax(logits, axis=1)
    return -(jnp.exp(log_p) * log_p).sum(axis=1)


def marginal_entropy(logits: jax.Array) -> jax.Array:
    """H[mean over the batch of p(y|x)], p = softmax(l): log K where all classes are as frequent.

    It is of the batch, not of an example: a small one underestimates that of all data.

    Args:
        logits: l, [B, K].

    Returns:
        A scalar, nats.

    Raises:
        ValueError: for another rank.

    Reference: as of `entropy`.
    """
    _check(logits)
    log_p = jax.nn.log_softmax(logits, axis=1)
    log_mean = jax.nn.logsumexp(log_p, axis=0) - jnp.log(len(logits))
    return -(jnp.exp(log_mean) * log_mean).sum()


def _check(logits):
    if logits.ndim != 2:
        raise ValueError(f"class logits are [B, K], got shape {logits.shape}")
