"""Pictures of what a model makes and how it learns: NumPy arrays in, files out; no display needed."""

from genjax.plots.curves import training_curves
from genjax.plots.grid import image_grid, pairs_grid, save_image
from genjax.plots.manifold import manifold_figure, unit_square_latents

__all__ = [
    "image_grid",
    "manifold_figure",
    "pairs_grid",
    "save_image",
    "training_curves",
    "unit_square_latents",
]
