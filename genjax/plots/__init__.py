"""Pictures of what a model makes and how it learns: NumPy arrays in, files out; no display needed."""

from genjax.plots.animation import animation
from genjax.plots.clusters import maps_figure, reduction_figure
from genjax.plots.codes import code_usage
from genjax.plots.columns import image_columns
from genjax.plots.comparison import picture_rows
from genjax.plots.contact_sheet import contact_sheet
from genjax.plots.curves import training_curves
from genjax.plots.grid import image_grid, pairs_grid, save_image
from genjax.plots.manifold import manifold_figure, unit_square_latents
from genjax.plots.midi import midi_bytes
from genjax.plots.points import samples_over_data
from genjax.plots.posterior import posterior_figure
from genjax.plots.rate_distortion import rate_distortion_curve
from genjax.plots.sequences import filmstrips, heat_maps, piano_rolls
from genjax.plots.showers import shower_maps
from genjax.plots.text import text_columns, text_figure
from genjax.plots.toy_clusters import comparison_figure
from genjax.plots.truncation import truncation_figure
from genjax.plots.voxels import voxel_images

__all__ = [
    "animation",
    "code_usage",
    "comparison_figure",
    "contact_sheet",
    "filmstrips",
    "heat_maps",
    "image_columns",
    "image_grid",
    "manifold_figure",
    "maps_figure",
    "midi_bytes",
    "pairs_grid",
    "piano_rolls",
    "picture_rows",
    "posterior_figure",
    "rate_distortion_curve",
    "reduction_figure",
    "samples_over_data",
    "save_image",
    "shower_maps",
    "text_columns",
    "text_figure",
    "training_curves",
    "truncation_figure",
    "unit_square_latents",
    "voxel_images",
]
