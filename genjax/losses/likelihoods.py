"""Likelihoods that any family plugs in behind a decoder, and the choice among them.

Pure functions of a network's outputs; `genjax.losses.likelihood` states the shapes. Values are
nats, summed over all but the batch axis. Map with `jax.vmap` over further leading axes.
"""

import difflib
from collections.abc import Callable

import jax
import jax.numpy as jnp

from genjax.core import Spec
from genjax.losses.kl import gaussian_log_prob
from genjax.losses.likelihood import Likelihood, build_likelihood, check_levels
from genjax.losses.logistic import discretized_logistic, level_index
from genjax.losses.logistic_mixture import discretized_logistic_mixture

# A Gaussian's log-variance is kept above that of the rounding of 8-bit data in [0, 1],
# log((1/255)²/12) = -13.6: below it a density measures the rounding, and grows without bound.
_MIN_LOG_VARIANCE = -14.0
_MAX_LOG_VARIANCE = 80.0  # flatter than any data, and still finite in float32 as a variance


def bernoulli() -> Likelihood:
    """log σ(l) where x = 1 and log σ(−l) where x = 0; one parameter, the logit l."""
    return build_likelihood(
        "bernoulli",
        1,
        # One softplus for both cases: they are most of what a small network's step costs on a CPU.
        lambda p, x: -jax.nn.softplus((1 - 2 * x) * p[..., 0]),
        lambda p: jax.nn.sigmoid(p[..., 0]),
        lambda key, p: jax.random.bernoulli(key, jax.nn.sigmoid(p[..., 0])).astype(p.dtype),
    )


def gaussian(
    *,
    log_variance: jax.Array | float | None = None,
    mean_activation: Callable[[jax.Array], jax.Array] | None = None,
) -> Likelihood:
    """N(x; μ, σ²), a density: its values are not comparable with those of discrete likelihoods.

    Args:
        log_variance: None for a second parameter, the log-variance of each element, kept in -14 ... 80;
            a number, or a scalar that the caller learns, for one variance of all, taken as it is.
        mean_activation: squashes the first parameter to the mean; `jax.nn.sigmoid` for the faces of
            Kingma and Welling (2013, arXiv:1312.6114, Appendix C.2).

    Returns:
        Likelihood with parameters (mean before activation[, log-variance]).

    Raises:
        ValueError: if `log_variance` is not a scalar.
    """
    if log_variance is not None and jnp.shape(log_variance) != ():
        raise ValueError(f"log_variance must be a scalar, got shape {jnp.shape(log_variance)}")

    def mean_and_log_variance(p):
        mean = p[..., 0] if mean_activation is None else mean_activation(p[..., 0])
        if log_variance is not None:
            return mean, jnp.full(mean.shape, log_variance, mean.dtype)
        return mean, jnp.clip(p[..., 1], _MIN_LOG_VARIANCE, _MAX_LOG_VARIANCE)

    def sample(key, p):
        mean, log_var = mean_and_log_variance(p)
        return mean + jnp.exp(0.5 * log_var) * jax.random.normal(key, mean.shape, mean.dtype)

    return build_likelihood(
        "gaussian",
        2 if log_variance is None else 1,
        lambda p, x: gaussian_log_prob(x, *mean_and_log_variance(p)),
        lambda p: mean_and_log_variance(p)[0],
        sample,
    )


def categorical(num_levels: int) -> Likelihood:
    """log softmax(l)_k of the level k of x; one logit for each of the levels.

    van den Oord et al., 2016, arXiv:1601.06759, section 3.3.
    """
    check_levels(num_levels)

    def elements(logits, x):
        levels = level_index(x, num_levels)
        index = jnp.nan_to_num(levels).astype(jnp.int32)
        log_probs = jax.nn.log_softmax(logits)
        value = jnp.take_along_axis(log_probs, index[..., None], axis=-1)[..., 0]
        return jnp.where(jnp.isnan(levels), jnp.nan, value)

    def sample(key, logits):
        return jax.random.categorical(key, logits).astype(logits.dtype) / (num_levels - 1)

    values = jnp.linspace(0.0, 1.0, num_levels)
    mean = lambda logits: jax.nn.softmax(logits) @ values.astype(logits.dtype)
    return build_likelihood("categorical", num_levels, elements, mean, sample)


def for_spec(
    spec: Spec,
    name: str | None = None,
    *,
    log_variance: jax.Array | float | None = None,
    mean_activation: Callable[[jax.Array], jax.Array] | None = None,
    num_components: int | None = None,
) -> Likelihood:
    """The likelihood of that name for data of this spec; without a name, the usual one.

    Args:
        spec: look of an example. Two levels: Bernoulli; more: discretised logistic; continuous:
            Gaussian with learned variances.
        name: `bernoulli`, `gaussian`, `categorical`, `discretized_logistic` or
            `discretized_logistic_mixture`.
        log_variance: option of `gaussian`.
        mean_activation: option of `gaussian`.
        num_components: option of `discretized_logistic_mixture`.

    Raises:
        ValueError: if the name is unknown, the likelihood does not fit the data, or does not have
            the option.
    """
    levels = spec.num_levels
    # The last axis of a vector or a sequence holds features, not the colours of one place.
    channels = spec.shape[-1] if len(spec.shape) > 2 else None
    builders = {
        "bernoulli": bernoulli,
        "gaussian": gaussian,
        "categorical": lambda: categorical(levels),
        "discretized_logistic": lambda: discretized_logistic(levels),
        "discretized_logistic_mixture": lambda **options: discretized_logistic_mixture(
            levels, num_channels=channels, **options
        ),
    }
    if name is None:
        name = {None: "gaussian", 2: "bernoulli"}.get(levels, "discretized_logistic")
    if name not in builders:
        near = difflib.get_close_matches(name, builders, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        raise ValueError(f"unknown likelihood {name!r}; there are {', '.join(builders)}{hint}")
    fitting = _fitting(levels)
    if name not in fitting:
        raise ValueError(_refusal(name, levels, fitting))
    options = {
        "log_variance": log_variance,
        "mean_activation": mean_activation,
        "num_components": num_components,
    }
    given = {option: value for option, value in options.items() if value is not None}
    wrong = sorted(set(given) - set(_OPTIONS.get(name, ())))
    if wrong:
        raise ValueError(
            f"likelihood {name!r} does not take {', '.join(wrong)}; "
            f"its options: {', '.join(_OPTIONS.get(name, ())) or 'none'}"
        )
    return builders[name](**given)


_OPTIONS = {
    "gaussian": ("log_variance", "mean_activation"),
    "discretized_logistic_mixture": ("num_components",),
}


def _fitting(num_levels: int | None) -> tuple[str, ...]:
    if num_levels is None:
        return ("gaussian",)
    discrete = ("discretized_logistic", "discretized_logistic_mixture", "categorical")
    # A density of grey levels is what Kingma and Welling fit to faces; of bits it only diverges.
    return ("bernoulli", *discrete) if num_levels == 2 else (*discrete, "gaussian")


def _refusal(name: str, num_levels: int | None, fitting: tuple[str, ...]) -> str:
    data = "continuous data" if num_levels is None else f"data of {num_levels} levels"
    others = f"these fit: {', '.join(fitting)}"
    if name == "bernoulli":
        return (
            f"likelihood 'bernoulli' does not fit {data}: the cross-entropy of grey values is not a "
            f"likelihood, for it does not integrate to one; binarise the data, or take another "
            f"({others})"
        )
    return f"likelihood {name!r} does not fit {data}; {others}"
