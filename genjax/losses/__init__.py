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
    logit_metrics,
    matching_terms,
    minimax,
    model_kl,
    noisy_labels,
    non_saturating,
    relativistic,
    relativistic_average,
    wasserstein,
)
from genjax.losses.bleu import sentence_bleu
from genjax.losses.boosting import boosting_density, boosting_threshold, mixture_to_data_ratio
from genjax.losses.boundary_seeking import (
    boundary_seeking,
    effective_sample_size,
    importance_weighted_log_prob,
    importance_weights,
)
from genjax.losses.classwise import (
    ClassMeans,
    classwise_feature_matching,
    new_class_means,
)
from genjax.losses.contractive import jacobian_norm, sigmoid_layer_jacobian
from genjax.losses.density_ratio import (
    CONVEX,
    POSITIVE,
    bregman_ratio_loss,
    check_alpha,
    convex,
    f_divergence_of_ratio,
    positive_ratio,
)
from genjax.losses.energy import convergence_measure, next_fake_weight, reconstruction_energy
from genjax.losses.feature_matching import feature_matching
from genjax.losses.gaussian_mixture import gaussian_mixture_log_prob
from genjax.losses.holes import fill_holes, square_holes
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
from genjax.losses.policy_gradient import action_values, policy_gradient, until_end
from genjax.losses.semi_supervised import dynamic_label, entropy, marginal_entropy, realness
from genjax.losses.sparsity import sparsity_kl, top_k
from genjax.losses.total_correlation import KlTerms, kl_terms

__all__ = [
    "ADVERSARIES",
    "CONVEX",
    "F_DIVERGENCES",
    "PENALTIES",
    "POSITIVE",
    "Adversary",
    "ClassMeans",
    "KlTerms",
    "Likelihood",
    "Penalty",
    "action_values",
    "adversary",
    "bernoulli",
    "bicubic",
    "boosting_density",
    "boosting_threshold",
    "boundary_seeking",
    "bregman_ratio_loss",
    "categorical",
    "categorical_information",
    "check_alpha",
    "classwise_feature_matching",
    "clip_parameters",
    "convergence_measure",
    "convex",
    "crop_to_multiple",
    "cross_entropy",
    "discretized_logistic",
    "discretized_logistic_mixture",
    "dragan",
    "dynamic_label",
    "effective_sample_size",
    "enlarge",
    "enlargement_quality",
    "entropy",
    "f_divergence",
    "f_divergence_of_ratio",
    "factor_log_probs",
    "feature_matching",
    "fill_holes",
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
    "importance_weighted_log_prob",
    "importance_weights",
    "inverse_multiquadratic",
    "jacobian_norm",
    "joint_embedding",
    "kl_terms",
    "least_squares",
    "logit_metrics",
    "low_resolution",
    "luminance",
    "marginal_entropy",
    "matching_terms",
    "minimax",
    "mixture_to_data_ratio",
    "mmd",
    "model_kl",
    "new_class_means",
    "next_fake_weight",
    "noisy_labels",
    "non_saturating",
    "orthogonal_penalty",
    "perceptual_distance",
    "policy_gradient",
    "positive_ratio",
    "r1",
    "r2",
    "rbf",
    "realness",
    "reconstruction_energy",
    "relativistic",
    "relativistic_average",
    "sentence_bleu",
    "sigmoid_layer_jacobian",
    "sparsity_kl",
    "square_holes",
    "squared_gradient_norm",
    "standard_normal_log_prob",
    "top_k",
    "until_end",
    "wasserstein",
    "zero_centred",
]
