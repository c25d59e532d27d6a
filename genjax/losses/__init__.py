"""Pure functions of arrays that objectives are made of: values per example, logarithms in nats."""

from genjax.losses.adversarial import (
    ADVERSARIES,
    F_DIVERGENCES,
    Adversary,
    adversary,
    cross_entropy,
    f_divergence,
    hinge,
    least_squares,
    matching_terms,
    minimax,
    model_kl,
    noisy_labels,
    non_saturating,
    relativistic,
    relativistic_average,
    wasserstein,
)
from genjax.losses.contractive import jacobian_norm, sigmoid_layer_jacobian
from genjax.losses.feature_matching import feature_matching
from genjax.losses.gaussian_mixture import gaussian_mixture_log_prob
from genjax.losses.images import (
    bicubic,
    crop_to_multiple,
    enlarge,
    enlargement_quality,
    low_resolution,
    luminance,
)
from genjax.losses.importance import importance_log_likelihood, importance_weighted_bound
from genjax.losses.information import categorical_information, gaussian_information
from genjax.losses.joint_embedding import joint_embedding
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
from genjax.losses.penalties import (
    PENALTIES,
    Penalty,
    clip_parameters,
    dragan,
    gradient_penalty,
    historical_averaging,
    orthogonal_penalty,
    r1,
    r2,
    squared_gradient_norm,
    zero_centred,
)
from genjax.losses.perceptual import perceptual_distance
from genjax.losses.semi_supervised import realness
from genjax.losses.sparsity import sparsity_kl, top_k
from genjax.losses.total_correlation import KlTerms, kl_terms

__all__ = [
    "ADVERSARIES",
    "F_DIVERGENCES",
    "PENALTIES",
    "Adversary",
    "KlTerms",
    "Likelihood",
    "Penalty",
    "adversary",
    "bernoulli",
    "bicubic",
    "categorical",
    "categorical_information",
    "clip_parameters",
    "crop_to_multiple",
    "cross_entropy",
    "discretized_logistic",
    "discretized_logistic_mixture",
    "dragan",
    "enlarge",
    "enlargement_quality",
    "f_divergence",
    "factor_log_probs",
    "feature_matching",
    "for_spec",
    "gaussian",
    "gaussian_information",
    "gaussian_kl",
    "gaussian_kl_between",
    "gaussian_log_prob",
    "gaussian_mixture_log_prob",
    "gaussian_product",
    "gaussian_sample",
    "gradient_penalty",
    "hinge",
    "historical_averaging",
    "importance_log_likelihood",
    "importance_weighted_bound",
    "inverse_multiquadratic",
    "jacobian_norm",
    "joint_embedding",
    "kl_terms",
    "least_squares",
    "low_resolution",
    "luminance",
    "matching_terms",
    "minimax",
    "mmd",
    "model_kl",
    "noisy_labels",
    "non_saturating",
    "orthogonal_penalty",
    "perceptual_distance",
    "r1",
    "r2",
    "rbf",
    "realness",
    "relativistic",
    "relativistic_average",
    "sigmoid_layer_jacobian",
    "sparsity_kl",
    "squared_gradient_norm",
    "standard_normal_log_prob",
    "top_k",
    "wasserstein",
    "zero_centred",
]
