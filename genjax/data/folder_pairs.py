"""`folder:PATH` with two kinds of images: pairs by name, or two domains as CycleGAN publishes them."""

from pathlib import Path

import numpy as np

from genjax.core.spec import Spec
from genjax.data import checks
from genjax.data.dataset import LazySource, Splits, in_memory_if_small, sample
from genjax.data.extras import cycled
from genjax.data.folder import common_channels, folder_set, image_files, read_image
from genjax.data.splits import assign

_PAIRED = {"image", "target"}
_DOMAINS = {"trainA", "trainB"}


def folder_or_pairs(path: str, **options) -> Splits:
    """`folder_pairs_set` where the folder has such a layout, else `folder_set`; same arguments."""
    root = Path(path).expanduser()
    folders = {each.name for each in root.iterdir() if each.is_dir()} if root.is_dir() else set()
    if folders >= _DOMAINS:
        return unpaired_folder(path, **options)
    if {name for name in folders if name[0] != "."} == _PAIRED:
        return paired_folder(path, **options)
    return folder_set(path, **options)


def paired_folder(
    path: str,
    *,
    image_size: int | None = None,
    channels: int | None = None,
    test_fraction: float = 0.1,
    valid_fraction: float = 0.1,
) -> Splits:
    """Pairs: `image/NAME` goes with `target/NAME`, whatever the endings of the names.

    Args:
        path: of the folder that has `image` and `target` in it, and no other folder.
        image_size, channels: see `folder_set`; channels, if not given, are told by kind.
        test_fraction, valid_fraction: see `genjax.data.splits.assign`.

    Raises:
        ValueError: for an image without its partner, or as `folder_set`.
    """
    root = Path(path).expanduser()
    files = {kind: _by_stem(path, root / kind) for kind in ("image", "target")}
    alone = sorted(set(files["image"]) ^ set(files["target"]))
    if alone:
        raise ValueError(
            f"{path} needs a target for each image: {alone[0]} is in one of image and target only "
            f"({len(alone)} such); remove or complete it"
        )
    names = sorted(files["image"])
    rows = {kind: [files[kind][name] for name in names] for kind in files}
    read = _reader(path, rows, image_size, channels)

    def decode(numbers):
        for number in numbers:
            yield {kind: read(kind, number) for kind in rows}

    parts = assign({"train": len(names)}, test_fraction, valid_fraction)
    return _splits(
        {split: LazySource(decode, each) for split, (_, each) in parts.items()}, "target"
    )


def unpaired_folder(
    path: str,
    *,
    image_size: int | None = None,
    channels: int | None = None,
    test_fraction: float = 0.1,
    valid_fraction: float = 0.1,
) -> Splits:
    """Two domains: `trainA`, `testA` give `image`, `trainB`, `testB` give `unpaired`.

    A split is as long as its longer domain; the shorter one starts again at its end.

    Args:
        path: of the folder that has `trainA`, `trainB` in it, and `testA`, `testB` or neither.
        image_size, channels: see `folder_set`; channels, if not given, are told by domain.
        test_fraction, valid_fraction: see `genjax.data.splits.assign`.

    Raises:
        ValueError: for one test domain without the other, or as `folder_set`.
    """
    root = Path(path).expanduser()
    files = {
        split: {kind: image_files(root / f"{split}{letter}") for kind, letter in zip(
            ("image", "unpaired"), "AB", strict=True) if (root / f"{split}{letter}").is_dir()}
        for split in ("train", "test")
    }  # fmt: skip
    files = {split: each for split, each in files.items() if each}
    for split, each in files.items():
        if len(each) < 2 or not all(each.values()):
            raise ValueError(f"{path} needs images in both {split}A and {split}B: add them")
    rows = {
        kind: [file for each in files.values() for file in each[kind]] for kind in files["train"]
    }
    read = _reader(path, rows, image_size, channels)
    offsets = {"train": {"image": 0, "unpaired": 0}}
    offsets["test"] = {kind: len(files["train"][kind]) for kind in rows}
    parts = {
        kind: assign({split: len(each[kind]) for split, each in files.items()},
                     test_fraction, valid_fraction)
        for kind in rows
    }  # fmt: skip

    def source(split):
        taken = {
            kind: offsets[parts[kind][split][0]][kind] + parts[kind][split][1] for kind in rows
        }
        number, others = cycled(len(taken["image"]), taken["unpaired"])
        of_image = taken["image"][number]

        def decode(numbers):
            for number in numbers:
                yield {
                    "image": read("image", of_image[number]),
                    "unpaired": read("unpaired", others[number]),
                }

        return LazySource(decode, np.arange(len(others)))

    return _splits({split: source(split) for split in parts["image"]}, "unpaired")


def _reader(path, rows, image_size, channels):
    """`(kind, number) -> image`, once all headers are read."""
    depth = {
        kind: common_channels(f"{path} ({kind})", files, image_size, channels)
        for kind, files in rows.items()
    }
    return lambda kind, number: read_image(rows[kind][number], image_size, depth[kind])


def _splits(sources, other):
    sources = {split: in_memory_if_small(source) for split, source in sources.items()}
    samples = [sample(source) for source in sources.values()]
    maximum, num_levels = checks.levels([each["image"] for each in samples])
    of_other = checks.levels([each[other] for each in samples])
    shapes = {name: samples[0][name].shape[1:] for name in ("image", other)}
    spec = Spec(shapes["image"], num_levels, None, {other: shapes[other]})
    return Splits(spec, maximum, **sources, pictures={other: of_other})


def _by_stem(path, folder):
    files = image_files(folder)
    if not files:
        raise ValueError(f"no images in {folder}: {path} needs them in image and in target")
    named = {file.stem: file for file in files}
    if len(named) < len(files):
        raise ValueError(f"images in {folder} share names but for their endings: rename them")
    return named
