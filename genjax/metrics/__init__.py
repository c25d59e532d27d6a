"""How good a model is: pure functions of arrays, no model and no data set inside."""

from genjax.metrics.likelihood import bits_per_dim, quadrature_log_likelihood

__all__ = ["bits_per_dim", "quadrature_log_likelihood"]
