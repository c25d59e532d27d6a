"""`folder:PATH`: a folder of images, with a class for each sub-folder if there are any, or of pairs."""

from pathlib import Path

import numpy as np
from PIL import Image

from genjax.core.spec import Spec
from genjax.data import checks, images
from genjax.data.dataset import LazySource, Splits, in_memory_if_small, sample
from genjax.data.splits import assign

_SUFFIXES = frozenset(".png .jpg .jpeg .bmp .gif .webp .tif .tiff .pgm .ppm".split())
_GREY_MODES = ("1", "L", "LA")


def folder_set(
    path: str,
    *,
    image_size: int | None = None,
    channels: int | None = None,
    test_fraction: float = 0.1,
    valid_fraction: float = 0.1,
) -> Splits:
    """The set of the images under a folder, in the order of their names, then split.

    Every header is read at once; pixels are decoded as they are asked for, or now if all fit into
    memory.

    Args:
        path: of the folder: images in it, or only sub-folders with images, one for each class. Two
            layouts are read otherwise, see `folder_pairs`: `image` and `target`, `trainA` and `trainB`.
        image_size: side to crop and resize to; None needs images of one shape.
        channels: 1 or 3; None is 1 where all the images are grey, else 3.
        test_fraction, valid_fraction: see `genjax.data.splits.assign`.

    Raises:
        ValueError: for a missing or empty folder, a broken image, images of several shapes where
            no size is given, or more than 8 bits.
    """
    files, labels, num_classes = _files(path)
    channels = common_channels(path, files, image_size, channels)

    def decode(rows):
        for row in rows:
            example = {"image": read_image(files[row], image_size, channels)}
            yield example if labels is None else {**example, "label": labels[row]}

    sources = {
        split: in_memory_if_small(LazySource(decode, rows))
        for split, (_, rows) in assign({"train": len(files)}, test_fraction, valid_fraction).items()
    }
    maximum, num_levels = checks.levels([sample(source)["image"] for source in sources.values()])
    shape = sample(sources["train"])["image"].shape[1:]
    return Splits(Spec(shape, num_levels, num_classes), maximum, **sources)


def image_files(folder: Path) -> list[Path]:
    """The images right in a folder, by name."""
    return sorted(
        each
        for each in folder.iterdir()
        if each.suffix.lower() in _SUFFIXES and each.name[0] != "." and each.is_file()
    )


def common_channels(
    path: str, files: list[Path], image_size: int | None, channels: int | None
) -> int:
    """The channels that the images will have: those asked for, else 1 where all are grey, else 3.

    Raises:
        ValueError: if an image is broken or has more than 8 bits, or if they differ in size where no
            `image_size` is given.
    """
    shapes, modes = zip(*(_header(file) for file in files), strict=True)
    if image_size is None and len(set(shapes)) > 1:
        other = next(number for number, shape in enumerate(shapes) if shape != shapes[0])
        raise ValueError(
            f"images in {path} differ in size ({files[0].name}: {_times(shapes[0])}, "
            f"{files[other].name}: {_times(shapes[other])}): pass image_size"
        )
    if channels is None:
        channels = 1 if all(mode in _GREY_MODES for mode in modes) else 3
    return channels


def read_image(file: Path, image_size: int | None, channels: int) -> np.ndarray:
    """One image, uint8 [H, W, channels], cropped and resized as asked.

    Raises:
        ValueError: if it is broken.
    """
    return images.fit(_pixels(file, channels), image_size, channels)


def folder_pictures(path: str) -> dict[str, np.ndarray]:
    """The images under a folder as they are, of any sizes, by name: uint8 [H, W, 1 or 3].

    Raises:
        ValueError: for a missing or empty folder, a broken image, or more than 8 bits.
    """
    files, _, _ = _files(path)
    root = Path(path).expanduser()
    return {
        str(file.relative_to(root)): _pixels(file, 1 if _header(file)[1] in _GREY_MODES else 3)
        for file in files
    }


def _files(path):
    """Files of images, their labels (None without classes) and the number of classes."""
    root = Path(path).expanduser()
    if not root.is_dir():
        raise ValueError(f"no such folder: {path}")
    folders = sorted(each for each in root.iterdir() if each.is_dir() and each.name[0] != ".")
    groups = [group for group in map(image_files, folders) if group]
    beside = image_files(root)
    if beside and groups:
        raise ValueError(
            f"{path} has images both beside and inside sub-folders: move them all into sub-folders "
            "(one for each class) or none"
        )
    groups = [beside] if beside else groups
    files = [file for group in groups for file in group]
    if not files:
        raise ValueError(
            f"no images in {path}: expected {', '.join(sorted(_SUFFIXES))} files in it or in its "
            "sub-folders"
        )
    if len(groups) < 2:
        return files, None, None
    labels = np.repeat(np.arange(len(groups), dtype=np.int32), [len(group) for group in groups])
    return files, labels, len(groups)


def _header(file):
    """(height, width) and mode of an image, without its pixels."""
    with _opened(file) as image:
        if image.mode[0] in "IF":
            raise ValueError(f"image {file} has more than 8 bits (mode {image.mode}): convert it")
        return (image.height, image.width), image.mode


def _pixels(file, channels):
    with _opened(file) as image:
        try:
            pixels = np.asarray(image.convert("L" if channels == 1 else "RGB"))
        except Exception as error:  # the decoders of Pillow raise whatever they like
            raise _broken(file, error) from error
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _opened(file):
    try:
        return Image.open(file)
    except Exception as error:
        raise _broken(file, error) from error


def _broken(file, error):
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return ValueError(f"image {file} is broken ({reason}): mend or remove it")


def _times(shape):
    return "x".join(map(str, shape))
