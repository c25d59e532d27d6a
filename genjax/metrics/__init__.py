"""How good a model is: pure functions of arrays, no model and no data set inside."""

from genjax.metrics.ais import (
    Joint,
    ais_log_likelihood,
    reverse_ais_log_likelihood,
    sigmoid_schedule,
)
from genjax.metrics.clustering import clustering_accuracy
from genjax.metrics.embedding import continuity, trustworthiness
from genjax.metrics.hmc import Transition, adapted, hmc_transition, jittered
from genjax.metrics.images import luminance, ms_ssim, psnr, ssim
from genjax.metrics.latents import active_units, aggregate_mmd
from genjax.metrics.likelihood import bits_per_dim, quadrature_log_likelihood
from genjax.metrics.reciprocal import reciprocal_log_likelihood

__all__ = [
    "Joint",
    "Transition",
    "active_units",
    "adapted",
    "aggregate_mmd",
    "ais_log_likelihood",
    "bits_per_dim",
    "clustering_accuracy",
    "continuity",
    "hmc_transition",
    "jittered",
    "luminance",
    "ms_ssim",
    "psnr",
    "quadrature_log_likelihood",
    "reciprocal_log_likelihood",
    "reverse_ais_log_likelihood",
    "sigmoid_schedule",
    "ssim",
    "trustworthiness",
]
