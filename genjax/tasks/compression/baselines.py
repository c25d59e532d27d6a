"""What a practitioner would use otherwise: gzip, bz2, PNG, WebP without loss; JPEG with it.

Each gets all examples at once, in the best of the forms that suit it, and every byte counts.
"""

import bz2
import gzip
import io
import math
from typing import NamedTuple

import numpy as np
from PIL import Image, features

_MOST_SIDE = 16383  # of a WebP picture


def lossless(levels: np.ndarray, shape: tuple[int, ...], num_levels: int) -> dict[str, int]:
    """Bytes of the smallest file of each general-purpose coder: gzip, bz2, png and webp.

    gzip and bz2 see bytes, or packed bits where there are two levels, example by example and element
    by element; png and webp see one picture of all examples, in a column, in a square or in a row.
    A png of two levels has one bit a pixel.

    Args:
        levels: 0 to L - 1, [N, D].
        shape: of an example; what is no grey or colour image is a row of the picture.
        num_levels: L, at most 256.

    Returns:
        Name -> bytes; webp only where Pillow has it.

    Raises:
        ValueError: if there are more levels than a byte holds, or no example.
    """
    levels = np.asarray(levels)
    if num_levels > 256 or not levels.size:
        raise ValueError(f"needs an example, of at most 256 levels, got {num_levels}")
    levels = levels.astype(np.uint8)
    streams = [np.ascontiguousarray(order) for order in (levels, levels.T)]
    if num_levels == 2:
        streams += [np.packbits(stream) for stream in streams]
    found = {
        "gzip": min(len(gzip.compress(stream.tobytes(), 9, mtime=0)) for stream in streams),
        "bz2": min(len(bz2.compress(stream.tobytes(), 9)) for stream in streams),
    }
    cells = levels.reshape(-1, *_picture_shape(shape))
    pictures = [tiled(cells, columns) for columns in _columns(len(cells))]
    found["png"] = min(len(_png(picture, num_levels)) for picture in pictures)
    if features.check("webp"):
        scale = 255 // (num_levels - 1)
        small = [p * scale for p in pictures if max(p.shape[:2]) <= _MOST_SIDE]
        if small:
            found["webp"] = min(len(_webp(picture)) for picture in small)
    return found


class Jpeg(NamedTuple):
    """A file of all pictures.

    Attributes:
        quality: Pillow's.
        num_bytes: of the file.
        num_header_bytes: of them, before the entropy-coded data: tables, sizes.
        pictures: decoded again, uint8 [N, H, W, C].
    """

    quality: int
    num_bytes: int
    num_header_bytes: int
    pictures: np.ndarray


def jpeg(pictures: np.ndarray, qualities: tuple[int, ...]) -> list[Jpeg]:
    """JPEG files of pictures that are tiled into one, so that they share a header.

    Where the sides are multiples of 8 no block has parts of two pictures.

    Args:
        pictures: uint8, [N, H, W, 1] or [N, H, W, 3].
        qualities: of Pillow, 1 to 95.
    """
    num, height, width, channels = pictures.shape
    columns = _columns(num)[1]
    whole, found = Image.fromarray(tiled(pictures, columns)), []
    for quality in qualities:
        buffer = io.BytesIO()
        whole.save(buffer, "JPEG", quality=quality, optimize=True)
        data = buffer.getvalue()
        scan = data.index(b"\xff\xda")
        header = scan + 2 + int.from_bytes(data[scan + 2 : scan + 4], "big")
        decoded = np.asarray(Image.open(buffer)).reshape(-1, height, columns, width, channels)
        cells = decoded.transpose(0, 2, 1, 3, 4).reshape(-1, height, width, channels)
        found.append(Jpeg(quality, len(data), header, cells[:num]))
    return found


def tiled(cells: np.ndarray, columns: int) -> np.ndarray:
    """One picture of cells [N, H, W, C], in reading order, zeros in those left over: [H', W'(, 3)]."""
    num, height, width, channels = cells.shape
    missing = np.zeros((-num % columns, height, width, channels), cells.dtype)
    rows = np.concatenate([cells, missing]).reshape(-1, columns, height, width, channels)
    whole = rows.transpose(0, 2, 1, 3, 4).reshape(-1, columns * width, channels)
    return whole[..., 0] if channels == 1 else whole


def _columns(num: int) -> tuple[int, int, int]:
    return 1, math.ceil(math.sqrt(num)), num


def _picture_shape(shape: tuple[int, ...]) -> tuple[int, int, int]:
    is_image = len(shape) == 3 and shape[-1] in (1, 3)
    return tuple(shape) if is_image else (1, math.prod(shape), 1)


def _png(picture: np.ndarray, num_levels: int) -> bytes:
    if num_levels == 2 and picture.ndim == 2:
        whole = Image.fromarray(picture.astype(bool))  # mode "1": a bit a pixel
    else:
        whole = Image.fromarray(picture)
    buffer = io.BytesIO()
    whole.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _webp(picture: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    whole = Image.fromarray(picture).convert("RGB")
    whole.save(buffer, "WEBP", lossless=True, quality=100, method=6)
    return buffer.getvalue()
