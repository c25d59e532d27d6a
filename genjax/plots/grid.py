"""Many images in one array of bytes, and that array in a file."""

import io
import math
import os
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image

_MIN_SIDE = 256  # pixels; smaller pictures are enlarged until a digit of 8x8 can be seen


def image_grid(images: np.ndarray, columns: int | None = None, padding: int = 1) -> np.ndarray:
    """Images in reading order, white between them and in the cells left over.

    Args:
        images: [N, H, W], [N, H, W, 1] or [N, H, W, 3], float in [0, 1]; values outside are
            clipped, and nan is black.
        columns: images a row; the square root of N, rounded up, if None.
        padding: pixels between images and around them.

    Returns:
        uint8, [H', W'] for grey images and [H', W', 3] for colour.

    Raises:
        ValueError: if the rank, the channels or the type are others, or a size is not positive.
    """
    cells = _to_bytes(images)
    num, height, width, channels = cells.shape
    columns = math.ceil(math.sqrt(num)) if columns is None else columns
    if columns < 1 or padding < 0:
        raise ValueError(f"needs columns >= 1 and padding >= 0, got {columns} and {padding}")
    rows = math.ceil(num / columns)
    cell_height, cell_width = height + padding, width + padding
    canvas = np.full(
        (rows * cell_height + padding, columns * cell_width + padding, channels), 255, np.uint8
    )
    for index, cell in enumerate(cells):
        row, column = divmod(index, columns)
        top, left = row * cell_height + padding, column * cell_width + padding
        canvas[top : top + height, left : left + width] = cell
    return canvas[..., 0] if channels == 1 else canvas


def pairs_grid(
    originals: np.ndarray,
    reconstructions: np.ndarray,
    columns: int | None = None,
    padding: int = 1,
) -> np.ndarray:
    """A row of originals, below it the row of their reconstructions, and so on.

    Args:
        originals: as `images` of `image_grid`.
        reconstructions: same shape.
        columns: pairs side by side; ten, or N if that is fewer, if None.
        padding: as in `image_grid`.

    Returns:
        uint8, as `image_grid`.

    Raises:
        ValueError: if the shapes differ, or as `image_grid`.
    """
    originals, reconstructions = np.asarray(originals), np.asarray(reconstructions)
    if originals.shape != reconstructions.shape:
        raise ValueError(
            f"originals and reconstructions differ in shape: "
            f"{originals.shape} and {reconstructions.shape}"
        )
    _to_bytes(originals)  # the checks of its door, before rows are cut
    num = len(originals)
    columns = min(num, 10) if columns is None else columns
    if columns < 1:
        raise ValueError(f"needs columns >= 1, got {columns}")
    missing = -num % columns
    rows = []
    for images in (originals, reconstructions):
        white = np.ones((missing, *images.shape[1:]), images.dtype)
        rows.append(np.concatenate([images, white]).reshape(-1, columns, *images.shape[1:]))
    pairs = np.stack(rows, axis=1)  # [rows, 2, columns, ...]
    return image_grid(pairs.reshape(-1, *originals.shape[1:]), columns, padding)


def save_image(path: str | os.PathLike, array: np.ndarray) -> None:
    """Writes a picture; the suffix names the format, and a small one is enlarged by a whole factor.

    The factor is the smallest that brings the longer side to 256 pixels, by repeating pixels. The
    file appears complete or not at all.

    Args:
        path: where; its folder is made if it is missing.
        array: uint8, [H, W] or [H, W, 3].

    Raises:
        ValueError: if the array is not such, or the suffix is not that of an image format.
    """
    array = np.asarray(array)
    grey_or_colour = array.ndim == 2 or (array.ndim == 3 and array.shape[-1] == 3)
    if array.dtype != np.uint8 or not grey_or_colour or array.size == 0:
        raise ValueError(
            f"a picture is uint8 [H, W] or [H, W, 3], got {array.dtype} {list(array.shape)}"
        )
    suffix = Path(path).suffix.lower()
    formats = Image.registered_extensions()
    if suffix not in formats:
        raise ValueError(f"no image format has the suffix {suffix!r} of {os.fspath(path)!r}")
    factor = max(1, math.ceil(_MIN_SIDE / max(array.shape[:2])))
    enlarged = array.repeat(factor, axis=0).repeat(factor, axis=1)
    buffer = io.BytesIO()
    Image.fromarray(enlarged).save(buffer, format=formats[suffix])
    write_bytes(path, buffer.getvalue())


def write_bytes(path: str | os.PathLike, data: bytes) -> None:
    """Writes a file that appears complete or not at all: a run may be killed at any moment."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # In the same folder, for a rename is atomic only within one file system.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.chmod(temporary, 0o644)  # mkstemp lets only the owner read
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _to_bytes(images: np.ndarray) -> np.ndarray:
    """[N, H, W(, C)] float in [0, 1] -> uint8 [N, H, W, C]."""
    images = np.asarray(images)
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or images.shape[-1] not in (1, 3) or images.size == 0:
        raise ValueError(
            f"images are [N, H, W], [N, H, W, 1] or [N, H, W, 3] and not empty, "
            f"got shape {images.shape}"
        )
    if images.dtype != bool and np.issubdtype(images.dtype, np.integer):
        raise ValueError(f"images are floats in [0, 1], got {images.dtype}")
    values = np.nan_to_num(images.astype(np.float32), nan=0.0)
    return np.round(255 * np.clip(values, 0, 1)).astype(np.uint8)
