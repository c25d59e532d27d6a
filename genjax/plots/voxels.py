"""Grids of voxels as pictures: cubes from above a corner, without perspective. NumPy alone."""

import functools

import numpy as np

_TOWARDS = (-1.0, -1.3, 0.9)  # from the middle of the grid to the eye; the third axis points up
_LIGHT = (0.72, 0.5, 1.0)  # of faces across each axis
_COLOUR = np.array([0.36, 0.55, 0.82], np.float32)
_GROUND = 0.97
_FOG = 0.35  # how much darker the farthest face is than the nearest


def voxel_images(voxels: np.ndarray, side: int | None = None) -> np.ndarray:
    """Grids drawn as cubes of one colour, lit by face and darker with distance.

    Args:
        voxels: [N, D, H, W] or [N, D, H, W, 1]; a voxel is full above 0.5.
        side: pixels of a picture's side; 4 for each voxel of the longest side, at least 48, if None.

    Returns:
        float32 [N, side, side, 3] in [0, 1].

    Raises:
        ValueError: for another shape.
    """
    voxels = np.asarray(voxels)
    if voxels.ndim == 5 and voxels.shape[-1] == 1:
        voxels = voxels[..., 0]
    if voxels.ndim != 4 or not voxels.size:
        raise ValueError(f"voxels are [N, D, H, W] or [N, D, H, W, 1], got shape {voxels.shape}")
    shape = voxels.shape[1:]
    side = max(48, 4 * max(shape)) if side is None else side
    cells, light = _rays(shape, side)
    # One more cell, which is full, behind all others: rays that meet nothing end there.
    full = np.concatenate(
        [voxels.reshape(len(voxels), -1) > 0.5, np.ones((len(voxels), 1), bool)], 1
    )
    pictures = np.empty((len(voxels), side, side, 3), np.float32)
    for picture, grid in zip(pictures, full, strict=True):
        first = grid[cells].argmax(axis=1)[:, None]
        seen = np.take_along_axis(light, first, axis=1)
        colour = np.where(seen < 0, _GROUND, seen * _COLOUR)
        picture[:] = colour.reshape(side, side, 3)
    return pictures


@functools.lru_cache(maxsize=4)
def _rays(shape, side):
    """For each pixel the cells that its ray meets, front to back, and the light of each's near face.

    [P, L] indices into the flat grid, and [P, L] light, -1 for the ground; the last cell of each ray,
    and every one outside of the grid, is the ground, of index D H W.
    """
    size = np.asarray(shape, np.float64)
    towards = np.asarray(_TOWARDS) / np.linalg.norm(_TOWARDS)
    right = np.cross([0.0, 0.0, 1.0], towards)
    right /= np.linalg.norm(right)
    up = np.cross(towards, right)
    radius = 0.5 * np.linalg.norm(size)
    reach = 0.92 * radius
    steps = (np.arange(side) + 0.5) / side * 2 - 1
    down, across = np.meshgrid(steps, steps, indexing="ij")
    start = size / 2 + reach * (across[..., None] * right - down[..., None] * up) + radius * towards
    start, direction = start.reshape(-1, 3), -towards
    # Where the ray passes from cell to cell: at whole numbers of each axis.
    times = [
        (np.arange(n + 1)[None] - start[:, a, None]) / direction[a] for a, n in enumerate(shape)
    ]
    axes = np.concatenate([np.full(n + 1, a) for a, n in enumerate(shape)])
    times = np.concatenate(times, axis=1)
    order = np.argsort(times, axis=1)
    times, axes = np.take_along_axis(times, order, axis=1), axes[order]
    middle = 0.5 * (times[:, :-1] + times[:, 1:])
    cell = np.floor(start[:, None] + middle[..., None] * direction).astype(np.int64)
    inside = ((cell >= 0) & (cell < size.astype(np.int64))).all(-1)
    inside &= times[:, 1:] - times[:, :-1] > 1e-9
    flat = np.ravel_multi_index(
        tuple(np.moveaxis(np.clip(cell, 0, np.array(shape) - 1), -1, 0)), shape
    )
    fog = 1 - _FOG * np.clip(times[:, :-1] / (2 * radius), 0, 1)
    light = np.asarray(_LIGHT)[axes[:, :-1]] * fog
    # Cells outside are no obstacle: they are moved behind the ground.
    ground = np.prod(shape)
    behind = np.argsort(~inside, axis=1, kind="stable")
    cells = np.take_along_axis(np.where(inside, flat, ground), behind, axis=1)
    light = np.take_along_axis(np.where(inside, light, -1.0), behind, axis=1)
    last = np.ones((len(cells), 1))
    cells = np.concatenate([cells, (ground * last).astype(np.int64)], 1)
    return cells, np.concatenate([light, -last], 1).astype(np.float32)
