"""How near a translation is to its reference; one of `losses`, for it is a reward too."""

from genjax.losses.bleu import sentence_bleu

__all__ = ["sentence_bleu"]
