"""Pure functions of arrays that objectives are made of: values per example, logarithms in nats."""

from genjax.losses.importance import importance_log_likelihood
from genjax.losses.kl import (
    gaussian_kl,
    gaussian_kl_between,
    gaussian_log_prob,
    gaussian_sample,
    standard_normal_log_prob,
)
from genjax.losses.likelihood import Likelihood
from genjax.losses.likelihoods import (
    bernoulli,
    categorical,
    discretized_logistic,
    discretized_logistic_mixture,
    for_spec,
    gaussian,
)

__all__ = [
    "Likelihood",
    "bernoulli",
    "categorical",
    "discretized_logistic",
    "discretized_logistic_mixture",
    "for_spec",
    "gaussian",
    "gaussian_kl",
    "gaussian_kl_between",
    "gaussian_log_prob",
    "gaussian_sample",
    "importance_log_likelihood",
    "standard_normal_log_prob",
]
