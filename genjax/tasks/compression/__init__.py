"""Files of examples, made with a model's probabilities: without loss, or with as little as is worth it.

`compress` and `decompress` choose the coder: the factors of an autoregressive model, bits back with a
model of Gaussian latents, or the whole-number codes of a lossy model.
"""

from genjax.tasks.compression.baselines import Jpeg, jpeg, lossless
from genjax.tasks.compression.coder import (
    NEEDS,
    bits_of_model,
    compress,
    decompress,
    from_levels,
    kind,
    net_bits,
    to_levels,
)
from genjax.tasks.compression.container import Header, fingerprint, unpack

__all__ = [
    "NEEDS",
    "Header",
    "Jpeg",
    "bits_of_model",
    "compress",
    "decompress",
    "fingerprint",
    "from_levels",
    "jpeg",
    "kind",
    "lossless",
    "net_bits",
    "to_levels",
    "unpack",
]
