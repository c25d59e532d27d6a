"""Captions as arrays: one ASCII code for each character, 0 after the last."""

import unicodedata

import numpy as np

NUM_SYMBOLS = 128  # of ASCII; 0 is padding
# Typographic marks that have no decomposition into ASCII.
_PLAIN = str.maketrans("\u2018\u2019\u201c\u201d\u2013\u2014\u2212\u00a0", "''\"\"--- ")


def caption_to_text(caption: str, length: int) -> np.ndarray:
    """The caption as int32 [length]: ASCII codes 1..127, then zeros.

    Accents are dropped, and typographic quotes and dashes become plain.

    Args:
        caption: of at most `length` characters.
        length: T of the result.

    Raises:
        ValueError: if the caption is too long, or holds characters outside ASCII.
    """
    plain = plain_ascii(caption)
    if len(plain) > length:
        raise ValueError(
            f"caption {caption[:40]!r}... has {len(plain)} characters, and text has {length}: cut it"
        )
    text = np.zeros(length, np.int32)
    text[: len(plain)] = np.frombuffer(plain.encode("ascii"), np.uint8)
    return text


def text_to_caption(text: np.ndarray) -> str:
    """The caption of one text [T]: its characters up to the first 0.

    Raises:
        ValueError: for another rank, or codes outside 0..127.
    """
    text = np.asarray(text)
    if text.ndim != 1 or text.dtype.kind not in "iu" or ((text < 0) | (text > 127)).any():
        raise ValueError(
            f"a text is integers 0..127 of shape [T], got {text.dtype} of shape {text.shape}: pass "
            "one row"
        )
    return bytes(text.astype(np.uint8)).split(b"\0")[0].decode("ascii")


def plain_ascii(caption: str) -> str:
    """The caption in ASCII, without accents.

    Raises:
        ValueError: for characters that have no such form, and for the character 0.
    """
    folded = unicodedata.normalize("NFKD", caption.translate(_PLAIN))
    folded = "".join(each for each in folded if not unicodedata.combining(each))
    strange = [each for each in folded if not 0 < ord(each) < NUM_SYMBOLS]
    if strange:
        raise ValueError(
            f"caption {caption[:40]!r} holds {strange[0]!r}, and text is ASCII: spell it out"
        )
    return folded
