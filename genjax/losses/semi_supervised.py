"""A classifier as a discriminator: real examples are of K classes, and fakes of class K + 1."""

import jax


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
    if logits.ndim != 2:
        raise ValueError(f"class logits are [B, K], got shape {logits.shape}")
    return jax.nn.logsumexp(logits, axis=1)
