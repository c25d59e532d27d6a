"""Where batches come from: the embedded digits, TFDS sets, files and folders."""

from genjax.data import transforms
from genjax.data.dataset import ArraySource, Dataset, LazySource, Source, Transform
from genjax.data.folder import folder_pictures
from genjax.data.loading import BINARIZATIONS, load
from genjax.data.order import batch_indices, epoch_order, num_batches_per_epoch
from genjax.data.pictures import whole_pictures
from genjax.data.stream import stream

__all__ = [
    "BINARIZATIONS",
    "ArraySource",
    "Dataset",
    "LazySource",
    "Source",
    "Transform",
    "batch_indices",
    "epoch_order",
    "folder_pictures",
    "load",
    "num_batches_per_epoch",
    "stream",
    "transforms",
    "whole_pictures",
]
