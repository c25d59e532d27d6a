"""Grids of voxels in a file: how they are told from images, unpacked, sifted and shrunk."""

import numpy as np

from genjax.data.splits import SPLITS

_LEAST = 5  # voxels a side, below which the last axis may be channels


def find_grids(
    path: str, arrays: dict[str, np.ndarray], keys: dict[str, str]
) -> dict[str, np.ndarray] | None:
    """The file's arrays with its examples as grids [N, D, H, W, 1]; None where they are none.

    Grids are
      - [N, D, H, W, 1], of any numbers that images may have;
      - [N, D, H, W] of zeros and ones alone, each side at least 5 long (else the last is channels);
      - packed bits, uint8 [N, D H W / 8] as `numpy.packbits` makes them, where the file says so by an
        array `shape` of three numbers, (D, H, W).
    Grids without a full voxel are left out, and what goes with them: they are models that a voxeliser
    lost.

    Args:
        path: what errors call the file.
        arrays: by name.
        keys: of the examples, by split.

    Raises:
        ValueError: if nothing is left of a split, or packed bits do not fit the shape.
    """
    shape = arrays.get("shape")
    names = list(keys.values())
    if shape is not None and shape.shape == (3,) and shape.dtype.kind in "iu":
        if all(arrays[name].ndim == 2 for name in names):
            grids = {name: _unpacked(name, arrays[name], tuple(map(int, shape))) for name in names}
            return _occupied(path, arrays, keys, grids)
    if all(arrays[name].ndim == 5 and arrays[name].shape[-1] == 1 for name in names):
        return _occupied(path, arrays, keys, {name: arrays[name] for name in names})
    if all(_is_occupancy(arrays[name]) for name in names):
        return _occupied(path, arrays, keys, {name: arrays[name][..., None] for name in names})
    return None


def shrink(path: str, grids: np.ndarray, grid_size: int | None) -> np.ndarray:
    """[N, D, H, W, 1] to cubes of `grid_size`: a voxel is full where any of those it covers is.

    Raises:
        ValueError: unless `grid_size` divides all three sides.
    """
    sides = grids.shape[1:4]
    if grid_size is None or sides == (grid_size,) * 3:
        return grids
    if any(side % grid_size for side in sides):
        raise ValueError(
            f"{path} has grids of {'x'.join(map(str, sides))}: image_size must divide each side, got "
            f"{grid_size}"
        )
    cells = [part for side in sides for part in (grid_size, side // grid_size)]
    return grids.reshape(len(grids), *cells, 1).max(axis=(2, 4, 6))


def _is_occupancy(array):
    """Whether an array of four axes holds grids, and no images: see `find_grids`."""
    if array.ndim != 4 or min(array.shape[1:]) < _LEAST or array.dtype.kind not in "buif":
        return False
    return array.dtype.kind == "b" or bool(((array == 0) | (array == 1)).all())


def _unpacked(name, packed, shape):
    count = int(np.prod(shape))
    if packed.dtype != np.uint8 or packed.shape[1] != -(-count // 8) or min(shape) < 1:
        raise ValueError(
            f"{name} has {packed.dtype} of shape {packed.shape}: grids of the file's shape {shape} are "
            f"uint8 [N, {-(-count // 8)}] when packed by numpy.packbits"
        )
    return np.unpackbits(packed, axis=1, count=count).reshape(-1, *shape, 1)


def _occupied(path, arrays, keys, grids):
    """The arrays with the grids that hold anything, and the rows that go with those."""
    kept = dict(arrays)
    for split, name in keys.items():
        full = grids[name].reshape(len(grids[name]), -1).any(axis=1)
        if not full.any():
            raise ValueError(f"{path}: every grid of {name} is empty: pass some with full voxels")
        kept[name] = grids[name][full]
        if full.all():
            continue
        for other, array in arrays.items():
            if (
                other != name
                and np.shape(array)[:1] == full.shape
                and _goes_with(other, split, keys)
            ):
                kept[other] = array[full]
    return kept


def _goes_with(other, split, keys):
    """Whether an array is of this split: by its ending, or the only split that there is."""
    ending = other.rpartition("_")[2]
    return ending == split if ending in SPLITS else len(keys) == 1
