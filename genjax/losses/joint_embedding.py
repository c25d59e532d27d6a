"""The joint embedding of two kinds of data: what belongs together has the larger inner product."""

import jax
import jax.numpy as jnp


def joint_embedding(images: jax.Array, texts: jax.Array, other: jax.Array) -> jax.Array:
    """Hinges of the scores s_nm = <image_n, text_m>, both ways, a mean over m, [B]:

        sum over m other than n of max(0, 1 + s_nm - s_nn) + max(0, 1 + s_mn - s_nn), over B

    Args:
        images: embeddings of images, [B, E].
        texts: of the captions of these images, [B, E].
        other: bool [B, B], whether caption m says something else than caption n; the rest is left out.

    Raises:
        ValueError: if the shapes do not fit.

    Reference: Reed, Akata, Schiele and Lee, 2016, arXiv:1605.05395, equations 3 to 5; sums over the
    minibatch in place of the largest violation, as in the authors' code.
    """
    num = len(images)
    if images.shape != texts.shape or images.ndim != 2 or other.shape != (num, num):
        raise ValueError(
            "embeddings need one shape [B, E], and `other` [B, B], got "
            f"{images.shape}, {texts.shape} and {other.shape}"
        )
    scores = images @ texts.T
    right = jnp.diagonal(scores)[:, None]
    by_text = jax.nn.relu(1 + scores - right)
    by_image = jax.nn.relu(1 + scores.T - right)
    return jnp.where(other, by_text + by_image, 0.0).sum(1) / num
