"""How good a model is: functions of arrays, no model and no data set inside."""

from genjax.metrics.ais import (
    Joint,
    ais_log_likelihood,
    reverse_ais_log_likelihood,
    sigmoid_schedule,
)
from genjax.metrics.bleu import sentence_bleu
from genjax.metrics.clustering import clustering_accuracy
from genjax.metrics.embedding import continuity, trustworthiness
from genjax.metrics.frechet import fid, frechet_distance
from genjax.metrics.hmc import Transition, adapted, hmc_transition, jittered
from genjax.metrics.images import luminance, ms_ssim, psnr, ssim
from genjax.metrics.inception import load_inception
from genjax.metrics.inception_score import InceptionScore, inception_score
from genjax.metrics.judge import Judge, Judged, judged, train_judge
from genjax.metrics.judge_files import load_judge, save_judge
from genjax.metrics.kernel_distance import KernelDistance, kernel_distance, polynomial_mmd
from genjax.metrics.latents import active_units, aggregate_mmd
from genjax.metrics.likelihood import bits_per_dim, quadrature_log_likelihood
from genjax.metrics.modes import ModeCoverage, class_modes, gaussian_modes
from genjax.metrics.music import (
    polyphony,
    repetitions,
    scale_consistency,
    share_on_scale,
    tone_span,
)
from genjax.metrics.precision_recall import (
    DensityCoverage,
    PrecisionRecall,
    density_coverage,
    precision_recall,
)
from genjax.metrics.reciprocal import reciprocal_log_likelihood
from genjax.metrics.set_metrics import set_metrics
from genjax.metrics.showers import shower_figures

__all__ = [
    "DensityCoverage",
    "InceptionScore",
    "Joint",
    "Judge",
    "Judged",
    "KernelDistance",
    "ModeCoverage",
    "PrecisionRecall",
    "Transition",
    "active_units",
    "adapted",
    "aggregate_mmd",
    "ais_log_likelihood",
    "bits_per_dim",
    "class_modes",
    "clustering_accuracy",
    "continuity",
    "density_coverage",
    "fid",
    "frechet_distance",
    "gaussian_modes",
    "hmc_transition",
    "inception_score",
    "jittered",
    "judged",
    "kernel_distance",
    "load_inception",
    "load_judge",
    "luminance",
    "ms_ssim",
    "polynomial_mmd",
    "polyphony",
    "precision_recall",
    "psnr",
    "quadrature_log_likelihood",
    "reciprocal_log_likelihood",
    "repetitions",
    "reverse_ais_log_likelihood",
    "save_judge",
    "scale_consistency",
    "sentence_bleu",
    "set_metrics",
    "share_on_scale",
    "shower_figures",
    "sigmoid_schedule",
    "ssim",
    "tone_span",
    "train_judge",
    "trustworthiness",
]
