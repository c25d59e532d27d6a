"""Pictures of what a model makes and how it learns: NumPy arrays in, files out; no display needed."""

from genjax.plots.codes import code_usage
from genjax.plots.curves import training_curves
from genjax.plots.grid import image_grid, pairs_grid, save_image
from genjax.plots.manifold import manifold_figure, unit_square_latents
from genjax.plots.rate_distortion import rate_distortion_curve

__all__ = [
    "code_usage",
    "image_grid",
    "manifold_figure",
    "pairs_grid",
    "rate_distortion_curve",
    "save_image",
    "training_curves",
    "unit_square_latents",
]
