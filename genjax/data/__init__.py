"""Where batches come from: the embedded digits, TFDS sets, files and folders."""

from genjax.data.dataset import ArraySource, Dataset, LazySource, Source, Transform
from genjax.data.loading import load
from genjax.data.order import batch_indices, epoch_order, num_batches_per_epoch

__all__ = [
    "ArraySource",
    "Dataset",
    "LazySource",
    "Source",
    "Transform",
    "batch_indices",
    "epoch_order",
    "load",
    "num_batches_per_epoch",
]
