"""`file:PATH`: sets in .npz, .npy and .mat files. Nothing is ever unpickled."""

from pathlib import Path

import numpy as np

from genjax.core.spec import Spec
from genjax.data import checks, images, voxel_files, voxels
from genjax.data.dataset import ArraySource, Splits
from genjax.data.extras import EXTRAS, PICTURES, canonical_extra, cycled, find_extras
from genjax.data.sequences import holds_sequences, sequence_set
from genjax.data.splits import SPLITS, assign

_LABELS = ("y", "label", "labels")
_EXPECTED = "x_train, x_valid, x_test with y_train, y_valid, y_test, or one array x with labels y"


def file_set(
    path: str,
    *,
    image_size: int | None = None,
    channels: int | None = None,
    test_fraction: float = 0.1,
    valid_fraction: float = 0.1,
) -> Splits:
    """The set in one file: vectors [N, D], images [N, H, W] or [N, H, W, C], or grids of voxels.

    What is a grid, also one of packed bits, `voxel_files.find_grids` says; empty ones are left out, an
    `image_size` shrinks them, and each has its `silhouette` beside it.

    Args:
        path: .npy with one array, or .npz or .mat with the arrays `x_train` and, where it has them,
            `x_valid`, `x_test` and `y_...`; or with one array, `x` or the only one of two to five
            axes, and its labels `y`, that is split. Beside `x`, any of `genjax.data.extras.EXTRAS`:
            `target`, `unpaired`, `text`, `attributes`, `keypoints` (`target_train`, ... with splits).
            `unpaired` may have another number of examples: the shorter domain starts again at its end.
            Arrays [N, T, F] are sequences where they are named so, `sequence_train`, ... or `sequence`
            (`genjax.data.sequences`); under other names they are grey images.
        image_size, channels: see `genjax.data.load`.
        test_fraction, valid_fraction: see `genjax.data.splits.assign`.

    Raises:
        ValueError: for a missing or unreadable file, pickled objects, or arrays that are no set.
    """
    arrays = read_arrays(path)
    if holds_sequences(arrays):
        if image_size is not None or channels is not None:
            raise ValueError(
                f"{path} holds sequences, which have no image_size or channels: leave them out"
            )
        fractions = {"test_fraction": test_fraction, "valid_fraction": valid_fraction}
        return sequence_set(path, arrays, **fractions)
    keys, label_keys = _keys(path, arrays)
    with_grids = voxel_files.find_grids(path, arrays, keys)
    arrays = arrays if with_grids is None else with_grids
    examples = checks.canonical_examples({key: arrays[key] for key in keys.values()})
    examples = {split: examples[key] for split, key in keys.items()}
    labels = {
        split: checks.check_labels(key, arrays[key], len(examples[split]))
        for split, key in label_keys.items()
    }
    num_classes = checks.check_classes(labels) if labels else None
    entry = {2: "vector", 4: "image", 5: "voxels"}[next(iter(examples.values())).ndim]
    if entry == "image":
        examples = {
            name: images.fit_all(each, image_size, channels) for name, each in examples.items()
        }
    elif entry == "voxels" and channels is None:
        examples = {
            name: voxel_files.shrink(path, each, image_size) for name, each in examples.items()
        }
    elif image_size is not None or channels is not None:
        lacks = (
            "voxels, which have no" if entry == "voxels" else "vectors, which have no image_size or"
        )
        raise ValueError(f"{path} holds {lacks} channels: leave them out")
    extras = _extras(path, arrays, keys, examples, image_size, channels)
    fractions = (test_fraction, valid_fraction)
    entries = {entry: examples, **({"label": labels} if labels else {}), **extras}
    shapes = {name: tuple(each["train"].shape[1:]) for name, each in extras.items()}
    render = None
    if entry == "voxels":
        depth, _, width, _ = examples["train"].shape[1:]
        shapes, render = {**shapes, "silhouette": (width, depth, 1)}, voxels.with_silhouette
    return Splits(
        Spec(
            tuple(examples["train"].shape[1:]),
            checks.levels(list(examples.values()))[1],
            num_classes,
            shapes,
        ),
        checks.levels(list(examples.values()))[0],
        **_sources(entries, entry, fractions),
        pictures={
            name: checks.levels(list(extras[name].values())) for name in PICTURES if name in extras
        },
        train_render=render,
        eval_render=render,
    )


def _extras(path, arrays, keys, examples, image_size, channels):
    """`{entry: {split: array}}` of what the file holds beside its examples, checked and resized."""
    extras = {}
    for entry, found in find_extras(path, arrays, keys).items():
        beside = {key: examples[split] for split, key in found.items()}
        canonical = canonical_extra(entry, {key: arrays[key] for key in beside}, beside)
        extras[entry] = {split: canonical[key] for split, key in found.items()}
        if entry in PICTURES and next(iter(canonical.values())).ndim == 4:
            extras[entry] = {
                split: images.fit_all(each, image_size, channels)
                for split, each in extras[entry].items()
            }
    original = np.shape(arrays[keys["train"]])
    if "keypoints" in extras and image_size is not None and original[1] != original[2]:
        raise ValueError(
            f"{path} has keypoints in images of {original[1]}x{original[2]}, and image_size would crop "
            "these: make the images square first, or leave image_size out"
        )
    return extras


def _sources(entries, entry, fractions):
    """The three sources; `unpaired` is split and shuffled by itself, whatever its length."""
    sizes = {name: len(each) for name, each in entries[entry].items()}
    parts = assign(sizes, *fractions)
    others = entries.get("unpaired")
    if others is not None:
        other_parts = assign({name: len(each) for name, each in others.items()}, *fractions)
    sources = {}
    for split, (name, rows) in parts.items():
        if others is not None:
            number, other_rows = cycled(len(rows), other_parts[split][1])
            rows = rows[number]
        arrays = {each: entries[each][name][rows] for each in entries if each != "unpaired"}
        if others is not None:
            arrays["unpaired"] = others[name][other_rows]
        sources[split] = ArraySource(arrays)
    return sources


def read_arrays(path: str) -> dict[str, np.ndarray]:
    """The arrays of a .npz, .npy or .mat file by name (`x` for .npy), without unpickling.

    Raises:
        ValueError: if there is no such file, it cannot be read, or it holds pickled objects.
    """
    readers = {".npz": _read_npz, ".npy": _read_npy, ".mat": _read_mat}
    file = Path(path).expanduser()
    if file.suffix.lower() not in readers:
        raise ValueError(f"cannot tell the format of {path}: expected a .npz, .npy or .mat file")
    if not file.is_file():
        raise ValueError(f"no such file: {path}")
    try:
        arrays = readers[file.suffix.lower()](file)
    except Exception as error:  # what the readers raise for a damaged file has no end
        if "allow_pickle" in str(error):
            raise ValueError(
                f"{path} holds pickled objects, which could run code, and is refused: "
                "save plain arrays of numbers with numpy.savez"
            ) from error
        raise ValueError(f"{path} cannot be read ({_first_line(error)}): save it anew") from error
    return arrays


def _read_npz(file):
    with np.load(file, allow_pickle=False) as archive:
        if not hasattr(archive, "files"):
            raise ValueError("it is no .npz archive")
        arrays = {name: archive[name] for name in archive.files}
    return {name: array for name, array in arrays.items() if isinstance(array, np.ndarray)}


def _read_npy(file):
    return {"x": np.load(file, allow_pickle=False)}


def _read_mat(file):
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise ValueError(".mat files need SciPy: pip install scipy") from error
    try:
        arrays = loadmat(file)
    except NotImplementedError as error:
        raise ValueError("MATLAB 7.3 files are HDF5: save it with -v7") from error
    # Cells and structs come as object arrays: they are no numbers, and nothing here looks inside.
    return {
        name: array
        for name, array in arrays.items()
        if isinstance(array, np.ndarray) and not array.dtype.hasobject
    }


def _keys(path, arrays):
    """Keys of the examples and of the labels by split; `train` alone where one array is split."""
    if "x_train" in arrays:
        keys = {split: f"x_{split}" for split in SPLITS if f"x_{split}" in arrays}
        labels = {split: f"y_{split}" for split in keys if f"y_{split}" in arrays}
        missing = [f"y_{split}" for split in keys if split not in labels]
        if labels and missing:
            raise ValueError(
                f"{path} has labels for some splits only: add {', '.join(missing)} or remove all y_*"
            )
        return keys, labels
    candidates = [key for key, each in arrays.items() if 2 <= each.ndim <= 5 and key not in _LABELS]
    if len(candidates) > 1:  # what goes with an example is none, unless there is nothing else
        candidates = [key for key in candidates if key not in EXTRAS] or candidates
    if "x" in arrays:
        candidates = ["x"]
    if len(candidates) != 1:
        raise ValueError(
            f"{path} needs {_EXPECTED}; it has {', '.join(sorted(arrays)) or 'no arrays'}: rename them"
        )
    labels = [key for key in _LABELS if key in arrays]
    return {"train": candidates[0]}, {"train": labels[0]} if labels else {}


def _first_line(error):
    return (str(error).splitlines() or [type(error).__name__])[0]
