"""Completion: what is missing of an example, drawn given what is known of it."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from genjax.core import Model, check_name

# (key, variables, x, known, *given) -> x [B, *shape], with what is not known filled in
Complete = Callable[..., jax.Array]


def completer(model: Model, num_rounds: int = 50) -> Complete | None:
    """How a model completes examples: the first of these that it can.

    - A model that was made for it does (`Model.complete`).
    - A product of conditionals draws what is missing element by element, exactly, where its order has
      what is known first (or it has all orders).
    - A model with a posterior and draws of p(x|z) goes to and fro, z ~ q(z|x), x_missing ~ p(x|z)
      (Rezende et al., 2014, arXiv:1401.4082, appendix F): a chain whose stationary distribution is
      the conditional one as far as q is the posterior.
    - An autoencoder reconstructs, again and again, with what is known put back: no draw, one answer.

    Args:
        model: of one example an element of the batch.
        num_rounds: of the last two; they start from the middle of the range, 0.5, everywhere.

    Returns:
        `(key, variables, x, known, *given) -> x`: x [B, *shape] in [0, 1], of which only the elements
        are read where `known`, bools [*shape] on the host; `given` is what the model is conditional on.
        None where the model can do none of these.
    """
    if model.complete is not None:
        return model.complete
    if model.conditionals is not None:
        return model.conditionals.draw
    latents = model.latents
    if latents is not None and latents.draw is not None and latents.posterior is not None:

        def again(key, variables, x, *given):
            key_latents, key_draw = jax.random.split(key)
            z, _ = latents.posterior(key_latents, variables, x, *given)
            return latents.draw(key_draw, variables, z, *given)

    elif model.encode is not None and model.decode is not None:

        def again(key, variables, x, *given):
            z = model.encode(key, variables, x, *given)
            return model.decode(key, variables, z, *given)

    else:
        return None

    def complete(key, variables, x, known, *given):
        known = jnp.asarray(known)[None]

        def round_of(guess, key):
            return jnp.where(known, x, again(key, variables, guess, *given)), None

        start = jnp.where(known, x, 0.5)
        return jax.lax.scan(round_of, start, jax.random.split(key, num_rounds))[0]

    return complete


def conditional_log_prob(
    model: Model, variables: Any, x: jax.Array, known: np.ndarray, *given: jax.Array
) -> jax.Array:
    """log p(missing | known), nats, [B], of a product of conditionals whose order has the known first.

    Args:
        model: with `conditionals` that have an order.
        variables: of the model.
        x: [B, *shape], whole examples.
        known: bools [*shape], on the host.
        *given: what the model is conditional on.

    Raises:
        ValueError: if something known comes after something missing.
    """
    order = model.conditionals.order
    if order is None or (
        known.any() and (~known).any() and order[known].max() >= order[~known].min()
    ):
        raise ValueError(
            "log p(missing | known) is a sum of factors only where the model's order has all that is "
            "known before what is missing"
        )
    log_probs = model.conditionals.log_prob(variables, x, *given)
    if log_probs.ndim < x.ndim:  # one factor for the channels of a place
        known = known.all(axis=-1)
    return jnp.where(jnp.asarray(known)[None], 0.0, log_probs).reshape(len(x), -1).sum(axis=1)


def mask_of(kind: str, shape: tuple[int, ...], share: float, seed: int = 0) -> np.ndarray:
    """What is known, bools [*shape]: the same for all channels of a place.

    Args:
        kind: what is missing: `bottom` or `right` (whole rows or columns of an image, or the last
            elements of a vector), `centre` (a square of an image) or `random` (elements, by `seed`).
        shape: of an example.
        share: of it that is missing, above 0 and below 1, rounded to at least one.
        seed: of `random`.

    Raises:
        ValueError: for another kind, a share that is none, or a kind that needs images.
    """
    kinds = ("bottom", "right", "centre", "random")
    check_name("missing", kind, kinds)
    if not 0.0 < share < 1.0:
        raise ValueError(f"share must be above 0 and below 1, got {share:g}")
    if kind in ("right", "centre") and len(shape) != 3:
        raise ValueError(f"missing {kind!r} needs images, got examples of shape {tuple(shape)}")
    places = shape[:2] if len(shape) == 3 else shape
    known = np.ones(places, bool)
    some = lambda size, share=share: min(max(1, round(share * size)), size - 1) if size > 1 else 1
    if kind == "bottom":
        known[-some(places[0]) :] = False
    elif kind == "right":
        known[:, -some(places[1]) :] = False
    elif kind == "centre":
        sides = [some(size, share**0.5) for size in places]
        rows, columns = (
            slice((n - s) // 2, (n - s) // 2 + s) for n, s in zip(places, sides, strict=True)
        )
        known[rows, columns] = False
    else:
        chosen = np.random.RandomState(seed).permutation(known.size)[: some(known.size)]
        known.flat[chosen] = False
    return np.broadcast_to(known[..., None], shape).copy() if len(shape) == 3 else known
