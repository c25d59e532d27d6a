"""Where batches come from: the embedded digits, drawn sets, TFDS sets, files and folders.

`sprites`, `faces`, `voxels` and `showers` have the renderers of drawn sets, `read_sprites` is the
judge of sprites.
"""

from genjax.data import (
    faces,
    melodies,
    notes,
    progressions,
    scenes,
    showers,
    sprites,
    transforms,
    translation,
    voxels,
)
from genjax.data.captions import caption_to_text, text_to_caption
from genjax.data.dataset import ArraySource, Dataset, LazySource, Source, Transform
from genjax.data.folder import folder_pictures
from genjax.data.loading import BINARIZATIONS, OURS, load
from genjax.data.order import batch_indices, epoch_order, num_batches_per_epoch
from genjax.data.pictures import whole_pictures
from genjax.data.rings import MIXTURES, Mixture
from genjax.data.sprite_reader import read_sprites, stripe_contrast
from genjax.data.sprite_sets import COOL, WARM, counterpart
from genjax.data.stream import stream
from genjax.data.swiss_roll import SWISS_ROLL_STD, draw_swiss_roll, swiss_roll_curve

__all__ = [
    "BINARIZATIONS",
    "COOL",
    "MIXTURES",
    "OURS",
    "SWISS_ROLL_STD",
    "WARM",
    "ArraySource",
    "Dataset",
    "LazySource",
    "Mixture",
    "Source",
    "Transform",
    "batch_indices",
    "caption_to_text",
    "counterpart",
    "draw_swiss_roll",
    "epoch_order",
    "faces",
    "folder_pictures",
    "load",
    "melodies",
    "notes",
    "num_batches_per_epoch",
    "progressions",
    "read_sprites",
    "scenes",
    "showers",
    "sprites",
    "stream",
    "stripe_contrast",
    "swiss_roll_curve",
    "text_to_caption",
    "transforms",
    "translation",
    "voxels",
    "whole_pictures",
]
