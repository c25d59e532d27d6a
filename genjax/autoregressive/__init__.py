"""Autoregressive models: an order over the elements of an example, and a factor for each."""

from genjax.autoregressive.bayesian_network import bayesian_network
from genjax.autoregressive.gated_pixel_cnn import gated_pixel_cnn
from genjax.autoregressive.histogram import histogram
from genjax.autoregressive.made import made
from genjax.autoregressive.multi_scale_pixel_rnn import multi_scale_pixel_rnn
from genjax.autoregressive.nade import nade
from genjax.autoregressive.pixel_cnn import pixel_cnn
from genjax.autoregressive.pixel_cnn_pp import pixel_cnn_pp
from genjax.autoregressive.pixel_rnn import pixel_rnn

MODELS = {
    "histogram": histogram,
    "bayesian_network": bayesian_network,
    "nade": nade,
    "made": made,
    "pixel_rnn": pixel_rnn,
    "multi_scale_pixel_rnn": multi_scale_pixel_rnn,
    "pixel_cnn": pixel_cnn,
    "gated_pixel_cnn": gated_pixel_cnn,
    "pixel_cnn_pp": pixel_cnn_pp,
}

__all__ = [
    "MODELS",
    "bayesian_network",
    "gated_pixel_cnn",
    "histogram",
    "made",
    "multi_scale_pixel_rnn",
    "nade",
    "pixel_cnn",
    "pixel_cnn_pp",
    "pixel_rnn",
]
