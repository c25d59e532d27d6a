"""Pure functions of arrays that objectives are made of: values per example, logarithms in nats."""

from genjax.losses.gaussian_mixture import gaussian_mixture_log_prob
from genjax.losses.importance import importance_log_likelihood, importance_weighted_bound
from genjax.losses.kl import (
    gaussian_kl,
    gaussian_kl_between,
    gaussian_log_prob,
    gaussian_product,
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
from genjax.losses.mmd import inverse_multiquadratic, mmd, rbf
from genjax.losses.total_correlation import KlTerms, kl_terms

__all__ = [
    "KlTerms",
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
    "gaussian_mixture_log_prob",
    "gaussian_product",
    "gaussian_sample",
    "importance_log_likelihood",
    "importance_weighted_bound",
    "inverse_multiquadratic",
    "kl_terms",
    "mmd",
    "rbf",
    "standard_normal_log_prob",
]
