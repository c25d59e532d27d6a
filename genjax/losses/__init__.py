"""Pure functions of arrays that objectives are made of: values per example, logarithms in nats."""

from genjax.losses.contractive import jacobian_norm, sigmoid_layer_jacobian
from genjax.losses.gaussian_mixture import gaussian_mixture_log_prob
from genjax.losses.images import bicubic, crop_to_multiple, enlarge, low_resolution, luminance
from genjax.losses.importance import importance_log_likelihood, importance_weighted_bound
from genjax.losses.kl import (
    gaussian_kl,
    gaussian_kl_between,
    gaussian_log_prob,
    gaussian_product,
    gaussian_sample,
    standard_normal_log_prob,
)
from genjax.losses.likelihood import Likelihood, factor_log_probs
from genjax.losses.likelihoods import (
    bernoulli,
    categorical,
    discretized_logistic,
    discretized_logistic_mixture,
    for_spec,
    gaussian,
)
from genjax.losses.mmd import inverse_multiquadratic, mmd, rbf
from genjax.losses.sparsity import sparsity_kl, top_k
from genjax.losses.total_correlation import KlTerms, kl_terms

__all__ = [
    "KlTerms",
    "Likelihood",
    "bernoulli",
    "bicubic",
    "categorical",
    "crop_to_multiple",
    "discretized_logistic",
    "discretized_logistic_mixture",
    "enlarge",
    "factor_log_probs",
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
    "jacobian_norm",
    "kl_terms",
    "low_resolution",
    "luminance",
    "mmd",
    "rbf",
    "sigmoid_layer_jacobian",
    "sparsity_kl",
    "standard_normal_log_prob",
    "top_k",
]
