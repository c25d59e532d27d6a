"""Autoregressive models: an order over the elements of an example, and a factor for each."""

from genjax.autoregressive.pixel_cnn import pixel_cnn

MODELS = {"pixel_cnn": pixel_cnn}

__all__ = ["MODELS", "pixel_cnn"]
