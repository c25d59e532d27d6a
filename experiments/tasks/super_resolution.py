"""The task `super_resolution`: whole pictures made small, and large again by a model."""

import jax
import jaxlib
import numpy as np
from scipy.ndimage import uniform_filter

from experiments.tasks.given import Given, Outcome
from genjax import plots
from genjax.data import folder_pictures, whole_pictures
from genjax.tasks import super_resolution as tasks

_SHOWN = 3
_CROP = 96  # pixels of a side of what is drawn


def super_resolution(given: Given, *, images: str = "pictures") -> Outcome:
    """Enlarges pictures that were made small, and measures PSNR and SSIM of luminance.

    As the papers do: low resolution by anti-aliased bicubic resampling, rounded to bytes; results
    rounded to bytes; Y of BT.601, as many pixels as the scale cut off at each border; the mean over
    whole pictures. Baselines: bicubic enlargement, and the nearest pixel.

    Args:
        images: `pictures` (the test pictures of the data set of that name: china, coffee, flower), or
            `folder:PATH` with Set5, Set14 or any others, of any sizes.

    Raises:
        ValueError: for pictures that are none, or too small for the scale.
    """
    channels = given.spec.shape[-1]
    scale = tasks.scale_of(given.model, given.variables, channels)
    upscale = jax.jit(given.model.upscale)
    per_picture, rows = {}, {}
    for name, picture in _pictures(images).items():
        picture = tasks.with_channels(np.float32(picture / 255), channels)
        try:
            low, high = tasks.low_and_high(picture, scale)
            ways = tasks.baselines(low, scale)
            enlarged = upscale(given.key, given.variables, low[None])
            ways["model"] = tasks.as_bytes(enlarged)[0]
            figures = {way: tasks.measured(found, high, scale) for way, found in ways.items()}
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        per_picture[name] = figures
        if len(rows) < _SHOWN:
            rows[name] = _row(given.run.name, low, high, ways, figures, scale)
    plots.picture_rows(
        rows,
        given.folder / "super_resolution.png",
        f"{scale} times larger; PSNR and SSIM of the luminance of the whole picture",
    )
    metrics = {
        f"{'' if way == 'model' else f'baseline/{way}/'}test/{measure}": np.mean(
            [figures[way][measure] for figures in per_picture.values()]
        )
        for way in ("model", "bicubic", "nearest")
        for measure in ("psnr", "ssim")
    }
    protocol = {
        "images": images,
        "scale": scale,
        "channel": "luminance (BT.601); values as they are where a picture is grey",
        "border_cut": scale,
        "low_resolution": "anti-aliased bicubic (a = -0.5), rounded to bytes",
        "results": "rounded to bytes",
        "ssim": "11x11 Gaussian window of 1.5 pixels, K1 0.01, K2 0.03",
        "mean": "over pictures",
        "per_picture": per_picture,
        "versions": {"jax": jax.__version__, "jaxlib": jaxlib.__version__},
    }
    return Outcome(metrics, protocol)


def _pictures(images: str) -> dict[str, np.ndarray]:
    kind, colon, path = images.partition(":")
    if images == "pictures":
        return whole_pictures("test")
    if colon and kind == "folder":
        return folder_pictures(path)
    raise ValueError(f"images must be pictures or folder:PATH, got {images!r}")


def _row(model, low, high, ways, figures, scale) -> dict[str, np.ndarray]:
    """The part of a picture with most detail, in all ways; the low one is as large, pixel for pixel."""
    side = min(_CROP, *high.shape[:2]) // scale * scale
    top, left = _detail(high, side, scale)
    part = lambda image: image[top : top + side, left : left + side]
    told = lambda way: f"{figures[way]['psnr']:.2f} dB, {figures[way]['ssim']:.4f}"
    row = {
        f"low, {low.shape[0]}x{low.shape[1]}\nnearest: {told('nearest')}": part(ways["nearest"]),
        f"bicubic\n{told('bicubic')}": part(ways["bicubic"]),
        f"{model}\n{told('model')}": part(ways["model"]),
        f"original, {high.shape[0]}x{high.shape[1]}\n": part(high),
    }
    return row


def _detail(image, side, scale) -> tuple[int, int]:
    """Where the square of largest variance begins, on the grid of the low resolution."""
    grey = image.mean(axis=-1, dtype=np.float64)
    window = lambda values: uniform_filter(values, side, mode="nearest")
    variance = window(grey**2) - window(grey) ** 2
    half = side // 2
    rows, columns = (size - side + 1 for size in grey.shape)
    inner = variance[half : half + rows : scale, half : half + columns : scale]
    row, column = np.unravel_index(inner.argmax(), inner.shape)
    return row * scale, column * scale
