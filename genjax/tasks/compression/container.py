"""The file: what it holds, by which model, in how many bytes, and a checksum.

    magic (4 bytes), version, kind, number of dimensions, the dimensions, levels, examples, setting,
    untouched words, model (8 bytes), content (4 bytes), number of words; the words (4 bytes each);
    CRC-32 of all that (4 bytes)

Numbers are in base 128, the least significant digit first, digits but the last with the high bit set;
all else is little-endian. Without its words a file of digits has 33 bytes.
"""

import hashlib
import struct
import zlib
from typing import Any, NamedTuple

import jax
import numpy as np

MAGIC = b"\x89GJX"  # no text begins with its first byte
VERSION = 1
KINDS = ("autoregressive", "bits_back", "lossy")


class Header(NamedTuple):
    """What a file says of itself.

    Attributes:
        kind: of coder, one of `KINDS`.
        shape: of an example.
        num_levels: that an element takes; 0 where it is continuous (a lossy file's may be).
        num: how many examples.
        setting: of the coder; `prior_bits` of bits-back, 0 of the others.
        untouched: as in `bits_back.Coded`.
        model: `fingerprint` of the model.
        content: CRC-32 of what was stored, for whoever decodes it.
    """

    kind: str
    shape: tuple[int, ...]
    num_levels: int
    num: int
    setting: int
    untouched: int
    model: bytes
    content: int


def pack(header: Header, words: np.ndarray) -> bytes:
    """The bytes of a file."""
    kind = KINDS.index(header.kind)
    numbers = [kind, len(header.shape), *header.shape, header.num_levels, header.num]
    numbers += [header.setting, header.untouched]
    parts = [MAGIC, *map(_digits, [VERSION, *numbers]), header.model]
    parts += [struct.pack("<I", header.content), _digits(len(words)), words.astype("<u4").tobytes()]
    data = b"".join(parts)
    return data + struct.pack("<I", zlib.crc32(data))


def unpack(data: bytes) -> tuple[Header, np.ndarray]:
    """The header, and the words, of the bytes of a file.

    Raises:
        ValueError: if they are of no such file, of one of another version, cut short, or damaged.
    """
    if not data.startswith(MAGIC):
        raise ValueError("no compressed file of this library: it does not begin as one does")
    reader = _Reader(data, len(MAGIC))
    version = reader.number()
    if version != VERSION:
        raise ValueError(f"format version {version}, and this program reads version {VERSION}")
    kind, dimensions = reader.number(), reader.number()
    shape = tuple(reader.number() for _ in range(dimensions))
    num_levels, num, setting, untouched = (reader.number() for _ in range(4))
    model, (content,) = reader.take(8), struct.unpack("<I", reader.take(4))
    num_words = reader.number()
    words = np.frombuffer(reader.take(4 * num_words), "<u4").astype(np.uint32)
    (checksum,) = struct.unpack("<I", reader.take(4))
    if reader.place != len(data):
        raise ValueError(f"{len(data) - reader.place} bytes too long: other data follows its end")
    if checksum != zlib.crc32(data[:-4]) or kind >= len(KINDS):
        raise ValueError("damaged: its checksum is not that of its bytes")
    header = Header(KINDS[kind], shape, num_levels, num, setting, untouched, model, content)
    return header, words


def fingerprint(variables: Any, description: str) -> bytes:
    """8 bytes that another model does not have: of its variables' bytes and of what it is.

    Args:
        variables: the model's.
        description: of the system and its hyper-parameters, whatever is not in the variables.
    """
    digest = hashlib.sha256(description.encode())
    for path, leaf in jax.tree_util.tree_leaves_with_path(jax.device_get(variables)):
        leaf = np.asarray(leaf)
        digest.update(f"{jax.tree_util.keystr(path)} {leaf.dtype} {leaf.shape}".encode())
        digest.update(np.ascontiguousarray(leaf).tobytes())
    return digest.digest()[:8]


def checksum(numbers: np.ndarray) -> int:
    """CRC-32 of whole numbers, however they are held."""
    return zlib.crc32(np.ascontiguousarray(numbers, "<i4").tobytes())


class _Reader:
    """Bytes, and a place in them."""

    def __init__(self, data: bytes, place: int):
        self.data, self.place = data, place

    def take(self, num: int) -> bytes:
        found = self.data[self.place : self.place + num]
        if len(found) < num:
            raise ValueError(
                f"cut short: {len(self.data)} bytes, where its header tells of "
                f"{self.place + num} or more"
            )
        self.place += num
        return found

    def number(self) -> int:
        value = shift = 0
        while shift < 64:
            (digit,) = self.take(1)
            value |= (digit & 127) << shift
            if digit < 128:
                return value
            shift += 7
        raise ValueError("damaged: a number in its header has no end")


def _digits(number: int) -> bytes:
    found = bytearray()
    while number >= 128:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])
