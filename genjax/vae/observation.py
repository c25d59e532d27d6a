"""p(x|z) of a latent-variable model: a likelihood, and where the variance of a Gaussian comes from."""

import math
from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax.numpy as jnp

from genjax.core import Spec
from genjax.losses import Likelihood, for_spec


def observation(
    spec: Spec, likelihood: str | None, variance: str | float
) -> tuple[Callable[[Any], Likelihood], Any]:
    """`(noise -> p(x | outputs of a decoder), noise at the start)`.

    Args:
        spec: look of an example. The means of a Gaussian for images are squashed into [0, 1] (Kingma
            and Welling, 2013, arXiv:1312.6114, Appendix C.2); a vector may lie anywhere.
        likelihood: its name, None for the usual one; see `genjax.losses.for_spec`.
        variance: of a Gaussian: `learned` (one for each element, by the decoder), `shared` (one number,
            a param of `noise`) or its fixed value.

    Returns:
        The function, and the linen variables of the shared variance, None where there is none.

    Raises:
        ValueError: if the likelihood does not fit the data or the variance is none of the above.
    """
    gaussian = likelihood == "gaussian" or (likelihood is None and spec.num_levels is None)
    if variance not in ("learned", "shared") and (isinstance(variance, str) or not variance > 0):
        raise ValueError(f"variance must be 'learned', 'shared' or above 0, got {variance!r}")
    if not gaussian:
        if variance != "learned":
            raise ValueError("variance is an option of likelihood 'gaussian'")
        fixed = for_spec(spec, likelihood)
        return lambda noise: fixed, None
    squash = nn.sigmoid if spec.entry == "image" else None
    if variance == "shared":
        start = {"params": {"log_variance": jnp.zeros(())}}

        def shared(noise):
            log_variance = noise["params"]["log_variance"]
            return for_spec(spec, likelihood, mean_activation=squash, log_variance=log_variance)

        return shared, start
    log_variance = None if variance == "learned" else math.log(variance)
    fixed = for_spec(spec, likelihood, mean_activation=squash, log_variance=log_variance)
    return lambda noise: fixed, None
