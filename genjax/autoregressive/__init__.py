"""Autoregressive models: an order over the elements of an example, and a factor for each."""

from genjax.autoregressive.gated_pixel_cnn import gated_pixel_cnn
from genjax.autoregressive.made import made
from genjax.autoregressive.nade import nade
from genjax.autoregressive.pixel_cnn import pixel_cnn

MODELS = {"nade": nade, "made": made, "pixel_cnn": pixel_cnn, "gated_pixel_cnn": gated_pixel_cnn}

__all__ = ["MODELS", "gated_pixel_cnn", "made", "nade", "pixel_cnn"]
