"""A toy language pair whose translation is a rule: words exchanged, their order turned, and agreement.

Each word a, ..., h has its counterpart; the counterparts are written from last to first; a suffix, + or
-, agrees with the last word of the source, which is the first of the target.
"""

import jax
import numpy as np

from genjax.core.spec import Spec
from genjax.data import rendered
from genjax.data.dataset import Splits

SOURCE_WORDS = "abcdefgh"
TARGET_SYMBOLS = ".ABCDEFGH+-"  # the first ends a sentence
_COUNTERPARTS = "DGBHEACF"  # of a, b, c, ...
_AGREEMENT = "+-+--+-+"  # with a, b, c, ...
LENGTHS = (3, 4, 5, 6)  # of the source
SOURCE_LENGTH, TARGET_LENGTH = max(LENGTHS), max(LENGTHS) + 2  # the suffix, and an end
_SIZES = (8192, 512, 1024)


def translate(text: np.ndarray) -> np.ndarray:
    """The reference of each source: int [N, 6] ASCII, 0 after the last, -> int32 [N, 8] of symbols.

    Raises:
        ValueError: for words that the language does not have, or no word.
    """
    target = np.zeros((len(text), TARGET_LENGTH), np.int32)
    for row, codes in enumerate(np.asarray(text)):
        words = bytes(codes[codes > 0].astype(np.uint8)).decode()
        if not words or set(words) - set(SOURCE_WORDS):
            raise ValueError(f"a source has words {SOURCE_WORDS!r}, got {words!r}")
        numbers = [SOURCE_WORDS.index(word) for word in words]
        said = "".join(_COUNTERPARTS[n] for n in reversed(numbers)) + _AGREEMENT[numbers[-1]]
        target[row, : len(said)] = [TARGET_SYMBOLS.index(symbol) for symbol in said]
    return target


def symbols(tokens: np.ndarray) -> list[str]:
    """Sentences of the target, up to their end: int [N, T] of `TARGET_SYMBOLS` -> strings."""
    lines = ["".join(TARGET_SYMBOLS[token] for token in row) for row in np.asarray(tokens)]
    return [line.split(TARGET_SYMBOLS[0])[0] for line in lines]


def toy_translation_set(
    image_size: int | None = None, channels: int | None = None, seed: int = 0
) -> Splits:
    """`toy_translation`: 8192 train, 512 valid, 1024 test pairs, no source in two of them.

    Entries: `text` [6], the source in ASCII; `sequence` [8, 11], its reference, one-hot symbols.

    Args:
        image_size, channels: None, for there are no images.
        seed: of the sources.

    Raises:
        ValueError: for what only images have.
    """
    if image_size is not None or channels is not None:
        raise ValueError(
            "toy_translation holds sentences, which have no image_size or channels: leave them out"
        )
    rows = _sources(sum(_SIZES), seed)

    def draw(key, batch):
        del key
        kept = {name: each for name, each in batch.items() if name not in ("number", "target")}
        return {**kept, "sequence": jax.nn.one_hot(batch["target"], len(TARGET_SYMBOLS))}

    return Splits(
        Spec((TARGET_LENGTH, len(TARGET_SYMBOLS)), 2, None, {"text": (SOURCE_LENGTH,)}),
        1.0,
        **rendered.split_rows({"text": rows, "target": translate(rows)}, _SIZES),
        train_render=draw,
        eval_render=draw,
    )


def _sources(num: int, seed: int) -> np.ndarray:
    """Different sentences, ASCII int32 [num, 6]; short ones are rare, for there are few."""
    random = np.random.RandomState(seed)
    words = random.randint(0, len(SOURCE_WORDS), (4 * num, SOURCE_LENGTH)) + ord(SOURCE_WORDS[0])
    lengths = random.choice(LENGTHS, 4 * num)
    words = np.where(np.arange(SOURCE_LENGTH) < lengths[:, None], words, 0)
    words = np.unique(words, axis=0)
    return words[random.permutation(len(words))[:num]].astype(np.int32)
