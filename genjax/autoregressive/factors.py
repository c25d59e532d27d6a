"""Likelihoods of factors, one for each element, and which elements may be known."""

import numpy as np

from genjax.core import Spec
from genjax.losses import Likelihood, for_spec


def factor_likelihood(
    spec: Spec, name: str | None, num_components: int | None = None
) -> Likelihood:
    """p(x_d | before d): by name, or Bernoulli for bits, a softmax for levels, else a Gaussian.

    Args:
        spec: look of an example.
        name: as in `genjax.losses.for_spec`.
        num_components: of `discretized_logistic_mixture`.

    Raises:
        ValueError: if it does not fit the data, or does not have components.
    """
    if name is None:
        name = {None: "gaussian", 2: "bernoulli"}.get(spec.num_levels, "categorical")
    return for_spec(spec, name, num_components=num_components)


def shares_channels(likelihood: Likelihood, shape: tuple[int, ...]) -> bool:
    """Whether the channels of a place have one factor between them."""
    return len(likelihood.parameter_shape(shape)) == len(shape)


def check_known(known: np.ndarray, order: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    """`known` as bools on the host.

    Raises:
        ValueError: if its shape is not an example's, or if an element that is not known would be drawn
            before one that is: what is drawn would not depend on it.
    """
    known = np.asarray(known, bool)
    if known.shape != tuple(shape):
        raise ValueError(f"known has shape {known.shape}, an example {tuple(shape)}")
    if order is not None and not known.all() and known.any():
        if order[known].max() >= order[~known].min():
            raise ValueError(
                "the known elements do not come first in the order in which this model draws: given "
                "others it has no exact conditional; a made of random orders (num_masks=0) has"
            )
    return known
